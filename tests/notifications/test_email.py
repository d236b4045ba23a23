"""E-mails: many things come as one, at most one in five minutes, and nothing is lost when the server is down."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.core import mail as outbox

from envoi.core import clock, smtp
from envoi.notifications import actions, mailing
from envoi.notifications.models import Notification, NotificationSettings
from envoi.team.models import Staff

from .conftest import Jobs

pytestmark = pytest.mark.django_db
Kind = Notification.Kind
LINK = "/inbox/1.1/"


def test_one_thing_is_the_subject_itself(ana: Staff) -> None:
    actions.notify([ana.pk], Kind.MENTIONED, link=LINK, facts={"contact": "Zoé\nBcc: all@example.com", "by": "Tom"})
    assert mailing.mail(ana.pk)
    [sent] = outbox.outbox
    assert sent.subject == "Tom mentioned you in a note about Zoé Bcc: all@example.com."
    assert sent.to == ["ana@example.com"]
    assert f"http://localhost:8000{LINK}" in sent.body
    assert "/notifications/settings/" in sent.body


def test_a_hundred_alarms_in_one_minute_are_one_e_mail(ana: Staff, queued: Jobs) -> None:
    for n in range(100):
        actions.notify([ana.pk], Kind.RED_ALERT, link=f"/inbox/{n}.1/", facts={"contact": f"Customer {n}"})
    assert queued("notifications.mail") == [{"staff_id": ana.pk}]
    assert mailing.mail(ana.pk)
    assert not mailing.mail(ana.pk)
    [sent] = outbox.outbox
    assert sent.subject == "100 things need you"
    assert "The latest 20 of 100:" in sent.body
    assert "Customer 99" in sent.body
    assert "Customer 79" not in sent.body


def test_the_next_e_mail_waits_until_five_minutes_have_passed(ana: Staff, queued: Jobs) -> None:
    actions.notify([ana.pk], Kind.RED_ALERT, link=LINK)
    assert mailing.mail(ana.pk)
    actions.notify([ana.pk], Kind.RED_ALERT, link=LINK)
    assert not mailing.mail(ana.pk)
    assert queued("notifications.mail") == [{"staff_id": ana.pk}]
    NotificationSettings.objects.update(mailed_at=clock.now() - timedelta(minutes=6))
    assert mailing.mail(ana.pk)
    assert len(outbox.outbox) == 2


def test_what_was_read_in_the_page_is_not_mailed(ana: Staff) -> None:
    actions.notify([ana.pk], Kind.RED_ALERT, link=LINK)
    actions.mark_read(ana)
    assert not mailing.mail(ana.pk)
    assert outbox.outbox == []


def test_in_quiet_hours_nothing_goes_and_after_them_everything(ana: Staff, queued: Jobs) -> None:
    now = clock.now()
    around = {"quiet_from": (now - timedelta(hours=1)).time(), "quiet_to": (now + timedelta(hours=1)).time()}
    actions.set_wants(ana, wants={}, **{name: at.replace(second=0, microsecond=0) for name, at in around.items()})
    actions.notify([ana.pk], Kind.RED_ALERT, link=LINK)
    assert not mailing.mail(ana.pk)
    assert outbox.outbox == []
    assert queued("notifications.mail") == [{"staff_id": ana.pk}]
    actions.set_wants(ana, wants={}, quiet_from=time(0), quiet_to=time(0))
    assert mailing.mail(ana.pk)
    assert len(outbox.outbox) == 1


def test_it_is_written_in_the_language_of_its_reader(ana: Staff) -> None:
    ana.language = "fr"
    ana.save()
    actions.notify([ana.pk], Kind.MENTIONED, link=LINK, facts={"contact": "Zoé", "by": "Tom"})
    assert mailing.mail(ana.pk)
    assert "Zoé" in outbox.outbox[0].body


def test_a_mail_server_that_is_down_loses_nothing(ana: Staff, queued: Jobs, settings: Any) -> None:
    actions.notify([ana.pk], Kind.RED_ALERT, link=LINK)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 2
    assert not mailing.mail(ana.pk)
    assert Notification.objects.filter(mailed_at=None).count() == 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert mailing.mail(ana.pk)
    assert queued("notifications.mail")


def test_somebody_who_was_deactivated_gets_none(ana: Staff) -> None:
    actions.notify([ana.pk], Kind.RED_ALERT, link=LINK)
    ana.is_active = False
    ana.save()
    assert not mailing.mail(ana.pk)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("smtps://me%40x.org:p%3Aw@mail.x.org", smtp.Smtp("mail.x.org", 465, "me@x.org", "p:w", True, False)),
        ("smtp://mail.x.org", smtp.Smtp("mail.x.org", 587, "", "", False, True)),
        ("smtp://localhost:25?tls=off", smtp.Smtp("localhost", 25, "", "", False, False)),
    ],
)
def test_the_mail_server_is_one_address(url: str, kept: smtp.Smtp) -> None:
    assert smtp.parse(url) == kept


@pytest.mark.parametrize("url", ["mail.x.org", "http://mail.x.org", "smtp://", "smtp://user:secret@x:port"])
def test_an_address_that_makes_no_sense_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(smtp.BadAddress) as error:
        smtp.parse(url)
    assert "secret" not in error.value.sentence
