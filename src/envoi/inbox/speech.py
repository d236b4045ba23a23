"""What each kind of message looks like in the thread: its content, in Meta's shapes, as parts that a page can draw.

Inbound content is the whole message object, the part under its kind (Meta sheet, D.4); outbound content is the part
itself (providers.base.Outgoing). What has another shape than is known is shown by its words, or as not supported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

FILES = ("image", "video", "audio", "document", "sticker")


@dataclass(frozen=True, slots=True)
class Option:
    """A button, or a line of a list: what it says, and what stands under it."""

    title: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the map. `link` opens it there, "" when the coordinates are none."""

    name: str
    address: str
    coordinates: str
    link: str


@dataclass(frozen=True, slots=True)
class Person:
    """One business card: how to reach somebody."""

    name: str
    at: str
    reach: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """One line of an order made in the chat."""

    name: str
    quantity: str
    price: str


@dataclass(frozen=True, slots=True)
class Speech:
    """One message as parts. `sign` names an icon before the text, `note` is ours about it, not the customer's words.

    ad: the headline of the advertisement that led them here; ad_url: where it stands.
    """

    text: str = ""
    header: str = ""
    footer: str = ""
    options: tuple[Option, ...] = ()
    list_label: str = ""
    link: str = ""
    place: Place | None = None
    people: tuple[Person, ...] = ()
    products: tuple[Product, ...] = ()
    sign: str = ""
    note: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    ad: str = ""
    ad_url: str = ""
    forwarded: bool = False


def speech(kind: str, *, inbound: bool, text: str, content: Any) -> Speech:
    """The parts of one message. text: its words as they are kept, shown where the content has none of its own."""
    whole = content if isinstance(content, Mapping) else {}
    part = whole.get(kind) if inbound else whole
    draw = DRAWN.get(kind, _other)
    made = draw(kind, part if isinstance(part, Mapping | list) else {}, text)
    if not inbound:
        return made
    return _with_origin(made, whole)


def excerpt(kind: str, text: str) -> str:
    """One line that says what a message is, for quotes: its words, or the name of its kind."""
    words = " ".join(text.split())
    return words[:160] if words else kind_word(kind)


def kind_word(kind: str) -> str:
    """A kind of message in the reader's language."""
    return {
        "image": _("Picture"),
        "video": _("Video"),
        "audio": _("Voice or audio"),
        "document": _("Document"),
        "sticker": _("Sticker"),
        "location": _("Location"),
        "contacts": _("Contact card"),
        "interactive": _("Buttons"),
        "template": _("Template"),
        "reaction": _("Reaction"),
        "order": _("Order in the chat"),
    }.get(kind, _("Message"))


def _with_origin(made: Speech, whole: Mapping[str, Any]) -> Speech:
    """The advertisement that led here, and whether it was forwarded, as far as the provider says."""
    referral, context = _fields(whole.get("referral")), _fields(whole.get("context"))
    values = {name: getattr(made, name) for name in Speech.__slots__}
    values["ad"] = _words(referral.get("headline")) or _words(referral.get("body"))
    url = _words(referral.get("source_url"))
    values["ad_url"] = url if url.startswith("https://") else ""
    values["forwarded"] = bool(context.get("forwarded") or context.get("frequently_forwarded"))
    return Speech(**values)


def _plain(kind: str, part: Any, text: str) -> Speech:
    return Speech(text=text)


def _caption(kind: str, part: Any, text: str) -> Speech:
    """Beside a file stand only words that somebody wrote: a file's own name is shown with the file."""
    caption = _words(_fields(part).get("caption"))
    return Speech(text=caption or ("" if text == _words(_fields(part).get("filename")) else text))


def _location(kind: str, part: Any, text: str) -> Speech:
    part = _fields(part)
    try:
        latitude, longitude = float(part["latitude"]), float(part["longitude"])
        sure = abs(latitude) <= 90 and abs(longitude) <= 180
    except (KeyError, TypeError, ValueError, OverflowError):
        return Speech(text=text, note=_("A location without its coordinates"), sign="pin")
    coordinates = f"{latitude:.5f}, {longitude:.5f}"
    link = (
        f"https://www.openstreetmap.org/?mlat={latitude:.6f}&mlon={longitude:.6f}#map=16/{latitude:.5f}/{longitude:.5f}"
    )
    return Speech(place=Place(_words(part.get("name")), _words(part.get("address")), coordinates, link if sure else ""))


def _contacts(kind: str, part: Any, text: str) -> Speech:
    cards = part if isinstance(part, list) else part.get("contacts")
    people = tuple(_person(card) for card in _items(cards)[:20])
    return Speech(people=people) if people else Speech(text=text, note=_("An empty contact card"), sign="person")


