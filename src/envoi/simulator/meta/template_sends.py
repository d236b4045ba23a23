"""Whether a template message fits the approved template; it refuses to forgive what Meta would refuse.

Shapes: Meta fact sheet, A.5; codes: E.5. A wrong number of values is 132000, a value of the wrong type
132012, a wrong or missing parameter name or forbidden white space 132018.
"""

import re
from typing import Any

from envoi.simulator.meta.accounts import Account, Template
from envoi.simulator.meta.errors import GraphError
from envoi.simulator.meta.kinds import KnownMedia, mapping, medium_in

VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
BODY_PARAMETER_TYPES = ("text", "currency", "date_time")
FORBIDDEN_SPACE = re.compile(r"[\n\r\t]| {5,}")
LONGEST_BODY = 1024


def template_for(account: Account, message: dict[str, Any]) -> tuple[Template, dict[str, Any]]:
    """The sendable template a message names, and the message's template object."""
    sent = mapping(message.get("template"), "template")
    language = mapping(sent.get("language"), "template['language']").get("code")
    name = sent.get("name")
    if not isinstance(name, str) or not isinstance(language, str):
        raise GraphError(131008, "Parameters template['name'] and template['language']['code'] are required.")
    template = account.template(name, language)
    if template is None:
        raise GraphError(132001, f"Template name ({name}) does not exist in the translation ({language}).")
    if template.status == "PAUSED":
        raise GraphError(132015, "Template is paused due to low quality.")
    if template.status == "DISABLED":
        raise GraphError(132016, "Template was paused too many times and is disabled.")
    if template.status != "APPROVED":
        raise GraphError(132001, f"Template ({name}) in {language} is {template.status}, not approved.")
    return template, sent


def check(template: Template, sent: dict[str, Any], media: KnownMedia) -> list[str]:
    """Raise GraphError unless the values fit; return the payload of each button, "" where none was given."""
    components = sent.get("components") or []
    if not isinstance(components, list):
        raise GraphError(100, "Param template['components'] must be an array.")
    given: dict[str, dict[str, Any]] = {}
    buttons: dict[int, dict[str, Any]] = {}
    for part in components:
        component = mapping(part, "components")
        kind = str(component.get("type", "")).lower()
        if kind == "button":
            buttons[_index(component)] = component
        elif kind in ("header", "body", "carousel", "limited_time_offer", "tap_target_configuration"):
            given[kind] = component
        else:
            raise GraphError(100, f"Param components['type'] is not valid: {kind!r}.")

    _check_header(template, given.get("header"), media)
    _check_text(template, "body", _body_text(template), given.get("body"))
    _check_carousel(template, given.get("carousel"))
    offer = template.component("LIMITED_TIME_OFFER").get("limited_time_offer", {})
    if isinstance(offer, dict) and offer.get("has_expiration") and "limited_time_offer" not in given:
        raise GraphError(132012, "The limited-time offer needs expiration_time_ms.")
    return _check_buttons(template, buttons)


def _body_text(template: Template) -> str:
    """The wording; Meta writes that of a one-time code itself, with the code as its only variable."""
    wording = template.component("BODY").get("text")
    if wording is None and template.category == "AUTHENTICATION":
        return "{{1}} is your verification code."
    return str(wording or "")


def _parameters(component: dict[str, Any] | None) -> list[dict[str, Any]]:
    values = (component or {}).get("parameters") or []
    if not isinstance(values, list):
        raise GraphError(100, "Param parameters must be an array.")
    return [mapping(value, "parameters") for value in values]


def _check_header(template: Template, component: dict[str, Any] | None, media: KnownMedia) -> None:
    header = template.component("HEADER")
    form = str(header.get("format", "")).lower()
    if form in ("", "text"):
        _check_text(template, "header", str(header.get("text", "")), component)
        return
    parameters = _parameters(component)
    if len(parameters) != 1 or parameters[0].get("type") != form:
        got = parameters[0].get("type") if parameters else "UNKNOWN"
        raise GraphError(132012, f"header: Format mismatch, expected {form.upper()}, received {got}.")
    if form in ("image", "video", "document"):
        medium_in(parameters[0].get(form), form, media)
    else:
        mapping(parameters[0].get(form), form)


