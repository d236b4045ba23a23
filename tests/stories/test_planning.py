"""A marketer plans a campaign for a moment of the clock that the page names, and hears of it when it can't leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from envoi.campaigns import schedule
from envoi.campaigns.models import Campaign
from envoi.team.models import Staff
from tests.rig import Rig

from .test_inbox import ada as ada
from .test_inbox import at_desk
from .test_inbox import browser as browser

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_is_planned_by_the_clock_of_the_page_and_told_when_it_cannot_leave(
    rig: Rig, browser: Browser, ada: Staff
) -> None:
    rig.begin(faults="none", door="web")
    campaign = rig.shop(customers=3, throughput=80)
    day = (timezone.now() + timedelta(days=3)).date()
    with at_desk(browser, rig, ada, timezone_id="Asia/Tokyo") as page:
        page.goto(f"/campaigns/{campaign.pk}/")
        expect(page.get_by_text("By the clock of Asia/Tokyo.")).to_be_visible()
        # In another window of this browser somebody works by another clock.
        page.context.add_cookies(
            [{"name": "envoi_zone", "value": "America/New_York", "url": f"http://127.0.0.1:{rig.port}"}]
        )
        page.get_by_label("Leaves by itself").fill(f"{day}T09:30")
        form = page.locator("form", has=page.get_by_label("Leaves by itself"))
        form.get_by_role("button", name="Plan", exact=True).click()
        expect(page.get_by_text("Planned: it leaves by itself on")).to_contain_text("· Ada Bernard")
        expect(page.get_by_role("heading", level=1)).to_contain_text("planned")
        campaign.refresh_from_db()
        assert campaign.scheduled_at == datetime(day.year, day.month, day.day, 0, 30, tzinfo=UTC)
        page.reload()
        expect(page.get_by_label("Leaves by itself")).to_have_value(f"{day}T09:30")
        page.get_by_role("button", name="Don’t plan it").click()
        expect(page.get_by_text("Not planned: it leaves when somebody sends it.")).to_be_visible()
        campaign.refresh_from_db()
        assert campaign.scheduled_at is None

        schedule.schedule(campaign.pk, timezone.now() + timedelta(hours=5), by=ada)
        Campaign.objects.filter(pk=campaign.pk).update(scheduled_at=timezone.now() - timedelta(hours=2))
        assert schedule.launch_due() == 0
        page.goto("/notifications/")
        page.get_by_role("link", name="did not leave as planned").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(campaign.name)
        expect(page.get_by_text("It was to leave and could not")).to_contain_text("its time came")
