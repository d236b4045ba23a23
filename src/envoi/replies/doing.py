"""What a rule does, one thing after the other, in the caller's transaction. What can't be done now says why.

    text {texts} · promo {pool, texts} · template {template, values} · media {file, texts} · menu {texts with options,
    button} · tag, untag {tag} · consent {state} · assign {staff or team} · priority {priority} · close · webhook {url}

texts: [{"language", "text"}]; the customer's language chooses (wording.version_for).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils import translation
from django.utils.formats import date_format

from ..contacts import actions as contacts
from ..core.errors import Problem
from ..inbox import actions as inbox
from ..media.queries import files_by_id
from ..messaging import ledger, sending
from ..messaging.actions import ledger_db, service_lane
from . import calling, codes
from .facts import Facts, order_of
from .models import PromoPool
from .saying import Says, media_of, menu_of, text_of
from .wording import asks_for_order, filled

Action = Mapping[str, Any]

# What may be done before an earlier text of the same rule is queued.
WAITS = ("text", "promo", "media", "menu", "tag", "untag", "consent", "webhook")


class Doer:
    """Does what rules say for the messages of one batch.

    What is said waits until the batch has been gone through, or something else of the same rule depends on it: then
    all of it is queued in one statement.
    """

    def __init__(self) -> None:
        self._lanes: dict[int, int] = {}
        self._waiting: list[tuple[_One, Says]] = []

    def do(self, facts: Facts, actions: Sequence[Action], *, rule_id: int, settles: bool) -> list[str]:
        """Do all of it, or let it wait for `flush`; returns a sentence for each thing that could not be done."""
        one = _One(facts, rule_id, settles)
        if asks_for_order(actions):
            one.name_order()
        for action in actions:
            if action["do"] not in WAITS and any(said for said, _says in self._waiting if said is one):
                self.flush()
            try:
                _DOES[action["do"]](one, action)
            except Problem as problem:
                one.trouble.append(problem.sentence)
            self._waiting += [(one, says) for says in one.says]
            one.says.clear()
        return one.trouble

    def flush(self) -> None:
        """Queue what waits, ahead of all campaigns, and write down which rule wrote it."""
        waiting, self._waiting = self._waiting, []
        ids = ledger.enqueue_answers(
            ledger_db(),
            [
                ledger.Answer(
                    contact_id=one.contact_id,
                    channel_id=one.facts.asked.channel_id,
                    lane_id=one.facts.lane_id or self._lane(one.facts.asked.channel_id),
                    recipient=one.facts.recipient,
                    kind=says.kind,
                    text=says.text,
                    content=says.content,
                )
                for one, says in waiting
            ],
        )
        inbox.answered_by_rules(
            [
                inbox.ByRule(
                    contact_id=one.contact_id,
                    conversation_id=one.facts.conversation_id,
                    message_id=message_id,
                    rule_id=one.rule_id,
                    settles=one.settles,
                    kind=says.kind,
                    text=says.text,
                )
                for (one, says), message_id in zip(waiting, ids, strict=True)
                if one.facts.conversation_id is not None
            ]
        )

    def _lane(self, channel_id: int) -> int:
        """A lane for the first reply of this channel."""
        if channel_id not in self._lanes:
            self._lanes[channel_id] = service_lane(channel_id)
        return self._lanes[channel_id]


class _One:
    """One rule on its way through its actions for one message. says: what it has just said."""

    def __init__(self, facts: Facts, rule_id: int, settles: bool) -> None:
        self.facts = facts
        self.rule_id = rule_id
        self.settles = settles
        self.values = values_of(facts)
        self.says: list[Says] = []
        self.trouble: list[str] = []

    @property
    def contact_id(self) -> int:
        return self.facts.asked.contact_id

    @property
    def language(self) -> str:
        return self.facts.language

    def name_order(self) -> None:
        self.values |= order_values(self.contact_id, self.facts.named, self.language)

    def say(self, says: Says | None) -> None:
        if says is not None and self.facts.recipient:
            self.says.append(says)


def values_of(facts: Facts) -> dict[str, str]:
    """What fills variables: the company's attributes, and what is known of everybody; a column goes before those."""
    values = {key: _words(value) for key, value in facts.attributes.items()}
    name = facts.name.strip()
    return values | {
        "name": name,
        "first_name": name.split(" ")[0] if name else "",
        "phone": facts.phone,
        "language": facts.language,
        "country": facts.country,
    }


