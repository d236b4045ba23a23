"""Whether a free-form message is well formed, kind by kind; it refuses to know whom it is for.

Shapes and limits: Meta fact sheet, A.2 and A.3.
"""

from collections.abc import Callable
from typing import Any

from envoi.simulator.meta.errors import GraphError

KnownMedia = Callable[[str], bool]


def check(kind: str, message: dict[str, Any], media: KnownMedia) -> None:
    """Raise GraphError unless `message[kind]` is what Meta accepts for this kind."""
    checker = CHECKS.get(kind)
    if checker is None:
        raise GraphError(100, f"Param type must be one of {{{', '.join(CHECKS)}, TEMPLATE}} - got {kind!r}.")
    content = message.get(kind)
    if content is None:
        raise GraphError(131008, f"The parameter {kind} is required.")
    checker(kind, content, media)


def mapping(value: Any, name: str) -> dict[str, Any]:
    """The value if it is an object."""
    if not isinstance(value, dict):
        raise GraphError(100, f"Param {name} must be a JSON object.")
    return value


def text_in(value: dict[str, Any], name: str, *, longest: int, where: str, required: bool = True) -> str:
    """The text under `name`, of 1 to `longest` characters."""
    text = value.get(name)
    if text is None and not required:
        return ""
    if text is None:
        raise GraphError(131008, f"Parameter {where}['{name}'] is required.")
    if not isinstance(text, str) or (required and not text.strip()):
        raise GraphError(100, f"Param {where}['{name}'] must be a non-empty string.")
    if len(text) > longest:
        raise GraphError(100, f"Param {where}['{name}'] must be at most {longest} characters long.")
    return text


def medium_in(value: Any, kind: str, media: KnownMedia) -> None:
    """A media object: an id we know or an http link."""
    medium = mapping(value, kind)
    media_id, link = medium.get("id"), medium.get("link")
    if media_id is None and link is None:
        raise GraphError(131008, f"Parameter {kind} needs an id or a link.")
    if media_id is not None:
        if not media(str(media_id)):
            raise GraphError(100, f"Param {kind}['id'] is not a valid whatsapp business account media attachment ID.")
    elif not isinstance(link, str) or not link.startswith(("http://", "https://")):
        raise GraphError(100, f"Param {kind}['link'] is not a valid URI.")


def _text(kind: str, content: Any, media: KnownMedia) -> None:
    text_in(mapping(content, kind), "body", longest=4096, where=kind)


def _medium(kind: str, content: Any, media: KnownMedia) -> None:
    medium_in(content, kind, media)
    text_in(content, "caption", longest=1024, where=kind, required=False)


def _location(kind: str, content: Any, media: KnownMedia) -> None:
    location = mapping(content, kind)
    for name, limit in (("latitude", 90), ("longitude", 180)):
        value = location.get(name)
        if value is None:
            raise GraphError(131008, f"Parameter location['{name}'] is required.")
        try:
            valid = abs(float(value)) <= limit
        except (TypeError, ValueError):
            valid = False
        if not valid:
            raise GraphError(131009, f"Parameter location['{name}'] is not valid.")


def _contacts(kind: str, content: Any, media: KnownMedia) -> None:
    if not isinstance(content, list) or not content:
        raise GraphError(100, "Param contacts must be a non-empty array.")
    if len(content) > 257:
        raise GraphError(100, "Param contacts may have at most 257 elements.")
    for card in content:
        name = mapping(mapping(card, "contacts").get("name"), "contacts['name']")
        text_in(name, "formatted_name", longest=1024, where="name")


def _reaction(kind: str, content: Any, media: KnownMedia) -> None:
    reaction = mapping(content, kind)
    text_in(reaction, "message_id", longest=512, where=kind)
    if not isinstance(reaction.get("emoji", ""), str):
        raise GraphError(100, "Param reaction['emoji'] must be a string.")


