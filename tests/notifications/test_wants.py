"""Everybody is told where they want it, in their language, and not in their quiet hours."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as some

from envoi.core import clock
from envoi.core.errors import BadInput
from envoi.notifications import actions, migrations, queries
from envoi.notifications.models import Notification, NotificationSettings
from envoi.notifications.wants import quiet_until
from envoi.notifications.wording import sentence
from envoi.team.models import Staff

from .conftest import Jobs

Kind = Notification.Kind
LINK = "/inbox/1.1/"


@pytest.mark.django_db
def test_a_red_alert_reaches_the_bell_and_the_e_mail_of_who_chose_nothing(ana: Staff, queued: Jobs) -> None:
    assert actions.notify([ana.pk, ana.pk], Kind.RED_ALERT, link=LINK, facts={"contact": "Zoé"}) == 1
    assert queries.unread(ana) == 1
    assert queued("notifications.mail") == [{"staff_id": ana.pk}]
    # No browser of hers wants to be told, so there is nothing to push.
    assert queued("notifications.push") == []


@pytest.mark.django_db
def test_what_somebody_switched_off_everywhere_is_not_kept(ana: Staff) -> None:
    actions.set_wants(ana, wants={Kind.NEW_MESSAGE: [], Kind.RED_ALERT: ["email"]})
    assert actions.notify([ana.pk], Kind.NEW_MESSAGE, link=LINK) == 0
    assert actions.notify([ana.pk], Kind.RED_ALERT, link=LINK) == 1
    assert queries.unread(ana) == 0
    assert queries.latest(ana) == []


@pytest.mark.django_db
def test_a_rolled_back_deed_tells_nobody(ana: Staff, queued: Jobs) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        actions.notify([ana.pk], Kind.RED_ALERT, link=LINK)
        raise RuntimeError
    assert queries.unread(ana) == 0
    assert queued("notifications.mail") == []


@pytest.mark.django_db
def test_the_sentence_is_made_in_the_language_of_its_reader_and_knows_how_long_it_has_been() -> None:
    since = datetime(2026, 11, 27, 10, tzinfo=UTC)
    facts = {"contact": "Zoé", "since": since.isoformat(), "at": (since + timedelta(minutes=125)).isoformat()}
    assert sentence(Kind.RED_ALERT, facts) == "Nobody has answered Zoé, for 2 hours."
    with translation.override("fr"):
        assert "Zoé" in sentence(Kind.RED_ALERT, facts)
    # Facts of an older version, or none at all, still make a sentence.
    for kind in Kind.values:
        assert sentence(kind, {}).endswith(".")
        assert sentence(kind, {"contact": "<b>", "since": "yesterday", "until": 5}).endswith(".")


@pytest.mark.django_db
def test_reading_the_page_reads_what_leads_there(ana: Staff) -> None:
    actions.notify([ana.pk], Kind.ASSIGNED, link=LINK)
    actions.notify([ana.pk], Kind.ASSIGNED, link="/inbox/2.2/")
    assert actions.mark_link_read(ana, LINK) == 1
    assert queries.unread(ana) == 1
    assert actions.mark_read(ana) == 1
    assert queries.unread(ana) == 0


@pytest.mark.django_db
def test_what_was_told_about_an_erased_customer_goes_with_them(ana: Staff) -> None:
    actions.notify([ana.pk], Kind.ASSIGNED, link="/inbox/17.1/", facts={"contact": "Zoé"})
    actions.notify([ana.pk], Kind.ASSIGNED, link="/inbox/170.1/")
    assert actions.forget_about("/inbox/17.") == 1
    assert [one.link for one in Notification.objects.all()] == ["/inbox/170.1/"]


@pytest.mark.django_db
def test_what_is_older_than_two_months_is_forgotten(ana: Staff) -> None:
    actions.notify([ana.pk], Kind.ASSIGNED, link=LINK)
    Notification.objects.update(at=clock.now() - timedelta(days=61))
    actions.notify([ana.pk], Kind.ASSIGNED, link=LINK)
    assert actions.forget_old() == 1
    assert Notification.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"wants": {"gossip": ["page"]}}, "gossip"),
        ({"wants": {}, "quiet_from": time(22)}, "a beginning and an end"),
        ({"wants": {}, "zone": "Paris"}, "not a time zone"),
    ],
)
def test_choices_that_make_no_sense_are_refused_in_a_sentence(ana: Staff, given: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        actions.set_wants(ana, **given)
    assert not NotificationSettings.objects.exists()


CLOCKS = some.times().map(lambda at: at.replace(second=0, microsecond=0))
MOMENTS = some.integers(0, 730 * 24 * 60).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n))


@given(CLOCKS, CLOCKS, MOMENTS, some.sampled_from(["UTC", "Asia/Kolkata", "Asia/Shanghai"]))
def test_quiet_hours_end_when_they_say_and_nothing_is_quiet_then(
    start: time, end: time, at: datetime, zone: str
) -> None:
    settings = NotificationSettings(quiet_from=start, quiet_to=end, zone=zone)
    until = quiet_until(settings, at)
    if until is not None:
        assert at < until <= at + timedelta(days=1)
        assert quiet_until(settings, until) is None
    elif start != end:
        # Not quiet now: some moment of the next day is.
        assert any(quiet_until(settings, at + timedelta(minutes=m)) for m in range(1441))


def test_links_of_before_lead_to_the_page_itself(ana: Staff) -> None:
    for link in ("/inbox/17.4/", "/inbox/17-4/", "/inbox/", "/replies/1.2/"):
        actions.notify([ana.pk], Kind.ASSIGNED, link=link)
    (found,) = Path(migrations.__path__[0]).glob("*_links_to_conversations.py")
    rewrite = import_module(f"{migrations.__name__}.{found.stem}").REWRITE
    with connection.cursor() as cursor:
        cursor.execute(rewrite)
    links = sorted(Notification.objects.values_list("link", flat=True))
    assert links == ["/inbox/", "/inbox/17-4/", "/inbox/17-4/", "/replies/1.2/"]
