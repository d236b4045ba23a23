"""Whether a template message fits the approved template (Zenvia sheet, 2, "Template fields"); it refuses what is over.

What Zenvia says of a template that is not approved is not in the sheet: one under review or rejected is refused with
VALIDATION_ERROR here, one that Meta paused or disabled is accepted and fails with Meta's code.
"""

import re
from typing import Any

from envoi.simulator.zenvia.accounts import Account, Template, objects
from envoi.simulator.zenvia.errors import invalid, missing
from envoi.simulator.zenvia.kinds import web_address, words

VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
MEDIA = {"MEDIA_IMAGE": "imageUrl", "MEDIA_VIDEO": "videoUrl", "MEDIA_DOCUMENT": "documentUrl"}
LATE_FAILURES = {"PAUSED": 132015, "DISABLED": 132016}


def template_for(account: Account, sender_id: str, content: dict[str, Any], path: str) -> Template:
    """The sendable template that a content names. Raises ZenviaError."""
    words(content.get("templateId"), f"{path}.templateId")
    template = account.templates.get(str(content["templateId"]))
    if template is None or template.sender_id != sender_id:
        raise missing(f"Template {content['templateId']}")
    if template.status != "APPROVED" and template.status not in LATE_FAILURES:
        raise invalid(f"{path}.templateId", f"The template is {template.status}.")
    return template


def check(template: Template, content: dict[str, Any], path: str) -> None:
    """Raise ZenviaError unless the fields are those of the template, all of them and no other."""
    given = content.get("fields", {})
    if not isinstance(given, dict):
        raise invalid(f"{path}.fields", "Should be an object.")
    expected = fields_of(template)
    for name in expected:
        if name not in given:
            raise invalid(f"{path}.fields.{name}", "Is required by the template.")
    for name, value in given.items():
        where = f"{path}.fields.{name}"
        if name not in expected:
            raise invalid(where, "Is no field of the template.")
        if name in MEDIA.values():
            web_address(value, where)
        elif name == "cards":
            _check_cards(template, value, where)
        elif name == "sections":
            if not any(objects(section.get("productItems")) for section in objects(value)):
                raise invalid(where, "Should have sections with products.")
        elif not isinstance(value, str | int | float) or value == "":
            raise invalid(where, "Should be a text, a number or a boolean.")


def fields_of(template: Template) -> list[str]:
    """The names that a message has to fill: variables, media, code, token, cards, sections."""
    names: list[str] = []
    header = template.part("header")
    if header.get("type") in MEDIA:
        names.append(MEDIA[header["type"]])
    found = [str(template.part(part).get("text", "")) for part in ("header", "body")]
    kinds = [button.get("type") for button in template.buttons]
    found += [str(button.get("url", "")) for button in template.buttons]
    cards = objects(template.part("carousel").get("cards"))
    for card in cards:
        body, buttons = card.get("body"), card.get("buttons")
        found.append(str(body.get("text", "")) if isinstance(body, dict) else "")
        found += [
            str(one.get("url", "")) for one in objects(buttons.get("items") if isinstance(buttons, dict) else None)
        ]
    names += [name for text in found for name in VARIABLE.findall(text)]
    names += ["token"] if template.part("otp") else []
    names += ["code"] if "COPY_CODE" in kinds else []
    names += ["sections"] if "MPM" in kinds else []
    names += ["cards"] if cards else []
    return list(dict.fromkeys(names))


def _check_cards(template: Template, value: Any, path: str) -> None:
    expected = objects(template.part("carousel").get("cards"))
    given = objects(value)
    if len(given) != len(expected):
        raise invalid(path, f"The carousel has {len(expected)} cards, received {len(given)}.")
    for index, (card, wanted) in enumerate(zip(given, expected, strict=True)):
        header = wanted.get("header")
        name = MEDIA.get(str(header.get("type")) if isinstance(header, dict) else "", "imageUrl")
        web_address(card.get(name), f"{path}[{index}].{name}")