BODY_LIMITS = {"list": 4096}
BODILESS = {"product"}
NAMED_ACTIONS = {
    "cta_url",
    "flow",
    "catalog_message",
    "location_request_message",
    "address_message",
    "voice_call",
    "call_permission_request",
    "request_contact_info",
}
INTERACTIVE = {
    "button",
    "list",
    "product",
    "product_list",
    "carousel",
    "order_details",
    "order_status",
} | NAMED_ACTIONS


def _interactive(kind: str, content: Any, media: KnownMedia) -> None:
    interactive = mapping(content, kind)
    shape = str(interactive.get("type"))
    if shape not in INTERACTIVE:
        raise GraphError(100, f"Param interactive['type'] must be one of {sorted(INTERACTIVE)}.")
    if shape not in BODILESS:
        body = mapping(interactive.get("body"), "interactive['body']")
        text_in(body, "text", longest=BODY_LIMITS.get(shape, 1024), where="body")
    if interactive.get("footer") is not None:
        text_in(mapping(interactive["footer"], "footer"), "text", longest=60, where="footer")
    header = interactive.get("header")
    if header is not None:
        form = mapping(header, "header").get("type")
        if form == "text":
            text_in(header, "text", longest=60, where="header")
        elif form in ("image", "video", "document"):
            medium_in(header.get(str(form)), str(form), media)
        else:
            raise GraphError(100, "Param header['type'] must be text, image, video or document.")
    action = mapping(interactive.get("action"), "interactive['action']")
    if shape == "button":
        _reply_buttons(action)
    elif shape == "list":
        _list(action)
    elif shape == "cta_url":
        parameters = mapping(action.get("parameters"), "action['parameters']")
        text_in(parameters, "display_text", longest=20, where="parameters")
        if not str(parameters.get("url", "")).startswith(("http://", "https://")):
            raise GraphError(131009, "Parameter parameters['url'] is not a valid URL.")
    elif shape == "carousel":
        cards = action.get("cards")
        if not isinstance(cards, list) or not 2 <= len(cards) <= 10:
            raise GraphError(131009, "A carousel has 2 to 10 cards.")
    if shape == "product_list":
        _sections(action, "product_items", most=30)


def _reply_buttons(action: dict[str, Any]) -> None:
    buttons = action.get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise GraphError(131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3.")
    ids: set[str] = set()
    for button in buttons:
        reply = mapping(mapping(button, "button").get("reply"), "button['reply']")
        text_in(reply, "title", longest=20, where="reply")
        ids.add(text_in(reply, "id", longest=256, where="reply"))
    if len(ids) < len(buttons):
        raise GraphError(131009, "Button ids must be unique.")


def _list(action: dict[str, Any]) -> None:
    text_in(action, "button", longest=20, where="action")
    rows = _sections(action, "rows", most=10)
    for row in rows:
        text_in(row, "id", longest=200, where="row")
        text_in(row, "title", longest=24, where="row")
        text_in(row, "description", longest=72, where="row", required=False)
    if len({row["id"] for row in rows}) < len(rows):
        raise GraphError(131009, "Row ids must be unique.")


def _sections(action: dict[str, Any], items_name: str, *, most: int) -> list[dict[str, Any]]:
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= 10:
        raise GraphError(131009, "Invalid sections count. Min allowed: 1, Max allowed: 10.")
    items: list[dict[str, Any]] = []
    for section in sections:
        part = mapping(section, "section").get(items_name)
        if not isinstance(part, list):
            raise GraphError(131008, f"Parameter section['{items_name}'] is required.")
        if len(sections) > 1:
            text_in(section, "title", longest=24, where="section")
        items += [mapping(item, items_name) for item in part]
    if not 1 <= len(items) <= most:
        raise GraphError(131009, f"Total {items_name} count must be between 1 and {most}.")
    return items


CHECKS: dict[str, Callable[[str, Any, KnownMedia], None]] = {
    "text": _text,
    "image": _medium,
    "video": _medium,
    "document": _medium,
    "audio": _medium,
    "sticker": _medium,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "interactive": _interactive,
}
