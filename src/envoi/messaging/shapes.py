"""A message as the API takes and gives it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from ninja import Schema
from pydantic import Field, model_validator

from ..providers.table import PROVIDERS
from ..rest.shapes import Given, Id, Moment, Money, PairedId, money, paired
from ..web.look import moment_utc
from ..web.told import headline, in_order, told
from ..web.undelivered import refusal
from . import queries
from .sending import To, What, Words

Text = Annotated[str, Field(min_length=1, max_length=4096)]
Link = Annotated[str, Field(pattern=r"^https?://", max_length=2000)]
MEDIA = ("image", "video", "audio", "document", "sticker")
Kind = Literal[
    "text", "template", "image", "video", "audio", "document", "sticker", "location", "contacts", "interactive",
    "reaction",
]  # fmt: skip


class ToGiven(Given):
    """One of the three. Who is not known yet becomes a contact."""

    phone: Annotated[str, Field(min_length=4, max_length=40, examples=["+33639980001"])] | None = None
    user_id: Annotated[str, Field(min_length=1, max_length=160)] | None = None
    contact: Id | None = None

    @model_validator(mode="after")
    def _one(self) -> ToGiven:
        if sum(one is not None for one in (self.phone, self.user_id, self.contact)) != 1:
            raise ValueError("Give one of phone, user_id and contact.")
        return self


class FileGiven(Given):
    """A file: one of the library by its id, or a public address."""

    file: Id | None = None
    link: Link | None = None
    caption: Annotated[str, Field(max_length=1024)] | None = None
    filename: Annotated[str, Field(max_length=240)] | None = None
    voice: bool | None = None

    @model_validator(mode="after")
    def _one(self) -> FileGiven:
        if (self.file is None) == (self.link is None):
            raise ValueError("Give either file or link.")
        return self


class PlaceGiven(Given):
    """A place on the map."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    name: Annotated[str, Field(max_length=1000)] | None = None
    address: Annotated[str, Field(max_length=1000)] | None = None


class ReactionGiven(Given):
    """A reaction to a message of theirs, by the provider's id; an empty emoji takes it back."""

    message_id: Annotated[str, Field(min_length=1, max_length=500)]
    emoji: Annotated[str, Field(max_length=40)]


class TemplateGiven(Given):
    """A template by its id, or by name and language. `values`: by the names of its variables; see GET /templates."""

    id: Id | None = None
    name: Annotated[str, Field(max_length=512)] = ""
    language: Annotated[str, Field(max_length=16)] = ""
    values: dict[str, Annotated[str, Field(max_length=2000)]] = {}
    headers: dict[str, dict[str, str | int | float]] = {}

    @model_validator(mode="after")
    def _named(self) -> TemplateGiven:
        if self.id is None and not (self.name and self.language):
            raise ValueError("Give an id, or a name and a language.")
        return self


class SaidGiven(Given):
    """What to send. Beside `kind` stands what belongs to it, under its own name; files are `media`."""

    kind: Kind
    text: Text | None = None
    preview_url: bool = False
    template: TemplateGiven | None = None
    media: FileGiven | Annotated[list[FileGiven], Field(min_length=1, max_length=1)] | None = None
    location: PlaceGiven | None = None
    contacts: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=20)] | None = None
    interactive: dict[str, Any] | None = None
    reaction: ReactionGiven | None = None
    reply_to: Annotated[str, Field(max_length=500, description="The provider's id of the message answered.")] = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needed = "media" if self.kind in MEDIA else self.kind
        parts = ("text", "template", "media", "location", "contacts", "interactive", "reaction")
        if getattr(self, needed) is None:
            raise ValueError(f"A message of kind {self.kind} needs {needed}.")
        if other := next((one for one in parts if one != needed and getattr(self, one) is not None), ""):
            raise ValueError(f"A message of kind {self.kind} has no {other}.")
        return self

    def what(self) -> What | Words:
        """For messaging.sending."""
        if self.template is not None:
            given = self.template
            return Words(given.id, given.name, given.language, given.values, given.headers)
        if self.text is not None:
            return What("text", {"body": self.text, "preview_url": self.preview_url}, self.text)
        if self.contacts is not None:
            return What("contacts", {"contacts": self.contacts})
        if self.interactive is not None:
            return What("interactive", self.interactive, _words_of(self.interactive))
        media = self.media[0] if isinstance(self.media, list) else self.media
        part = media or self.location or self.reaction
        assert part is not None
        content = part.model_dump(exclude_none=True)
        return What(self.kind, content, str(content.get("caption") or content.get("emoji") or ""))


class MessageGiven(SaidGiven):
    """What to send, through which number, and to whom."""

    channel: Id
    to: ToGiven
    expires_at: Moment | None = None

    def whom(self) -> To:
        """For messaging.sending."""
        return To(phone=self.to.phone, user_id=self.to.user_id, contact_id=self.to.contact)


