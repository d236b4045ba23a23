"""“Send me a test”: one message to one's own phone, the way every message goes, so that it proves the whole way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..channels.models import Account, Channel
from ..channels.queries import channel_for
from ..contacts.actions import contact_for_person
from ..contacts.models import Contact
from ..core.errors import BadInput, Problem
from ..core.events import Person
from ..core.phone import e164
from ..message_templates.models import Template
from ..message_templates.wording import form_of, missing_headers
from ..providers.base import Form
from ..providers.table import PROVIDERS
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from . import ledger
from .actions import ledger_db, service_lane
from .models import Message
from .queries import message_for, trace_of

LONGEST = 1_000


class CantSend(Problem):
    """The number is paused or its account stopped: a test would only wait."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A test on its way: the message, its story, and whether something more will happen."""

    message: Message
    trace: list[Any]
    over: bool


def choices(by: Staff | None, channel_id: int) -> list[Template]:
    """What can be sent outside the 24 h window with nothing to fill in: approved, without a variable or a file."""
    require(by, "channels.write")
    channel = channel_for(by, channel_id)
    approved = Template.objects.filter(account_id=channel.account_id, state=Template.State.APPROVED)
    return [
        one
        for one in approved.order_by("name", "language")
        if not missing_headers(one.components, {}) and not _filled(channel, one).size
    ]


@transaction.atomic
def send_trial(channel_id: int, *, phone: str, text: str = "", template_id: int | None = None, by: Staff | None) -> int:
    """Queue a text, or a template, ahead of all marketing; returns contact id and message id.

    A template of promotions follows the rules of promotions: it goes to whoever agreed to them, once in 24 hours.
    Raises BadInput for a phone or text that can't be meant, CantSend for a number that doesn't send now.
    """
    require(by, "channels.write")
    channel = channel_for(by, channel_id)
    if channel.state != Channel.State.ACTIVE or channel.account.state == Account.State.OFF:
        raise CantSend(_("“%(name)s” does not send now: resume it first.") % {"name": channel.name})
    number = e164(phone)
    contact_id = contact_for_person(Person(phone=number), source="staff")
    if template_id is None:
        words = text.replace("\x00", "").strip()
        if not 0 < len(words) <= LONGEST:
            raise BadInput(_("A test has 1 to 1,000 characters."))
        what: dict[str, Any] = {"kind": "text", "category": "service", "text": words}
        what |= {"content": {"body": words}, "lane_id": service_lane(channel.pk, None)}
    else:
        template = next((one for one in choices(by, channel_id) if one.pk == template_id), None)
        if template is None:
            raise BadInput(_("Choose one of the templates offered."))
        what = {"kind": "template", "category": template.category, "text": template.name}
        what |= {"lane_id": service_lane(channel.pk, _filled(channel, template).dump())}
    message_id = ledger.enqueue(ledger_db(), contact_id=contact_id, channel_id=channel.pk, recipient=number, **what)
    note(by, "channel.test", f"channel/{channel.pk}", {"contact": contact_id, "message": message_id})
    return message_id


def trial(by: Staff | None, channel_id: int, message_id: int) -> Trial:
    """A test and what became of it. Raises NotFound."""
    require(by, "channels.write")
    found = Message.objects.filter(id=message_id, channel_id=channel_id, campaign_id=None, direction="out").first()
    message = message_for(found.contact_id if found else 0, message_id)
    # Read receipts are the customer's choice: delivered is the end of what a test has to show.
    ended = message.state in ("failed", "skipped", "cancelled")
    # A receipt may overtake the answer to the request by a moment: the story is whole when both are here.
    ended = ended or (message.state in ("delivered", "read") and message.accepted_at is not None)
    age = (timezone.now() - message.created_at).total_seconds()
    return Trial(message, trace_of(message.contact_id, message.id), over=ended or age > 600)


def recipient_of(message: Message) -> str:
    """The phone that a test went to."""
    return Contact.objects.filter(pk=message.contact_id).values_list("phone", flat=True).first() or ""


def _filled(channel: Channel, template: Template) -> Form:
    by_id = PROVIDERS[channel.account.provider].template_key == "id"
    return form_of(template.provider_id if by_id else template.name, template.language, template.components)
