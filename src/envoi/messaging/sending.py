"""One message to one customer, as a program or an agent sends it: queued ahead of all campaigns, by the same rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from ..channels.models import Account, Channel
from ..contacts.actions import contact_for_person
from ..contacts.lookup import user_ids
from ..contacts.models import Consent, Contact
from ..contacts.queries import contact_for
from ..core.errors import BadInput, NotFound, Problem
from ..core.events import Person
from ..core.phone import e164
from ..media.queries import library_file
from ..message_templates.models import Template
from ..message_templates.wording import form_of, missing_headers, needed
from ..providers.base import Form
from ..providers.table import PROVIDERS
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from . import ledger
from .actions import ledger_db
from .models import Lane, Message, Pair
from .queries import file_ids_in

PRIORITY = {
    Template.Category.MARKETING: Lane.Priority.MARKETING,
    Template.Category.UTILITY: Lane.Priority.UTILITY,
    Template.Category.AUTHENTICATION: Lane.Priority.SERVICE,
}

# A message on purpose delayed leaves this long before the window closes, at the latest.
LAST_MOMENT = timedelta(seconds=10)


class WindowClosed(Problem):
    """More than 24 hours since they wrote to this number: only a template may go."""


class OptedOut(Problem):
    """They asked not to be written to."""


class NotSendable(Problem):
    """The number, or the template, is not one that can be sent with now."""


class ValuesMissing(BadInput):
    """The template has places for which nothing was given. `problems` names each."""

    def __init__(self, sentence: str, problems: Mapping[str, str]) -> None:
        super().__init__(sentence)
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class To:
    """Whom to write to: one of the three. A phone or id that nobody has makes a contact."""

    phone: str | None = None
    user_id: str | None = None
    contact_id: int | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """A template by its id, or by name and language; `values` fill its places, `headers` its files (wording)."""

    template_id: int | None = None
    name: str = ""
    language: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class What:
    """A whole message: `content` in the shape of its kind (providers.base.Outgoing); text: how lists show it."""

    kind: str
    content: Mapping[str, Any]
    text: str = ""


@transaction.atomic
def send(
    channel_id: int,
    *,
    to: To,
    message: What | Words,
    reply_to: str = "",
    expires_at: datetime | None = None,
    by: Staff | None,
) -> Message:
    """Queue one message; dispatch asks every limit again when its turn comes.

    reply_to: the provider's id of the message that is answered. expires_at: after this it is not sent any more.
    Raises WindowClosed, OptedOut, NotSendable, BadInput, NotFound.
    """
    contact_id, message_id = queue(channel_id, to=to, message=message, reply_to=reply_to, expires_at=expires_at, by=by)
    note(by, "message.send", f"channel/{channel_id}", {"contact": contact_id, "message": message_id})
    return Message.objects.select_related("template", "channel__account").get(contact_id=contact_id, id=message_id)


@transaction.atomic
def queue(
    channel_id: int,
    *,
    to: To,
    message: What | Words,
    reply_to: str = "",
    expires_at: datetime | None = None,
    due_in: timedelta = timedelta(0),
    by: Staff | None,
) -> tuple[int, int]:
    """`send` without a line in the audit log, for whoever keeps who wrote what; returns contact id and message id.

    due_in: it waits so long before it leaves, but never beyond the customer's window.
    """
    require(by, "messages.write")
    channel = _channel(channel_id)
    if expires_at is not None and expires_at <= timezone.now():
        raise BadInput(_("“expires_at” is over already."))
    contact, recipient = _whom(to, by=by)
    if contact.service == Consent.WITHDRAWN:
        raise OptedOut(_("They asked not to be written to."))
    queued: dict[str, Any]
    if isinstance(message, Words):
        queued = _template(channel, message)
        _files(queued["headers"], by=by)
    else:
        _files(message.content, by=by)
        due_in = min(due_in, _left_of_window(contact.pk, channel.pk) - LAST_MOMENT)
        queued = {"kind": message.kind, "category": "service", "text": message.text, "content": message.content}
        queued["lane_id"] = lane_for(channel.pk, Lane.Priority.SERVICE, None)
    message_id = ledger.enqueue(
        ledger_db(),
        contact_id=contact.pk,
        channel_id=channel.pk,
        recipient=recipient,
        reply_to=reply_to,
        expires_at=expires_at,
        due_in=max(due_in, timedelta(0)),
        **queued,
    )
    return contact.pk, message_id


def _left_of_window(contact_id: int, channel_id: int) -> timedelta:
    """How long free words may still go to them. Raises WindowClosed."""
    pairs = Pair.objects.filter(contact_id=contact_id, channel_id=channel_id, window_open_until__gt=Now())
    until = pairs.values_list("window_open_until", flat=True).first()
    if until is None:
        raise WindowClosed(_("More than 24 hours since they wrote to this number: only a template may go."))
    return until - timezone.now()


def lane_for(channel_id: int, priority: Lane.Priority, form: Mapping[str, Any] | None) -> int:
    """The lane of this form, made once; one that the provider's refusal has held is opened again.

    Its template was approved a moment ago, and whether the provider takes it now is told by sending it. A campaign's
    lane is the campaign's own, as what is sent here must not be paused with it: `shared` tells them apart.
    """
    Channel.objects.select_for_update(no_key=True).get(pk=channel_id)
    lanes = Lane.objects.filter(channel_id=channel_id, priority=priority).exclude(state=Lane.State.CLOSED)
    shared = None if form is None else {**form, "shared": True}
    lane = (lanes.filter(form__isnull=True) if shared is None else lanes.filter(form=shared)).order_by("pk").first()
    if lane is None:
        return ledger.add_lane(ledger_db(), channel_id, priority=priority, form=shared)
    if lane.state == Lane.State.HELD:
        ledger.set_lane(ledger_db(), lane.pk, "open")
    return lane.pk


def _channel(channel_id: int) -> Channel:
    try:
        channel = Channel.objects.select_related("account").get(pk=channel_id)
    except Channel.DoesNotExist:
        raise BadInput(_("Choose a channel that exists.")) from None
    if channel.account.state == Account.State.OFF:
        raise NotSendable(_("The account is disconnected."))
    return channel


def _whom(to: To, *, by: Staff | None) -> tuple[Contact, str]:
    """The contact, and by what the provider knows them."""
    if to.contact_id is not None:
        try:
            contact = contact_for(by, to.contact_id)
        except NotFound:
            raise BadInput(_("There is no such contact.")) from None
        recipient = contact.phone or user_ids([contact]).get(contact.pk, "")
        if not recipient:
            raise BadInput(_("This contact has neither a phone nor an id of WhatsApp’s."))
        return contact, recipient
    number = e164(to.phone) if to.phone else None
    contact_id = contact_for_person(Person(phone=number, user_id=to.user_id), source="api")
    return Contact.objects.get(pk=contact_id), number or to.user_id or ""


def _template(channel: Channel, words: Words) -> dict[str, Any]:
    found = Template.objects.filter(account_id=channel.account_id)
    if words.template_id is not None:
        template = found.filter(pk=words.template_id).first()
    else:
        template = found.filter(name=words.name, language=words.language).first()
    if template is None:
        raise BadInput(_("The channel’s account has no such template."))
    if template.state != Template.State.APPROVED:
        raise NotSendable(_("WhatsApp has not approved the template “%(name)s”.") % {"name": template.name})
    mapping: dict[str, Any] = {key: {"text": value} for key, value in words.values.items()}
    mapping |= {key: dict(given) for key, given in words.headers.items()}
    values, problems = [], {}
    for one in needed(template.components, mapping):
        text = " ".join(words.values.get(one.key, one.default).split())
        if not text and not one.optional:
            problems[f"template/values/{one.key}"] = _("“%(variable)s” is missing.") % {"variable": one.key}
        values.append(text)
    for header in missing_headers(template.components, mapping):
        kind = _("Say what to put in the header (%(kind)s) of the message.") % {"kind": header.kind}
        problems[f"template/headers/{header.key}"] = kind
    if problems:
        raise ValuesMissing(" ".join(problems.values()), problems)
    form = _form(channel, template, mapping)
    return {
        "kind": "template",
        "category": template.category,
        "template_id": template.pk,
        "values": values,
        "lane_id": lane_for(channel.pk, PRIORITY[Template.Category(template.category)], form.dump()),
        "headers": {key: dict(given) for key, given in words.headers.items() if given},
    }


def _form(channel: Channel, template: Template, mapping: Mapping[str, Mapping[str, Any]]) -> Form:
    by_id = PROVIDERS[channel.account.provider].template_key == "id"
    named = template.provider_id if by_id else template.name
    return form_of(named, template.language, template.components, mapping)


def _files(content: Any, *, by: Staff | None) -> None:
    for file_id in file_ids_in(content):
        try:
            library_file(by, file_id)
        except NotFound:
            raise BadInput(_("There is no file %(id)s in the library.") % {"id": file_id}) from None
