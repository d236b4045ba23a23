"""Notifications by e-mail: what has come together in one message, and not more often than every five minutes."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings as installation
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from ..core import clock, jobs
from ..team.models import Staff
from .models import Notification, NotificationSettings
from .wants import quiet_until
from .wording import many, sentence

log = logging.getLogger("envoi.notifications")

EVERY = timedelta(minutes=5)
MOST_LINES = 20
LONGEST_WAIT_SECONDS = 3600


def mail(staff_id: int, *, tries: int = 0) -> bool:
    """Send what somebody has not read or been sent yet in one e-mail; returns whether one went.

    Too soon after the last one, or in their quiet hours, it is done later. The e-mail leaves before the transaction
    that marks it commits: killed between the two, it goes again, since one too many is better than none.
    """
    try:
        with transaction.atomic():
            return _mail(staff_id)
    except OSError as error:  # smtplib's errors are among them
        # Whatever the mail server has, nothing is lost: what was not sent is still unsent.
        wait = min(60 * 2**tries, LONGEST_WAIT_SECONDS)
        log.warning("an e-mail to staff %s failed (%s); again in %s s", staff_id, type(error).__name__, wait)
        if tries < 12:
            jobs.defer("notifications.mail", after_seconds=wait, once=str(staff_id), staff_id=staff_id, tries=tries + 1)
        return False


def _mail(staff_id: int) -> bool:
    staff = Staff.objects.filter(pk=staff_id, is_active=True).first()
    if staff is None:
        return False
    NotificationSettings.objects.get_or_create(staff=staff)
    kept = NotificationSettings.objects.select_for_update().get(staff=staff)
    now = clock.now()
    wait = kept.mailed_at + EVERY - now if kept.mailed_at else timedelta(0)
    if quiet := quiet_until(kept, now):
        wait = max(wait, quiet - now)
    if wait > timedelta(0):
        seconds = int(wait.total_seconds()) + 1
        jobs.defer("notifications.mail", after_seconds=seconds, once=str(staff_id), staff_id=staff_id)
        return False
    waiting = Notification.objects.filter(staff=staff, by_email=True, mailed_at=None, read_at=None)
    unsent = list(waiting.order_by("id"))
    if not unsent:
        return False
    Notification.objects.filter(pk__in=[one.pk for one in unsent]).update(mailed_at=now)
    NotificationSettings.objects.filter(staff=staff).update(mailed_at=now)
    with translation.override(staff.language):
        _message(staff, unsent).send()
    return True


def _message(staff: Staff, unsent: list[Notification]) -> EmailMessage:
    """Plain words and links; the most recent when there are very many."""
    shown = unsent[-MOST_LINES:]
    lines = [f"{sentence(one.kind, one.facts)}\n{installation.BASE_URL}{one.link}" for one in shown]
    if len(unsent) > len(shown):
        lines.insert(0, _("The latest %(shown)s of %(all)s:") % {"shown": len(shown), "all": len(unsent)})
    lines.append(
        _("Choose what you get by e-mail: %(address)s")
        % {"address": f"{installation.BASE_URL}/notifications/settings/"}
    )
    subject = sentence(unsent[0].kind, unsent[0].facts) if len(unsent) == 1 else many(len(unsent))
    # A name may hold anything; a header holds one line.
    return EmailMessage(" ".join(subject.split())[:160], "\n\n".join(lines) + "\n", to=[staff.email])
