"""What follows what: one function for each kind of fact, one table. The only page that connects parts of Envoi.

A function may return a line for the webhook's notes. Every one bears being called again with the same fact: webhooks
come more than once, and a kill repeats them.
Receipts are not here: a whole batch of them is settled in one go by the engine. What customers write is kept in one
go too, before what follows from each of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from ..campaigns import actions as campaigns
from ..channels import facts as channels
from ..contacts import actions as contacts
from ..contacts.models import ConsentEntry, Contact
from ..contacts.optin import question_to, says, says_yes
from ..contacts.optout import Words
from ..core.events import (
    AccountChanged,
    ChannelChanged,
    Fact,
    IdentityChanged,
    MessageReceived,
    Person,
    PreferenceChanged,
    TemplateChanged,
    Unknown,
)
from ..inbox import actions as inbox
from ..inbox import satisfaction
from ..message_templates import actions as templates
from ..messaging import actions as messaging
from ..messaging.ledger import SAID_BY_NOBODY
from ..replies import answering as replies

# Kinds whose text a person typed or tapped; "Stop" may also be the name of a place or a file.
WORDS = ("text", "button", "interactive")


NONE = Words({})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact came from. `channel_id` is ours, None when the fact names no channel.

    contact_id: whom it is about (people_of); message_id: where a customer's message was kept; opened: the conversation
    that it belongs to, None where it needs none; asks: whether somebody should answer it; words: what stops and starts
    at this moment; to_rules: where messages are put that rules may answer, all of a batch in one go.
    """

    account_id: int
    provider: str
    channel_id: int | None
    contact_id: int | None = None
    message_id: int | None = None
    opened: inbox.Opened | None = None
    asks: bool = True
    words: Words = NONE
    to_rules: list[replies.Asked] = field(default_factory=list)


def person_of(fact: Fact) -> Person | None:
    """Whom this fact is about: their contact is found, or made, before anything follows."""
    match fact:
        case MessageReceived(sender=person) | PreferenceChanged(person=person):
            return person
    return None


def people_of(fact: Fact) -> tuple[Person, ...]:
    """Everybody whose contacts may change by this fact, where there are any."""
    if isinstance(fact, IdentityChanged):
        return (fact.old, fact.new)
    person = person_of(fact)
    return (person,) if person else ()


def within(fact: Fact, scope: str) -> Fact:
    """The same fact with the business portfolio in which the ids of its people hold."""
    match fact:
        case MessageReceived(sender=person):
            return replace(fact, sender=replace(person, scope=scope))
        case PreferenceChanged(person=person):
            return replace(fact, person=replace(person, scope=scope))
        case IdentityChanged(old=old, new=new):
            return replace(fact, old=replace(old, scope=scope), new=replace(new, scope=scope))
    return fact


@dataclass(frozen=True, slots=True)
class Kept:
    """A customer's message that was kept: its id, the conversation that it belongs to, and whether it asks anything."""

    message_id: int
    opened: inbox.Opened | None
    asks: bool


def keep(received: Sequence[tuple[MessageReceived, Origin]]) -> list[Kept | None]:
    """Keep what customers wrote, open their windows and conversations. Returns None for each that came before."""
    rows = []
    for fact, origin in received:
        assert origin.channel_id is not None
        assert origin.contact_id is not None
        rows.append((origin.contact_id, origin.channel_id, fact))
    kept = messaging.receive(rows)
    latest: dict[int, datetime] = {}
    for (contact_id, _channel_id, fact), message_id in zip(rows, kept, strict=True):
        if message_id is not None and fact.kind not in SAID_BY_NOBODY:
            latest[contact_id] = max(fact.at, latest.get(contact_id, fact.at))
    contacts.note_all_inbound(latest)
    lately = min((fact.at for fact, _origin in received), default=None)
    asked = satisfaction.asked_lately({row[0] for row in rows}, lately) if lately else set()
    marketing: dict[int, str] = {}
    arrived = [
        None
        if message_id is None
        else (
            inbox.Arrived(
                contact_id=contact_id,
                channel_id=channel_id,
                message_id=message_id,
                at=fact.at,
                text=fact.text,
                kind=fact.kind,
                asks=_asks(fact, origin, contact_id, channel_id, asked=contact_id in asked, marketing=marketing),
            )
        )
        for (contact_id, channel_id, fact), (_fact, origin), message_id in zip(rows, received, kept, strict=True)
    ]
    opened = inbox.receive([one for one in arrived if one is not None])
    return [None if one is None else Kept(one.message_id, opened.get(one.message_id), one.asks) for one in arrived]


