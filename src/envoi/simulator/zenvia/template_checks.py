"""What creating or changing a template refuses at once (Zenvia sheet, 6)."""

from typing import Any

from envoi.simulator.zenvia.accounts import objects
from envoi.simulator.zenvia.errors import invalid
from envoi.simulator.zenvia.kinds import words
from envoi.simulator.zenvia.template_sends import VARIABLE

CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
HEADERS = ("MEDIA_DOCUMENT", "MEDIA_IMAGE", "MEDIA_VIDEO", "TEXT_FIXED", "TEXT_TEMPLATE")
TEXTS = ("TEXT_FIXED", "TEXT_TEMPLATE")
REPLIES = ("QUICK_REPLY", "OPT_OUT")
ACTIONS = ("URL", "PHONE_NUMBER", "MPM", "COPY_CODE", "REQUEST_CONTACT_INFO")
PARTS = {"header", "body", "footer", "buttons", "otp", "carousel"}


def check(asked: dict[str, Any]) -> None:
    """Raise ZenviaError unless category and components can be."""
    category, components = asked.get("category"), asked.get("components")
    if category not in CATEGORIES:
        raise invalid("category", f"Should be one of {', '.join(CATEGORIES)}.")
    if not isinstance(components, dict) or set(components) - PARTS:
        raise invalid("components", f"Should be an object of {', '.join(sorted(PARTS))}.")
    if not isinstance(asked.get("examples") or {}, dict):
        raise invalid("examples", "Should be an object.")
    if not all(isinstance(part, dict) for part in components.values()):
        raise invalid("components", "Every part should be an object.")
    if "body" in components:
        _text(components["body"], "components.body", 1024)
    elif category != "AUTHENTICATION":
        raise invalid("components.body", "Is required.")
    if "header" in components:
        _header(components["header"])
    if "footer" in components:
        if components["footer"].get("type") != "TEXT_FIXED":
            raise invalid("components.footer.type", "Should be TEXT_FIXED.")
        words(components["footer"].get("text"), "components.footer.text", most=60)
    if "buttons" in components:
        _buttons(components["buttons"], category)
    if "otp" in components and components["otp"].get("type") not in ("COPY_CODE", "ONE_TAP"):
        raise invalid("components.otp.type", "Should be COPY_CODE or ONE_TAP.")
    if "carousel" in components and not 2 <= len(objects(components["carousel"].get("cards"))) <= 10:
        raise invalid("components.carousel.cards", "Should be 2 to 10 cards.")


def _header(header: dict[str, Any]) -> None:
    if header.get("type") not in HEADERS:
        raise invalid("components.header.type", f"Should be one of {', '.join(HEADERS)}.")
    if header["type"] in TEXTS:
        _text(header, "components.header", 60)


def _text(part: dict[str, Any], path: str, most: int) -> None:
    """A text of the type that it says it is: with variables or without."""
    if part.get("type") not in TEXTS:
        raise invalid(f"{path}.type", f"Should be one of {', '.join(TEXTS)}.")
    words(part.get("text"), f"{path}.text", most=most)
    if bool(VARIABLE.search(part["text"])) != (part["type"] == "TEXT_TEMPLATE"):
        raise invalid(f"{path}.type", "TEXT_TEMPLATE is for texts with variables, TEXT_FIXED for all others.")


def _buttons(buttons: dict[str, Any], category: str) -> None:
    path = "components.buttons"
    several = objects(buttons.get("items"))
    if not 1 <= len(several) <= 10:
        raise invalid(f"{path}.items", "Should be 1 to 10 buttons.")
    kinds = [str(item.get("type")) for item in several]
    allowed = {"QUICK_REPLIES": REPLIES, "ACTIONS": ACTIONS, "MIXED": REPLIES + ACTIONS}.get(str(buttons.get("type")))
    if allowed is None or any(kind not in allowed for kind in kinds):
        raise invalid(f"{path}.type", "Does not fit its buttons.")
    if kinds.count("URL") > 2 or sum(kind in ("MPM", "PHONE_NUMBER", "COPY_CODE") for kind in kinds) > 1:
        raise invalid(f"{path}.items", "At most 2 of URL, and one of MPM, PHONE_NUMBER or COPY_CODE.")
    if "OPT_OUT" in kinds and category != "MARKETING":
        raise invalid(f"{path}.items", "OPT_OUT is for marketing alone.")
    for item in several:
        if item["type"] != "COPY_CODE":
            words(item.get("text"), f"{path}.items[].text", most=25)
