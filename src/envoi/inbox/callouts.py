"""A WhatsApp template to the phones of leads when an alarm is raised, for those who have no page open.

Only a template, since nobody's window is open for sure; and each phone at most once in fifteen minutes, however many
customers wait.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction

from ..contacts.models import Contact
from ..core import clock, jobs
from ..core.errors import Problem
from ..messaging.models import Message
from ..messaging.sending import To, Words, queue
from .models import AlarmRule

log = logging.getLogger("envoi.inbox")

NOT_AGAIN_FOR = timedelta(minutes=15)


def call_out(rule: AlarmRule) -> bool:
    """Have the phones of a rule called out, in the caller's transaction; returns whether there are any."""
    if not rule.phones or rule.channel_id is None or rule.template_id is None:
        return False
    return jobs.defer("inbox.call_out", once=str(rule.pk), rule_id=rule.pk)


def send(rule_id: int) -> int:
    """Queue the template to each phone that did not get it a short while ago; returns to how many."""
    rule = AlarmRule.objects.filter(pk=rule_id).first()
    if rule is None or rule.channel_id is None or rule.template_id is None:
        return 0
    sent = 0
    for phone in rule.phones:
        try:
            sent += _send(rule.channel_id, rule.template_id, phone)
        except Problem as problem:
            log.warning("an alarm could not be sent by WhatsApp: %s", problem.sentence)
    return sent


@transaction.atomic
def _send(channel_id: int, template_id: int, phone: str) -> bool:
    lately = Message.objects.filter(
        contact_id__in=Contact.objects.filter(phone=phone).values("pk"),
        template_id=template_id,
        direction="out",
        created_at__gt=clock.now() - NOT_AGAIN_FOR,
    )
    if lately.exists():
        return False
    queue(channel_id, to=To(phone=phone), message=Words(template_id=template_id), by=None)
    return True