def _asks(
    fact: MessageReceived,
    origin: Origin,
    contact_id: int,
    channel_id: int,
    *,
    asked: bool,
    marketing: dict[int, str],
) -> bool:
    """Whether somebody should answer: not a STOP or START, which Envoi heeds by itself, nor a mark of satisfaction.

    A word counts by what it means at this moment: a yes confirms only a START that waits for it, and a START
    ("empezar", "voltar") of who receives promotions already changes nothing. Else they answer what somebody has asked.
    marketing: each customer's consent as the words before in the same batch will have left it, filled as they come.
    """
    if fact.kind not in WORDS:
        return True
    meaning = origin.words.meaning([fact.text, _payload(fact)])
    if meaning:
        if contact_id not in marketing:
            marketing[contact_id] = Contact.objects.values_list("marketing", flat=True).get(pk=contact_id)
        was = marketing[contact_id]
        became = says(meaning, was)
        marketing[contact_id] = became or was
        if meaning == "stop" or became:
            return False
    return not satisfaction.heard(fact, contact_id=contact_id, channel_id=channel_id, asked=asked)


def message_received(fact: MessageReceived, origin: Origin) -> None:
    """What follows from a message that is new and kept: its files are fetched, a whole-message STOP or START counts.

    What is neither that nor a mark of satisfaction is for the rules.
    """
    assert origin.contact_id is not None
    messaging.attach(fact, contact_id=origin.contact_id)
    meaning = origin.words.meaning([fact.text, _payload(fact)]) if fact.kind in WORDS else ""
    heeded = bool(meaning) and _heeded(fact, origin, meaning)
    # A START of who had agreed before is one more line of the ledger, and may answer a question as well.
    if not origin.asks or (heeded and meaning == "confirm"):
        return
    if origin.channel_id is not None and origin.message_id is not None:
        asked = replies.Asked(origin.contact_id, origin.channel_id, origin.message_id, fact)
        origin.to_rules.append(asked)


def _heeded(fact: MessageReceived, origin: Origin, meaning: str) -> bool:
    """Do what a word of consent means; False when it meant nothing at this moment, as a yes to another question."""
    assert origin.contact_id is not None
    said: dict[str, Any] = {"source": "keyword", "text": fact.text, "proof": fact.provider_id, "at": fact.at}
    if meaning == "stop":
        for one in contacts.everybody_with_a_key_of(fact.sender):
            contacts.record_consent(one, purpose="marketing", state="withdrawn", **said)
        return True
    became = says_yes(origin.contact_id, asks=meaning == "start", **said)
    if became == "pending" and origin.channel_id:
        # They have just written, so free words may go to them.
        messaging.say(
            origin.contact_id, channel_id=origin.channel_id, text=question_to(origin.contact_id, said=fact.text)
        )
    return bool(became)


def preference_changed(fact: PreferenceChanged, origin: Origin) -> None:
    """A stop or resume inside WhatsApp itself: one line of the consent ledger, however often it is told."""
    assert origin.contact_id is not None
    state: Literal["granted", "withdrawn"] = "granted" if fact.wants_marketing else "withdrawn"
    proof = f"{origin.provider} {fact.channel} {fact.at.isoformat()}"
    for one in [origin.contact_id] if fact.wants_marketing else contacts.everybody_with_a_key_of(fact.person):
        # The lock makes two processes that were told the same at once take turns.
        Contact.objects.select_for_update(no_key=True).get(id=one)
        if ConsentEntry.objects.filter(contact_id=one, source="provider", proof=proof, state=state).exists():
            continue
        contacts.record_consent(
            one,
            purpose="marketing",
            state=state,
            source="provider",
            text=fact.text,
            proof=proof,
            at=fact.at,
        )


def template_changed(fact: TemplateChanged, origin: Origin) -> None:
    """Follow the provider's decision about a wording; a campaign of which it makes a promotion is held."""
    if templates.apply_change(origin.account_id, fact) and fact.category:
        campaigns.hold_recategorised()


def identity_changed(fact: IdentityChanged, origin: Origin) -> str:
    """Who has the old key is found by the new one too, and their opt-out goes with them."""
    if contacts.move_identity(fact):
        return ""
    return f"IdentityChanged: nobody here is {fact.old.phone or fact.old.user_id}."


def channel_changed(fact: ChannelChanged, origin: Origin) -> str:
    """Quality, limits, name and problems of a number."""
    return channels.channel_changed(fact, account_id=origin.account_id, provider=origin.provider)


def account_changed(fact: AccountChanged, origin: Origin) -> str:
    """A restriction, a ban or a limit of a whole account."""
    return channels.account_changed(fact, account_id=origin.account_id, provider=origin.provider)


def unknown(fact: Unknown, origin: Origin) -> None:
    """Nothing follows: the webhook itself is kept, and can be replayed by a version that knows better."""


ROUTES: dict[type[Fact], Callable[[Any, Origin], str | None]] = {
    MessageReceived: message_received,
    PreferenceChanged: preference_changed,
    TemplateChanged: template_changed,
    IdentityChanged: identity_changed,
    ChannelChanged: channel_changed,
    AccountChanged: account_changed,
    Unknown: unknown,
}


def _payload(fact: MessageReceived) -> str:
    """The payload of a tapped template button: "STOP" behind a friendlier label is a STOP."""
    button = fact.content.get("button")
    payload = button.get("payload") if isinstance(button, dict) else None
    return payload if isinstance(payload, str) else ""
