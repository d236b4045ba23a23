"""A session ends while pages are open: buttons lead to the sign-in and back, and nothing written is lost."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from envoi.inbox.models import Draft
from envoi.messaging.models import Message
from envoi.segments.models import Segment
from envoi.team import sessions
from envoi.team.models import Staff
from tests.rig import Rig, wait_until

from .test_inbox import (  # noqa: F401  (fixtures)
    PASSWORD,
    ada,
    address,
    at_desk,
    browser,
    bubble,
    conversation_of,
    open_shop,
    say,
    write,
)

pytestmark = pytest.mark.django_db(transaction=True)

HTMX = {"HX-Request": "true", "host": "testserver"}


def back_to(way: str) -> str:
    to = urlsplit(way)
    assert (to.netloc, to.path) == ("", "/account/login/")
    return parse_qs(to.query)["next"][0]


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/campaigns/3/pause", "/campaigns/3/"),
        ("/campaigns/3/budget", "/campaigns/3/"),
        ("/inbox/4-9/send", "/inbox/4-9/?view=mine&x=%C3%A9"),
        ("/segments/new/", "/segments/new/"),
    ],
)
def test_htmx_is_led_to_the_sign_in_and_back_to_its_page(client: Client, address: str, page: str) -> None:
    answer = client.post(address, headers=HTMX | {"HX-Current-URL": f"http://testserver{page}#top"})
    assert answer.status_code == 401
    assert back_to(answer.headers["HX-Redirect"]) == page
    html = answer.content.decode()
    assert "You are signed out." in html
    assert "<!doctype" not in html


@pytest.mark.parametrize(
    ("told", "page"),
    [
        ({"Referer": "http://testserver/campaigns/3/"}, "/campaigns/3/"),
        ({"HX-Current-URL": "https://elsewhere.example/x", "Referer": "http://testserver/inbox/"}, "/inbox/"),
        ({"HX-Current-URL": "http://testserver//elsewhere.example/x"}, "/"),
        ({"HX-Current-URL": "http://[", "Referer": "javascript:alert(1)"}, "/"),
        ({}, "/"),
    ],
)
def test_one_is_led_back_to_pages_of_ours_only(client: Client, told: dict[str, str], page: str) -> None:
    assert back_to(client.post("/campaigns/3/pause", headers=HTMX | told).headers["HX-Redirect"]) == page
    # A form that was sent without scripts: the address that takes it has nothing to show afterwards.
    if "HX-Current-URL" not in told:
        plain = client.post("/campaigns/3/pause", headers=told)
        assert plain.status_code == 302
        assert back_to(plain.headers["Location"]) == page


def test_a_page_that_was_asked_for_is_where_one_comes_back_to(client: Client, owner: Staff) -> None:
    way = client.get("/contacts/?q=ines").headers["Location"]
    assert back_to(way) == "/contacts/?q=ines"
    owner.set_password(PASSWORD)
    owner.save()
    answer = client.post(way, {"login": owner.email, "password": PASSWORD, "next": back_to(way)})
    assert answer.headers["Location"] == "/contacts/?q=ines"
    # Who is signed in is led nowhere: a refusal stays a refusal, an action an action.
    assert client.get("/contacts/", headers=HTMX).status_code == 200


def sign_out_everywhere() -> None:
    with transaction.atomic():
        for one in Staff.objects.all():
            sessions.end_others(one, this=None)
        Session.objects.update(expire_date=timezone.now())


def sign_in_again(page: Page, who: Staff) -> None:
    page.get_by_label("E-mail").fill(who.email)
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_what_was_being_written_is_in_the_field_after_signing_in_again(
    rig: Rig,
    browser: Browser,  # noqa: F811
    ada: Staff,  # noqa: F811
) -> None:
    open_shop(rig, sending=False)
    say(rig, "Are you there?")
    one = conversation_of()
    with at_desk(browser, rig, ada) as page:
        page.goto(address(one) + "?view=all")
        page.locator("#words").fill("Yes, we")
        expect(page.get_by_text("Draft kept")).to_be_visible()
        sign_out_everywhere()
        write(page, "Yes, we are here\nuntil six.")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert Draft.objects.get().text == "Yes, we"
        sign_in_again(page, ada)
        expect(page).to_have_url(f"http://127.0.0.1:{rig.port}{address(one)}?view=all")
        expect(page.locator("#words")).to_have_value("Yes, we are here\nuntil six.")
        wait_until(lambda: "until six." in Draft.objects.get().text, saying="the text did not become the draft")
        assert not Message.objects.filter(direction="out").exists()
        page.locator("#words").press("Enter")
        expect(bubble(page, "until six.")).to_be_visible()
        expect(page.locator("#words")).to_have_value("")
        page.reload()
        expect(page.locator("#words")).to_have_value("")

        # What went on elsewhere is newer than what this tab remembers.
        page.locator("#words").fill("One more")
        expect(page.get_by_text("Draft kept")).to_be_visible()
        Draft.objects.update(text="One more thing, from the phone")
        page.reload()
        expect(page.locator("#words")).to_have_value("One more thing, from the phone")


def test_a_button_on_a_page_that_stayed_open_leads_to_the_sign_in(
    rig: Rig,
    browser: Browser,  # noqa: F811
    ada: Staff,  # noqa: F811
) -> None:
    open_shop(rig, sending=False)
    Staff.objects.filter(pk=ada.pk).update(role=Staff.Role.ADMINISTRATOR)
    with at_desk(browser, rig, ada) as page:
        page.goto("/segments/new/")
        page.get_by_label("Name").first.fill("Buyers")
        sign_out_everywhere()
        page.get_by_role("button", name="Save").first.click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        sign_in_again(page, ada)
        expect(page).to_have_url(f"http://127.0.0.1:{rig.port}/segments/new/")
        assert not Segment.objects.filter(name="Buyers").exists()