def order_values(contact_id: int, number: str, language: str) -> dict[str, str]:
    """The variables of the order they named, or of their newest; none when they have none."""
    order = order_of(contact_id, number)
    if order is None:
        return {}
    with translation.override(language if translation.check_for_language(language) else None):
        day = date_format(order.at, "DATE_FORMAT")
    return {
        "order.number": order.number,
        "order.date": day,
        "order.amount": order.amount,
        "order.items": order.items,
    }


def _words(value: Any) -> str:
    return "" if value is None else str(value)


def _text(one: _One, action: Action) -> None:
    one.say(text_of(action, one.language, one.values))


def _promo(one: _One, action: Action) -> None:
    code = codes.take(action["pool"], one.contact_id, one.facts.asked.message_id)
    if code:
        one.say(text_of(action, one.language, one.values | {"code": code}))
        return
    pool = PromoPool.objects.get(pk=action["pool"])
    one.say(text_of({"texts": pool.empty}, one.language, one.values))
    one.trouble.append(f"No code is left in “{pool.name}”.")


def _template(one: _One, action: Action) -> None:
    values = {key: filled(text, one.values) for key, text in action.get("values", {}).items()}
    _contact_id, message_id = sending.queue(
        one.facts.asked.channel_id,
        to=sending.To(contact_id=one.contact_id),
        message=sending.Words(template_id=action["template"], values=values),
        by=None,
    )
    if one.facts.conversation_id is not None:
        inbox.answered_by_rule(
            one.contact_id, one.facts.conversation_id, message_id, rule_id=one.rule_id, settles=one.settles
        )


def _media(one: _One, action: Action) -> None:
    file = files_by_id([action["file"]]).get(action["file"])
    if file is None:
        one.trouble.append("The file is no longer in the library.")
        return
    one.say(media_of(action, one.language, one.values, kind=file.kind, name=file.name))


def _menu(one: _One, action: Action) -> None:
    one.say(menu_of(action, one.language, one.values))


def _tag(one: _One, action: Action) -> None:
    contacts.tag([one.contact_id], name=action["tag"])


def _untag(one: _One, action: Action) -> None:
    contacts.untag([one.contact_id], name=action["tag"])


def _consent(one: _One, action: Action) -> None:
    fact = one.facts.asked.fact
    contacts.record_consent(
        one.contact_id,
        purpose="marketing",
        state=action["state"],
        source="rule",
        text=fact.text,
        proof=fact.provider_id,
        at=fact.at,
    )


def _assign(one: _One, action: Action) -> None:
    if one.facts.conversation_id is None:
        return
    # To a team: whoever had it lets go, so that the team sees it among what nobody has.
    inbox.assign(
        one.contact_id,
        one.facts.conversation_id,
        staff_id=action.get("staff"),
        team_id=action.get("team", inbox.KEEP),
        by=None,
        why="rule",
    )


def _priority(one: _One, action: Action) -> None:
    if one.facts.conversation_id is not None:
        inbox.set_priority(one.contact_id, one.facts.conversation_id, priority=action["priority"], by=None)


def _close(one: _One, action: Action) -> None:
    if one.facts.conversation_id is not None:
        inbox.close(one.contact_id, one.facts.conversation_id, by=None, why="rule")


def _webhook(one: _One, action: Action) -> None:
    calling.note(one.facts, rule_id=one.rule_id, url=action["url"])


_DOES: dict[str, Callable[[_One, Action], None]] = {
    "text": _text,
    "promo": _promo,
    "template": _template,
    "media": _media,
    "menu": _menu,
    "tag": _tag,
    "untag": _untag,
    "consent": _consent,
    "assign": _assign,
    "priority": _priority,
    "close": _close,
    "webhook": _webhook,
}
