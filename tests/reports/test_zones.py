"""Days begin where the company is: around midnight in Shanghai (ahead of UTC) and São Paulo (behind it)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from envoi.channels.models import Channel
from envoi.contacts.models import Contact
from envoi.inbox.models import Conversation
from envoi.messaging.models import Message
from envoi.reports import queries, service, service_days, service_rows
from envoi.reports.models import ServiceDay, ServiceDaysCounted
from envoi.team.hour_tables import OpeningHours
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db

ZONES = ("Asia/Shanghai", "America/Sao_Paulo")
WEEK = [""] * 7


def live_in(zone: str) -> None:
    OpeningHours.objects.update_or_create(team=None, defaults={"zone": zone, "week": WEEK})


def midnight(zone: str, back: int) -> tuple[date, datetime]:
    """The day so many days ago in a zone, and the moment at which it begins."""
    day = datetime.now(ZoneInfo(zone)).date() - timedelta(days=back)
    return day, datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def began(channel: Channel, *moments: datetime) -> None:
    for at in moments:
        contact = Contact.objects.create(phone=f"+336399{Contact.objects.count():05d}", name="Zoé")
        Conversation.objects.create(
            contact=contact, id=1000 + Contact.objects.count(), channel=channel, state="open", first_inbound_at=at
        )


def by_day(since: date, until: date) -> dict[str, int]:
    found = service.service(None, since=since, until=until, group="day")
    return {row.key: row.began for row in found.rows if row.began}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("span", [3, 20])
@pytest.mark.parametrize("is_counted", [False, True])
def test_a_conversation_counts_on_the_company_s_day(channel: Channel, zone: str, span: int, is_counted: bool) -> None:
    live_in(zone)
    day, starts = midnight(zone, 5)
    minute = timedelta(minutes=1)
    began(channel, starts - minute, starts, starts + timedelta(hours=24) - minute, starts + timedelta(hours=24))
    if is_counted:
        service_days.count()
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    assert by_day(day - timedelta(days=span), after) == {
        before.isoformat(): 1,
        day.isoformat(): 2,
        after.isoformat(): 1,
    }
    # A stretch begins and ends at midnight there, too, and so do the rows behind its numbers.
    assert service.service(None, since=day, until=day, group="agent").total.began == 2
    rows = service_rows.rows(None, since=day, until=day, which="began", group="agent", key=None).items
    assert [row.began_at for row in rows] == [starts + timedelta(hours=24) - minute, starts]


def test_a_company_that_moves_its_clock_has_all_days_counted_anew(channel: Channel) -> None:
    live_in("Asia/Shanghai")
    day, starts = midnight("Asia/Shanghai", 5)
    began(channel, starts)
    service_days.count()
    assert ServiceDaysCounted.objects.get().zone == "Asia/Shanghai"
    live_in("America/Sao_Paulo")
    wanted = {(day - timedelta(days=1)).isoformat(): 1}
    assert by_day(day - timedelta(days=20), day) == wanted, "what was counted by other days is not believed"
    service_days.count()
    assert ServiceDaysCounted.objects.get().zone == "America/Sao_Paulo"
    assert by_day(day - timedelta(days=20), day) == wanted
    assert [one.day.isoformat() for one in ServiceDay.objects.filter(grouping="all", began=1)] == [*wanted]


@pytest.mark.parametrize("zone", ZONES)
def test_the_overview_s_days_begin_at_the_company_s_midnight(channel: Channel, owner: Staff, zone: str) -> None:
    live_in(zone)
    day, starts = midnight(zone, 3)
    contact = Contact.objects.create(phone="+33639900001", name="Zoé")
    for number, at in enumerate((starts - timedelta(seconds=1), starts, starts + timedelta(hours=23))):
        Message.objects.create(
            contact=contact, id=number + 1, channel=channel, direction="out", kind="text", state="read",
            category="service", created_at=at,
        )  # fmt: skip
    found = {one.date: one.sent for one in queries.overview(owner).days if one.sent}
    assert found == {day - timedelta(days=1): 1, day: 2}


@pytest.mark.parametrize("zone", ZONES)
def test_the_pages_say_whose_midnight_it_is_and_end_with_the_company_s_today(
    client: Client, owner: Staff, zone: str
) -> None:
    live_in(zone)
    client.force_login(owner)
    page = client.get("/reports/service/").content.decode()
    assert f"they begin at midnight in {zone}" in page
    today = timezone.localdate(timezone=ZoneInfo(zone)).isoformat()
    assert re.search(rf'name="to"[^>]*value="{today}"', page)
    assert f"A day begins at midnight in {zone}" in client.get("/").content.decode()