class TemplateName(Schema):
    """Which template."""

    id: Id
    name: str
    language: str


class MediaOut(Schema):
    """A file of a message: `file` is its id in the library, once it is here."""

    kind: str
    state: str
    file: int | None
    name: str
    mime_type: str
    reason: str


class ErrorOut(Schema):
    """Why it failed, in the provider's words. `action`: what Envoi does about this code, "" when no rule knows it."""

    code: str
    title: str
    detail: str
    action: str


class AnswerOut(Schema):
    """What the provider said."""

    code: str
    title: str
    detail: str


class LineOut(Schema):
    """One decision about the message: what happened, by which rule, until when, the provider's answer, the price."""

    at: datetime
    what: str
    rule: str
    until: datetime | None
    answer: AnswerOut | None
    price: Money | None
    by: str
    words: str


class MessageOut(Schema):
    """One message, in or out. Its id is its contact's, a point, its own."""

    id: PairedId
    contact: Id
    channel: Id
    campaign: int | None
    direction: Literal["in", "out"]
    kind: str
    category: str
    state: str
    reason: str
    text: str
    template: TemplateName | None
    media: list[MediaOut]
    interactive: dict[str, Any] | None
    content: dict[str, Any] | None
    reply_to: str
    provider_id: str | None
    error: ErrorOut | None
    price: Money | None
    created_at: datetime
    accepted_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    trace: list[LineOut]


def all_shown(messages: Iterable[Any]) -> list[MessageOut]:
    """Messages with their templates and accounts as the API gives them, traces and files read for all at once."""
    every = list(messages)
    traces, files = queries.traces_of(every), queries.files_of(every)
    return [_shown(one, trace(traces[one.id]), files.get(one.id, [])) for one in every]


def trace(lines: Iterable[queries.TraceLine]) -> list[LineOut]:
    """A message's trace in the order and the words of its page."""
    return [_line(at, what, detail) for at, what, detail in in_order(lines)]


def _line(at: datetime, what: str, detail: dict[str, Any]) -> LineOut:
    until = detail.get("until")
    said = {key: str(detail.get(key) or "") for key in ("code", "title", "detail")}
    price = Decimal(str(detail["price"])) if detail.get("price") is not None else None
    said["title"] = refusal(said["title"])
    words = told(what, detail, time=moment_utc)
    return LineOut(
        at=at,
        what=what,
        rule=str(detail.get("reason") or ""),
        until=datetime.fromisoformat(str(until)) if until else None,
        answer=AnswerOut(**said) if any(said.values()) else None,
        price=money(price, str(detail.get("currency") or "")),
        by=str(detail.get("by") or ""),
        words=f"{headline(what)}. {words}" if words else headline(what),
    )


def _shown(one: Any, lines: list[LineOut], files: list[queries.Shown]) -> MessageOut:
    content = one.content if isinstance(one.content, dict) else None
    return MessageOut(
        id=paired(one.contact_id, one.id),
        contact=one.contact_id,
        channel=one.channel_id,
        campaign=one.campaign_id,
        direction=one.direction,
        kind=one.kind,
        category=one.category,
        state=one.state,
        reason=one.reason,
        text=queries.bubble_of(one).body,
        template=TemplateName(id=one.template.pk, name=one.template.name, language=one.template.language)
        if one.template
        else None,
        media=[_file(file) for file in files],
        interactive=content if one.kind == "interactive" else None,
        content=content,
        reply_to=one.reply_to,
        provider_id=one.provider_id,
        error=_error(one),
        price=money(one.price, one.currency),
        created_at=one.created_at,
        accepted_at=one.accepted_at,
        sent_at=one.sent_at,
        delivered_at=one.delivered_at,
        read_at=one.read_at,
        failed_at=one.failed_at,
        trace=lines,
    )


def _error(one: Any) -> ErrorOut | None:
    if not one.error_code and not one.error_title:
        return None
    advice = PROVIDERS[one.channel.account.provider].advice(one.error_code)
    return ErrorOut(
        code=one.error_code,
        title=refusal(one.error_title),
        detail=one.error_detail,
        action=advice.action if advice else "",
    )


def _file(one: queries.Shown) -> MediaOut:
    return MediaOut(
        kind=one.kind,
        state=one.state,
        file=one.file.pk if one.file else None,
        name=one.file.name if one.file else "",
        mime_type=one.file.mime_type if one.file else "",
        reason=one.reason,
    )


def _words_of(interactive: dict[str, Any]) -> str:
    body = interactive.get("body")
    return str(body.get("text") or "")[:4096] if isinstance(body, dict) else ""
