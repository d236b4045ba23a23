"""What a free message of each kind must look like at the Bird API (Bird fact sheet, 3.2)."""

from typing import Any

from envoi.simulator.bird.errors import Refusal, bird

KINDS = (
    "template",
    "text",
    "image",
    "video",
    "audio",
    "sticker",
    "document",
    "location",
    "contact_cards",
    "interactive",
)
FIELDS = {
    "text": {"body", "preview_url"},
    "image": {"url", "caption"},
    "video": {"url", "caption"},
    "audio": {"url", "voice"},
    "sticker": {"url"},
    "document": {"url", "caption", "filename"},
    "location": {"latitude", "longitude", "name", "address"},
}
INTERACTIVE = {
    "button": {"type", "header", "body_text", "footer_text", "buttons"},
    "list": {"type", "header", "body_text", "footer_text", "list"},
    "cta_url": {"type", "header", "body_text", "footer_text", "cta_url"},
    "carousel": {"type", "body_text", "cards"},
    "location_request_message": {"type", "body_text"},
    "request_contact_info": {"type", "body_text"},
}


def check(kind: str, content: Any) -> None:
    """Raise Refusal unless the content is what its kind asks for; a field that does not exist is refused, too."""
    if kind == "contact_cards":
        _cards(content)
        return
    if not isinstance(content, dict):
        raise _invalid(kind, "This must be an object.")
    if kind == "interactive":
        _interactive(content)
        return
    if unknown := set(content) - FIELDS[kind]:
        raise _invalid(kind, f"There is no field {sorted(unknown)}.")
    if kind == "text":
        _text(content.get("body"), "text.body", 4096)
    elif kind == "location":
        if not all(isinstance(content.get(key), int | float) for key in ("latitude", "longitude")):
            raise _invalid("location", "Latitude and longitude must be numbers.")
    else:
        _link(content.get("url"), f"{kind}.url")
        if len(str(content.get("caption") or "")) > 1024:
            raise _invalid(f"{kind}.caption", "At most 1024 characters.")


def _invalid(param: str, message: str, name: str = "") -> Refusal:
    return bird("validation", message, name=name, param=param)


def _text(value: Any, param: str, most: int) -> None:
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise _invalid(param, f"A text of 1 to {most} characters.")


def _link(value: Any, param: str) -> None:
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        raise _invalid(param, "A public address.")


def _cards(cards: Any) -> None:
    if not isinstance(cards, list) or not 1 <= len(cards) <= 5:
        raise _invalid("contact_cards", "One to five cards.")
    for card in cards:
        name = card.get("name") if isinstance(card, dict) else None
        _text((name or {}).get("formatted_name"), "contact_cards.name.formatted_name", 1024)
        for phone in card.get("phone_numbers") or []:
            _text(phone.get("phone_number"), "contact_cards.phone_numbers.phone_number", 64)


def _interactive(content: dict[str, Any]) -> None:
    kind = content.get("type")
    if kind not in INTERACTIVE:
        raise _invalid("interactive.type", f"One of {sorted(INTERACTIVE)}.")
    if unknown := set(content) - INTERACTIVE[kind]:
        raise _invalid("interactive", f"A {kind} has no field {sorted(unknown)}.")
    _text(content.get("body_text"), "interactive.body_text", 4096 if kind == "list" else 1024)
    if "footer_text" in content:
        _text(content["footer_text"], "interactive.footer_text", 60)
    if "header" in content:
        _header(content["header"])
    if kind == "button":
        _buttons(content.get("buttons"), 3)
    elif kind == "list":
        _list(content.get("list"))
    elif kind == "cta_url":
        _url_button(content.get("cta_url"))
    elif kind == "carousel":
        cards = content.get("cards")
        if not isinstance(cards, list) or not 2 <= len(cards) <= 10:
            raise _too_many("Two to ten cards.")
        for card in cards:
            _header(card.get("header"))
            for button in card.get("buttons") or [{}]:
                if button.get("type") == "cta_url":
                    _url_button(button.get("cta_url"))
                else:
                    _buttons([button], 1)


def _header(header: Any) -> None:
    kind = header.get("type") if isinstance(header, dict) else None
    if kind == "text":
        _text(header.get("text"), "interactive.header.text", 60)
    elif kind in ("image", "video", "document"):
        _link(header.get("url"), "interactive.header.url")
    else:
        raise _invalid("interactive.header", "A text, image, video or document.")


def _buttons(buttons: Any, most: int) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= most:
        raise _too_many(f"One to {most} buttons.")
    labels = []
    for button in buttons:
        reply = button.get("quick_reply") if isinstance(button, dict) else None
        if not isinstance(reply, dict) or button.get("type") != "quick_reply":
            raise _invalid("interactive.buttons", "A button is a quick_reply.")
        _text(reply.get("slug"), "interactive.buttons.quick_reply.slug", 256)
        _text(reply.get("text"), "interactive.buttons.quick_reply.text", 20)
        labels.append(reply["text"])
    _unlike(labels)


def _list(content: Any) -> None:
    if not isinstance(content, dict):
        raise _invalid("interactive.list", "This must be an object.")
    _text(content.get("button_text"), "interactive.list.button_text", 20)
    for section in content.get("sections") or []:
        _text(section.get("title"), "interactive.list.sections.title", 24)
    rows = [row for section in content.get("sections") or [] for row in section.get("rows") or []]
    if not 1 <= len(rows) <= 10:
        raise _too_many("One to ten rows in all.")
    for row in rows:
        _text(row.get("slug"), "interactive.list.sections.rows.slug", 200)
        _text(row.get("text"), "interactive.list.sections.rows.text", 24)
        if "description" in row:
            _text(row["description"], "interactive.list.sections.rows.description", 72)
    _unlike([row["text"] for row in rows])


def _url_button(button: Any) -> None:
    if not isinstance(button, dict):
        raise _invalid("interactive.cta_url", "This must be an object.")
    _text(button.get("text"), "interactive.cta_url.text", 20)
    _link(button.get("url"), "interactive.cta_url.url")


def _too_many(message: str) -> Refusal:
    return _invalid("interactive", message, "WhatsAppInteractiveLimitExceeded")


def _unlike(labels: list[str]) -> None:
    if len(set(labels)) != len(labels):
        raise _invalid("interactive", "Two labels are the same.", "WhatsAppInteractiveDuplicateLabel")