def _check_text(template: Template, part: str, text: str, component: dict[str, Any] | None) -> None:
    expected = list(dict.fromkeys(VARIABLE.findall(text)))
    parameters = _parameters(component)
    if len(parameters) != len(expected):
        raise GraphError(
            132000,
            f"{part}: number of localizable_params ({len(parameters)}) does not match the expected number"
            f" ({len(expected)}).",
        )
    length = len(VARIABLE.sub("", text))
    for parameter in parameters:
        length += len(_value(part, parameter))
    if template.parameter_format == "NAMED":
        names = [parameter.get("parameter_name") for parameter in parameters]
        if sorted(map(str, names)) != sorted(expected):
            raise GraphError(132018, f"{part}: parameter names {names} do not match the template's {expected}.")
    elif any("parameter_name" in parameter for parameter in parameters):
        raise GraphError(132018, f"{part}: the template is positional; parameter_name is not allowed.")
    if part == "body" and length > LONGEST_BODY:
        raise GraphError(132005, f"The filled-in body has {length} characters, more than {LONGEST_BODY}.")


def _value(part: str, parameter: dict[str, Any]) -> str:
    kind = parameter.get("type")
    if kind not in BODY_PARAMETER_TYPES or (part == "header" and kind != "text"):
        raise GraphError(132012, f"{part}: Format mismatch, expected TEXT, received {kind}.")
    if kind == "text":
        value = parameter.get("text")
    else:
        value = mapping(parameter.get(str(kind)), str(kind)).get("fallback_value")
    if not isinstance(value, str) or not value:
        raise GraphError(131008, f"{part}: parameter of type {kind} is missing its text value.")
    if FORBIDDEN_SPACE.search(value):
        raise GraphError(132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces.")
    return value


def _index(component: dict[str, Any]) -> int:
    try:
        return int(component.get("index", ""))
    except (TypeError, ValueError):
        raise GraphError(131009, "Parameter button['index'] is not valid.") from None


NEEDS_VALUE = {"copy_code": "coupon_code", "url": "text"}


def _check_buttons(template: Template, given: dict[int, dict[str, Any]]) -> list[str]:
    buttons = template.buttons
    for index in given:
        if not 0 <= index < len(buttons):
            raise GraphError(131009, f"Button at index {index} does not exist in the template.")
    payloads: list[str] = []
    for index, button in enumerate(buttons):
        kind = str(button.get("type", "")).lower()
        kind = "url" if kind == "otp" else kind
        dynamic = kind == "copy_code" or str(button.get("type", "")).upper() == "OTP"
        dynamic = dynamic or (kind == "url" and bool(VARIABLE.search(str(button.get("url", "")))))
        component = given.get(index)
        if component is None:
            if dynamic:
                raise GraphError(131008, f"Button at index {index} of type {kind} requires a parameter.")
            payloads.append("")
            continue
        if str(component.get("sub_type", "")).lower() != kind:
            raise GraphError(132012, f"Button at index {index} is {kind}, received {component.get('sub_type')}.")
        parameters = _parameters(component)
        if kind in NEEDS_VALUE and not dynamic:
            raise GraphError(132018, f"Button at index {index} is static and takes no parameter.")
        if dynamic and (len(parameters) != 1 or not parameters[0].get(NEEDS_VALUE[kind])):
            raise GraphError(131008, f"Button at index {index} requires parameter {NEEDS_VALUE[kind]}.")
        payloads.append(str(parameters[0].get("payload", "")) if parameters else "")
    return payloads


def _check_carousel(template: Template, component: dict[str, Any] | None) -> None:
    expected = template.component("CAROUSEL").get("cards") or []
    cards = (component or {}).get("cards") or []
    if not isinstance(cards, list) or len(cards) != len(expected):
        raise GraphError(132012, f"The carousel needs {len(expected)} cards, received {len(cards)}.")
