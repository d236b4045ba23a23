"""The test bench: what would happen to a message, without anything happening. By the same rules and look-ups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ..contacts.models import Contact
from ..contacts.optout import in_force
from ..core.events import MessageReceived, Person
from ..media.queries import files_by_id
from ..message_templates.bubbles import Bubble, bubble
from ..message_templates.models import Template
from ..team.models import Staff
from ..team.rights import require
from . import codes
from .answering import held_back
from .book import SHELF, Book
from .doing import order_values, values_of
from .facts import Asked, Batch, Facts, facts_of, heard
from .guarding import is_automatic
from .hours import OpenNow
from .models import PromoPool
from .rules import Customer
from .saying import bubble_of, media_of, menu_of, text_of
from .telling import HELD, Names, Told, one_thing, told
from .wording import asks_for_order, filled

# No message has this id; the first of two that are compared by time and id.
NO_MESSAGE = 2**62


@dataclass(frozen=True, slots=True)
class Try:
    """A message to try. contact_id: of whom, None for somebody unknown, who writes for the first time if is_first."""

    text: str
    channel_id: int
    kind: str = "text"
    payload: str = ""
    source: str = ""
    at: datetime = field(default_factory=timezone.now)
    contact_id: int | None = None
    is_first: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What would happen. stop: what the words do to consent, before any rule; held: why rules would keep silent.

    bubbles: what the customer would see. does: everything else that would be done, in words.
    """

    verdicts: Sequence[Told]
    stop: str
    held: str
    bubbles: Sequence[Bubble]
    does: Sequence[str]


def try_out(given: Try, *, by: Staff | None) -> Seen:
    """See which rules would fire for a message, and why each other would not."""
    require(by, "replies.read")
    book, names = SHELF.book(), Names()
    fact = _fact(given)
    facts = _facts(given, fact)
    customer = _customer(given, facts, book)
    verdicts = book.matcher.explain(heard(fact, given.channel_id), customer, OpenNow())
    fired = [one.rule.id for one in verdicts if one.fires]
    bubbles: list[Bubble] = []
    lines: list[str] = []
    stop, held = _stop(given, facts), _held(given, facts, book, any_fires=bool(fired))
    if not stop and not held:
        for rule_id in fired:
            _done(book.actions[rule_id], given, facts, names, bubbles, lines)
    return Seen([told(one, names) for one in verdicts], stop, held, bubbles, lines)


def _fact(given: Try) -> MessageReceived:
    content: dict[str, Any] = {}
    if given.payload:
        content["button"] = {"payload": given.payload}
    if given.source:
        content["referral"] = {"source_id": given.source}
    kind = "button" if given.payload else given.kind
    return MessageReceived("", Person(), "", given.at, kind, given.text, content)


def _facts(given: Try, fact: MessageReceived) -> Facts | None:
    if given.contact_id is None:
        return None
    asked = Asked(given.contact_id, given.channel_id, NO_MESSAGE, fact)
    return facts_of([asked], Batch()).get(NO_MESSAGE)


def _customer(given: Try, facts: Facts | None, book: Book) -> Customer:
    if facts is None:
        return Customer(language=given.language, is_first=given.is_first)
    return facts.customer(silent=book.silent, until_closed=book.until_closed)


def _stop(given: Try, facts: Facts | None) -> str:
    """What STOP, START and YES would do, in a sentence; "" when the words mean none of them."""
    meaning = in_force().meaning([given.text, given.payload]) if given.kind in ("text", "button", "interactive") else ""
    match meaning:
        case "stop":
            return _("“%(text)s” means STOP: their consent to promotions ends, and no rule answers.") % {
                "text": given.text or given.payload
            }
        case "start":
            return _("“%(text)s” means START: they agree to promotions, and no rule answers.") % {
                "text": given.text or given.payload
            }
    waits = meaning == "confirm" and facts is not None and _is_pending(facts.asked.contact_id)
    return _("They were asked whether they want promotions: this is their yes, and no rule answers.") if waits else ""


def _is_pending(contact_id: int) -> bool:
    return Contact.objects.filter(pk=contact_id, marketing="pending").exists()


def _held(given: Try, facts: Facts | None, book: Book, *, any_fires: bool) -> str:
    if is_automatic(given.kind, given.text):
        return str(HELD["automatic"])
    if facts is None or not any_fires:
        return ""
    if not facts.reachable:
        return _("Not answered: this customer is blocked, erased, or wants no messages at all.")
    held = held_back(in_hour=facts.in_hour, same=facts.same, per_hour=book.per_hour)
    return str(HELD[held]) if held else ""


def _done(
    actions: Sequence[Mapping[str, Any]],
    given: Try,
    facts: Facts | None,
    names: Names,
    bubbles: list[Bubble],
    lines: list[str],
) -> None:
    language = facts.language if facts else given.language
    values = values_of(facts) if facts else {"language": language}
    if facts and asks_for_order(actions):
        values |= order_values(facts.asked.contact_id, facts.named, language)
    for action in actions:
        match action["do"]:
            case "text":
                says = text_of(action, language, values)
                bubbles += [bubble_of(says)] if says else []
            case "promo":
                bubbles += _promo(action, given, language, values, lines)
            case "menu":
                bubbles.append(bubble_of(menu_of(action, language, values)))
            case "media":
                file = files_by_id([action["file"]]).get(action["file"])
                if file is not None:
                    media = media_of(action, language, values, kind=file.kind, name=file.name)
                    bubbles.append(bubble_of(media, note=file.name))
            case "template":
                template = Template.objects.filter(pk=action["template"]).first()
                if template is not None:
                    said = {key: filled(text, values) for key, text in action.get("values", {}).items()}
                    bubbles.append(bubble(template.components, said))
            case _:
                lines.append(one_thing(action, names))


def _promo(
    action: Mapping[str, Any], given: Try, language: str, values: Mapping[str, str], lines: list[str]
) -> list[Bubble]:
    code = codes.peek(action["pool"], given.contact_id)
    if code:
        says = text_of(action, language, {**values, "code": code})
        lines.append(_("The code is shown for the test only; nobody has been given it."))
    else:
        pool = PromoPool.objects.filter(pk=action["pool"]).first()
        says = text_of({"texts": pool.empty if pool else []}, language, values)
        lines.append(_("No code is left in this pool."))
    return [bubble_of(says)] if says else []
