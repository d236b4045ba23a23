"""The bell, the list and the choices, over HTTP."""

from __future__ import annotations

import pytest
from django.test import Client

from envoi.core import clock
from envoi.notifications import actions, queries
from envoi.notifications.models import Notification, NotificationSettings
from envoi.notifications.wants import ways
from envoi.team import presence
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db
Kind = Notification.Kind


@pytest.fixture
def client(ana: Staff) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def test_the_bell_counts_what_is_new_and_following_one_reads_it(client: Client, ana: Staff) -> None:
    actions.notify([ana.pk], Kind.MENTIONED, link="/contacts/", facts={"contact": "<i>Zoé</i>", "by": "Tom"})
    page = client.get("/notifications/").content.decode()
    assert 'aria-hidden="true">1</span>' in page
    assert "Tom mentioned you in a note about &lt;i&gt;Zoé&lt;/i&gt;." in page
    [one] = queries.latest(ana)
    answer = client.get(f"/notifications/{one.id}/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/contacts/")
    assert queries.unread(ana) == 0
    assert 'aria-hidden="true" hidden>0</span>' in client.get("/notifications/").content.decode()


def test_nobody_follows_or_reads_what_others_were_told(client: Client, owner: Staff) -> None:
    actions.notify([owner.pk], Kind.MENTIONED, link="/contacts/")
    [one] = queries.latest(owner)
    assert client.get(f"/notifications/{one.id}/").status_code == 404
    client.post("/notifications/read/")
    assert queries.unread(owner) == 1
    assert "mentioned" not in client.get("/notifications/bell/").content.decode()


def test_an_open_page_says_who_is_there_and_in_which_language_they_read(client: Client, ana: Staff) -> None:
    assert presence.shown(ana) == "offline"
    answer = client.post("/notifications/here/", headers={"Accept-Language": "fr"})
    assert answer.json() == {"unread": 0}
    ana.refresh_from_db()
    assert presence.shown(ana) == "online"
    assert ana.language == "fr"
    assert ana in presence.there()


@pytest.mark.parametrize(
    ("after", "home"), [("/contacts/?q=1", "/contacts/?q=1"), ("//evil.example", "/"), ("https://evil.example", "/")]
)
def test_away_is_away_and_leads_back_to_the_page(client: Client, ana: Staff, after: str, home: str) -> None:
    answer = client.post("/notifications/be/", {"present": "away", "next": after})
    assert answer.headers["Location"] == home
    ana.refresh_from_db()
    assert presence.shown(ana) == "away"
    assert ana not in presence.there()
    assert client.post("/notifications/be/", {"present": "asleep"}).status_code == 422


def test_who_has_no_page_open_for_two_minutes_is_not_there(ana: Staff) -> None:
    presence.call(ana)
    ana.refresh_from_db()
    later = clock.now() + presence.SILENT_FOR * 1.01
    assert presence.shown(ana, at=later) == "offline"
    assert presence.call(ana, at=later)


def test_choices_are_kept_and_shown_again(client: Client, ana: Staff) -> None:
    asked = {
        f"in_{Kind.RED_ALERT}": ["page", "push"],
        "quiet_from": "22:00",
        "quiet_to": "07:00",
        "zone": "Europe/Paris",
    }
    assert client.post("/notifications/settings/", asked).status_code == 302
    kept = NotificationSettings.objects.get()
    assert ways(kept, Kind.RED_ALERT) == ("page", "push")
    assert ways(kept, Kind.ASSIGNED) == ()
    page = client.get("/notifications/settings/").content.decode()
    assert 'value="22:00"' in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"zone": "Paris"}, "is not a time zone"),
        ({"quiet_to": ""}, "a beginning and an end"),
        ({"quiet_from": "late"}, "21:30"),
    ],
)
def test_choices_that_make_no_sense_stay_in_the_form_with_a_sentence(client: Client, change: dict, words: str) -> None:
    asked = {"quiet_from": "22:00", "quiet_to": "07:00", "zone": "UTC"} | change
    answer = client.post("/notifications/settings/", asked)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_the_service_worker_lies_at_the_root_and_is_asked_for_anew() -> None:
    answer = Client().get("/service-worker.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert b"showNotification" in answer.content


@pytest.mark.parametrize("path", ["", "bell/", "settings/", "1/"])
def test_who_is_not_signed_in_is_asked_to(path: str) -> None:
    assert Client().get(f"/notifications/{path}").status_code == 302
