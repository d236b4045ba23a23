"""Lines of a thread as the page draws them: who wrote, how far it got, what went wrong, in words. It reads nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ..message_templates.wording import Bubble
from ..messaging.queries import Shown
from ..messaging.reasons import REASONS
from ..messaging.waiting import Wait
from ..team.models import Staff
from ..team.rights import may
from ..web.look import moment
from ..web.told import why
from ..web.undelivered import refusal, undelivered
from . import telling
from .mentions import spans
from .queries import Line
from .seeing import shows
from .speech import Speech, excerpt, speech

# A text longer than this shows its beginning first: somebody may paste a book.
FOLDED_FROM, SHOWN_FIRST = 2_500, 1_200

SILENT = Speech()
MARK, END = SafeString('<span class="mention">'), SafeString("</span>")


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far a message of ours got: a sign, and the words for it."""

    icon: str
    words: str
    tone: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a message answers. key: the line it stands in, "" when it is not here."""

    who: str
    text: str
    key: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A reaction and whose it is."""

    emoji: str
    who: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a message did not arrive: a headline, a sentence, and what the provider said by itself, code and words."""

    head: str
    words: str
    code: str = ""
    raw: str = ""


@dataclass(slots=True)
class Drawn:
    """One line, by `what`: event, note or message. What does not belong to its kind stays empty."""

    what: str
    key: str
    at: datetime
    id: int = 0
    text: str = ""
    icon: str = ""
    tone: str = ""
    note: SafeString | str = ""
    who: str = ""
    who_icon: str = "person"
    ours: bool = False
    speech: Speech = SILENT
    bubble: Bubble | None = None
    start: str = ""
    rest: str = ""
    length: int = 0
    is_bare: bool = False
    files: Sequence[Shown] = ()
    quoted: Quote | None = None
    reactions: Sequence[Mark] = ()
    receipt: Receipt | None = None
    state_tone: str = ""
    trouble: Trouble | None = None
    waits: str = ""
    waits_until: datetime | None = None
    may_take_back: bool = False
    undo_until: datetime | None = None
    undo_seconds: int = 0
    provider_id: str = ""
    quotable: bool = False
    excerpt: str = ""
    edited: bool = False
    story: str = ""
    by_itself: bool = False


def drawn(lines: Sequence[Line], *, customer: str, reader: Staff) -> list[Drawn]:
    """Every line as the reader sees it."""
    draw: dict[str, Callable[..., Drawn]] = {"event": _event, "note": _note, "message": _message}
    return [draw[line.what](line, customer, reader) for line in lines if not _taken_back(line)]


def _taken_back(line: Line) -> bool:
    """What its writer took back was never said; an event tells that it happened."""
    return line.message is not None and line.message.state == "cancelled" and line.message.campaign_id is None


def _event(line: Line, customer: str, reader: Staff) -> Drawn:
    what = line.event.what if line.event else ""
    return Drawn(
        "event",
        f"e-{line.id}",
        line.at,
        text=telling.sentence(what, line.detail, str(line.author) if line.author else ""),
        icon=telling.icon(what),
        tone=telling.tone(what, line.detail),
    )


def _note(line: Line, customer: str, reader: Staff) -> Drawn:
    text = line.note.text if line.note else ""
    pieces, done = [], 0
    for begin, end in spans(text, line.named):
        pieces += [(text[done:begin], "", "", ""), ("", MARK, text[begin:end], END)]
        done = end
    pieces.append((text[done:], "", "", ""))
    words = format_html_join("", "{}{}{}{}", pieces)
    return Drawn("note", f"n-{line.id}", line.at, id=line.id, note=words, who=_name(line.author, reader))


def _message(line: Line, customer: str, reader: Staff) -> Drawn:
    message: Any = line.message
    ours = message.direction == "out"
    said = speech(message.kind, inbound=not ours, text=message.text, content=message.content)
    if said.text and not shows(said.text) and not line.files:
        said = replace(said, text="", note=said.note or _("Message without visible characters"))
    row = Drawn("message", f"m-{line.id}", line.at, id=line.id, ours=ours, speech=said, files=line.files)
    row.bubble = line.bubble if message.template_id else None
    if len(said.text) > FOLDED_FROM:
        cut = said.text.rfind(" ", SHOWN_FIRST - 200, SHOWN_FIRST) + 1 or SHOWN_FIRST
        row.start, row.rest, row.length = said.text[:cut], said.text[cut:], len(said.text)
    if line.quoted:
        row.quoted = _quote(line.quoted, customer)
    row.reactions = [Mark(one.emoji, customer if one.direction == "in" else _("We")) for one in line.reactions]
    row.provider_id = message.provider_id or ""
    row.quotable = bool(row.provider_id)
    words = row.bubble.body if row.bubble else said.text
    row.excerpt = excerpt(message.kind, words)
    if ours:
        row.who, row.who_icon = _writer(line, reader)
        row.by_itself = line.author is None
        row.story = _campaign_page(message) or _rule_page(line, reader)
        row.receipt, row.state_tone = _receipt(message)
        mine = line.author is not None and line.author.pk == reader.pk
        if line.wait:
            row.waits, row.waits_until = _waits(line.wait), line.wait.until
            row.receipt = Receipt("clock", row.waits)
            row.may_take_back = mine and may(reader, "inbox.write")
        row.trouble = _trouble(message)
        if line.undo_until and mine:
            row.may_take_back = False
            row.undo_until = line.undo_until
            row.undo_seconds = max(math.ceil((line.undo_until - timezone.now()).total_seconds()), 0)
    if line.revoked:
        row.speech = Speech(note=_("They deleted this message on their phone"), sign="close")
        row.files, row.rest = (), ""
    row.edited = line.edited
    return row


def _quote(quoted: Any, customer: str) -> Quote:
    if not quoted.message_id:
        return Quote(_("An earlier message"), _("It is not kept here."), "")
    who = customer if quoted.direction == "in" else _("We")
    return Quote(who, excerpt(quoted.kind, quoted.text), f"m-{quoted.message_id}")


def _name(author: Staff | None, reader: Staff) -> str:
    if author is None:
        return _("Somebody who left")
    return _("You") if author.pk == reader.pk else str(author)


def _writer(line: Line, reader: Staff) -> tuple[str, str]:
    """Who wrote a message of ours, and the sign for what they are."""
    if line.author is not None:
        return _name(line.author, reader), "person"
    if line.rule_id is not None:
        name = _("Automatic reply")
        return (_("%(name)s: %(rule)s") % {"name": name, "rule": line.rule} if line.rule else name), "bolt"
    if line.message is not None and line.message.campaign_id:
        return _("Campaign"), "campaigns"
    return _("Sent by itself"), "bolt"


def _campaign_page(message: Any) -> str:
    """Where a campaign's message tells its whole story, "" for any other."""
    if not message.campaign_id:
        return ""
    return reverse("campaigns:recipient", args=[message.campaign_id, message.contact_id, message.id])