def _person(card: Mapping[str, Any]) -> Person:
    name, org = _fields(card.get("name")), _fields(card.get("org"))
    parts = (_words(name.get(key)) for key in ("first_name", "last_name"))
    reach = [_words(one.get("phone")) for one in _items(card.get("phones"))]
    reach += [_words(one.get("email")) for one in _items(card.get("emails"))]
    return Person(
        _words(name.get("formatted_name")) or " ".join(filter(None, parts)) or _("Without a name"),
        _words(org.get("company")),
        tuple(filter(None, reach))[:6],
    )


def _interactive(kind: str, part: Any, text: str) -> Speech:
    part = _fields(part)
    what = _words(part.get("type"))
    reply = _fields(part.get(what))
    if what in ("button_reply", "list_reply"):
        return Speech(text=_words(reply.get("title")) or text, note=_words(reply.get("description")), sign="reply")
    if what == "nfm_reply":
        return Speech(text=text, answers=_answers(reply.get("response_json")), sign="check")
    if "action" not in part:
        return Speech(text=text)
    action = _fields(part.get("action"))
    header = _fields(part.get("header"))
    return Speech(
        text=_words(_fields(part.get("body")).get("text")) or text,
        header=_words(header.get("text")),
        footer=_words(_fields(part.get("footer")).get("text")),
        options=tuple(_options(action)),
        list_label=_words(action.get("button")) if what == "list" else "",
        link=_words(_fields(action.get("parameters")).get("url")) if what == "cta_url" else "",
    )


def _options(action: Mapping[str, Any]) -> Iterator[Option]:
    for button in _items(action.get("buttons")):
        yield Option(_words(_fields(button.get("reply")).get("title")))
    for section in _items(action.get("sections")):
        for row in _items(section.get("rows")):
            yield Option(_words(row.get("title")), _words(row.get("description")))
    if label := _words(_fields(action.get("parameters")).get("display_text")):
        yield Option(label)


def _answers(text: Any) -> tuple[tuple[str, str], ...]:
    """What somebody filled into a form, as far as it is plain."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return ()
    if not isinstance(found, dict):
        return ()
    plain = [
        (str(name)[:80], str(value)[:400]) for name, value in found.items() if isinstance(value, str | int | float)
    ]
    return tuple(one for one in plain if one[0] != "flow_token")[:20]


def _button(kind: str, part: Any, text: str) -> Speech:
    return Speech(text=_words(_fields(part).get("text")) or text, sign="reply")


def _order(kind: str, part: Any, text: str) -> Speech:
    part = _fields(part)
    lines = [
        Product(
            _words(item.get("product_retailer_id")),
            _words(str(item.get("quantity") or "")),
            " ".join(filter(None, (str(item.get("item_price") or ""), _words(item.get("currency"))))),
        )
        for item in _items(part.get("product_items"))[:50]
    ]
    return Speech(text=_words(part.get("text")), products=tuple(lines), sign="orders", note=_("An order in the chat"))


def _system(kind: str, part: Any, text: str) -> Speech:
    return Speech(text=text or _words(_fields(part).get("body")), sign="info")


def _edit(kind: str, part: Any, text: str) -> Speech:
    message = _fields(_fields(part).get("message"))
    words = _words(_fields(message.get(_words(message.get("type")))).get("body"))
    return Speech(text=words or text, note=_("They rewrote an earlier message"), sign="templates")


def _revoke(kind: str, part: Any, text: str) -> Speech:
    return Speech(note=_("They deleted a message on their phone"), sign="close")


def _welcome(kind: str, part: Any, text: str) -> Speech:
    return Speech(note=_("They opened the chat for the first time"), sign="info")


def _other(kind: str, part: Any, text: str) -> Speech:
    if text:
        return Speech(text=text)
    what = _words(_fields(part).get("type")) or kind
    if what in ("unsupported", "unknown"):
        note = _("WhatsApp hands this kind of message to phones only. Ask the customer to send it another way.")
    else:
        said = _("WhatsApp hands this kind of message (%(kind)s) to phones only.") % {"kind": what[:40]}
        note = f"{said} " + _("Ask the customer to send it another way.")
    return Speech(note=note, sign="info")


def _fields(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _items(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ""


DRAWN = {
    "text": _plain,
    "template": _plain,
    "reaction": _plain,
    **dict.fromkeys(FILES, _caption),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
    "system": _system,
    "edit": _edit,
    "revoke": _revoke,
    "request_welcome": _welcome,
}
