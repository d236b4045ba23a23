"""Whether a free-form content has what Zenvia asks for; it refuses to forgive (Zenvia sheet, 2)."""

from collections.abc import Callable
from typing import Any

from envoi.simulator.zenvia.accounts import objects
from envoi.simulator.zenvia.errors import invalid

Content = dict[str, Any]


def check(content: Content, path: str) -> None:
    """Raise ZenviaError unless the content of this type is whole."""
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in CHECKS:
        raise invalid(f"{path}.type", f"The content type {kind!r} does not exist on WhatsApp.")
    CHECKS[kind](content, path)


def words(value: Any, path: str, *, most: int = 4096, needed: bool = True) -> None:
    """Raise unless the value is a text of 1 to `most` characters, or absent where it may be."""
    if value is None and not needed:
        return
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise invalid(path, f"Should be a text of 1 to {most} characters.")


def web_address(value: Any, path: str) -> None:
    words(value, path)
    if not str(value).startswith(("http://", "https://")):
        raise invalid(path, "Should be a web address.")


def _many(value: Any, path: str, most: int) -> list[Content]:
    found = objects(value)
    if not isinstance(value, list) or len(found) != len(value) or not 1 <= len(found) <= most:
        raise invalid(path, f"Should be 1 to {most} objects.")
    return found


def _text(content: Content, path: str) -> None:
    words(content.get("text"), f"{path}.text")


def _file(content: Content, path: str) -> None:
    web_address(content.get("fileUrl"), f"{path}.fileUrl")
    for name in ("fileMimeType", "fileCaption", "fileName"):
        words(content.get(name), f"{path}.{name}", needed=False)


def _location(content: Content, path: str) -> None:
    for name, most in (("longitude", 180), ("latitude", 90)):
        value = content.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
            raise invalid(f"{path}.{name}", "Should be a number of degrees.")


def _contacts(content: Content, path: str) -> None:
    for index, card in enumerate(_many(content.get("contacts"), f"{path}.contacts", 257)):
        name = card.get("name") if isinstance(card.get("name"), dict) else {}
        for part in ("formattedName", "firstName"):
            words((name or {}).get(part), f"{path}.contacts[{index}].name.{part}")
        for phone in objects(card.get("phones")):
            if phone.get("type", "CELL") not in ("CELL", "MAIN", "IPHONE", "HOME", "WORK"):
                raise invalid(f"{path}.contacts[{index}].phones", "The type of a phone is not known.")


def _button(content: Content, path: str) -> None:
    words(content.get("body"), f"{path}.body", most=1024)
    words(content.get("footer"), f"{path}.footer", most=60, needed=False)
    for index, button in enumerate(_many(content.get("buttons"), f"{path}.buttons", 10)):
        words(button.get("id"), f"{path}.buttons[{index}].id", most=256)
        words(button.get("title"), f"{path}.buttons[{index}].title", most=20)
    header = content.get("header")
    if header is None:
        return
    if not isinstance(header, dict) or header.get("type") not in ("text", "file"):
        raise invalid(f"{path}.header.type", "Should be text or file.")
    if header["type"] == "text":
        words(header.get("text"), f"{path}.header.text", most=60)
    else:
        _file(header, f"{path}.header")


def _list(content: Content, path: str) -> None:
    words(content.get("body"), f"{path}.body", most=1024)
    words(content.get("button"), f"{path}.button", most=20)
    for name in ("header", "footer"):
        words(content.get(name), f"{path}.{name}", most=60, needed=False)
    sections = _many(content.get("sections"), f"{path}.sections", 10)
    rows = [row for section in sections for row in _many(section.get("rows"), f"{path}.sections[].rows", 10)]
    if len(rows) > 10:
        raise invalid(f"{path}.sections", "A list has 10 rows in all.")
    for row in rows:
        words(row.get("id"), f"{path}.sections[].rows[].id", most=200)
        words(row.get("title"), f"{path}.sections[].rows[].title", most=24)
        words(row.get("description"), f"{path}.sections[].rows[].description", most=72, needed=False)


def _product(content: Content, path: str) -> None:
    words(content.get("catalogId"), f"{path}.catalogId")
    words(content.get("productId"), f"{path}.productId")


def _product_list(content: Content, path: str) -> None:
    for name in ("catalogId", "header", "body"):
        words(content.get(name), f"{path}.{name}")
    for section in _many(content.get("sections"), f"{path}.sections", 10):
        for product in _many(section.get("productItems"), f"{path}.sections[].productItems", 30):
            words(product.get("productId"), f"{path}.sections[].productItems[].productId")


def _flow(content: Content, path: str) -> None:
    flow = content.get("flow")
    if not isinstance(flow, dict):
        raise invalid(f"{path}.flow", "Should be an object.")
    words(flow.get("id"), f"{path}.flow.id")
    words(flow.get("buttonText"), f"{path}.flow.buttonText")
    if flow.get("mode", "published") not in ("draft", "published"):
        raise invalid(f"{path}.flow.mode", "Should be draft or published.")


def _contact_request(content: Content, path: str) -> None:
    words(content.get("body"), f"{path}.body", most=1024, needed=False)


CHECKS: dict[str, Callable[[Content, str], None]] = {
    "text": _text,
    "file": _file,
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "list": _list,
    "product": _product,
    "product_list": _product_list,
    "flow": _flow,
    "contact_request": _contact_request,
}