def _rule_page(line: Line, reader: Staff) -> str:
    """The rule that answered, for who may see rules; "" when it is gone."""
    if line.author is not None or not line.rule or not may(reader, "replies.read"):
        return ""
    return reverse("replies:show", args=[line.rule_id])


def _receipt(message: Any) -> tuple[Receipt, str]:
    """The sign of a state, and how the whole line looks because of it."""
    match message.state:
        case "queued" | "sending":
            return Receipt("clock", _("On its way out")), "waiting"
        case "accepted" | "sent":
            return Receipt("tick", _("Sent"), at=message.sent_at or message.accepted_at), ""
        case "delivered":
            return Receipt("ticks", _("Delivered"), at=message.delivered_at), ""
        case "read":
            return Receipt("ticks", _("Read"), "read", message.read_at), ""
        case "failed":
            return Receipt("problem", _("Not delivered"), "bad"), "failed"
        case "skipped":
            return Receipt("problem", _("Not sent"), "bad"), "failed"
        case "cancelled":
            return Receipt("close", _("Taken back")), "gone"
    return Receipt("problem", _("Uncertain: the answer was lost"), "bad"), ""


def _waits(wait: Wait) -> str:
    """Why it has not left yet, and until when it will not."""
    words = {
        "why": REASONS.get(wait.reason) or why(wait.reason).rstrip(".。"),
        "when": moment(wait.until) if wait.until else "",
    }
    if wait.until is None:
        return _("%(why)s: it waits until that is over.") % words
    return _("%(why)s: it waits until %(when)s.") % words


def _trouble(message: Any) -> Trouble | None:
    """Why a message did not arrive; what the provider said in its own words stays apart, for who wants to know."""
    if message.state == "failed":
        raw = "\n".join(filter(None, (refusal(message.error_title), message.error_detail)))
        words = undelivered(message.error_code)
        if not words and message.reason:
            words = why(message.reason)
        if not words and (raw or message.error_code):
            words = _("The provider refused it, and said why in its own words.")
        return Trouble(_("Not delivered."), words, message.error_code, raw)
    if message.state == "skipped":
        return Trouble(_("Not sent."), why(message.reason) if message.reason else "")
    if message.state == "uncertain":
        return Trouble(_("Uncertain."), _("Nobody knows yet whether it arrived; a receipt will settle it."))
    return None
