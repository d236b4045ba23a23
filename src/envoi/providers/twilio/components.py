"""Templates between Meta's component shapes and Twilio's content types (Meta sheet, C.1; Twilio sheet, 5).

Meta numbers the variables of each component from 1, Twilio those of the whole template: here the text header, the
body, the buttons, the cards' own, then header media. A named variable keeps its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .calls import Json, fields, items, text
from .interactive import lacking

VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")

# The richest first: where a template has several types, one says what WhatsApp shows.
RICHEST = (
    "whatsapp/card whatsapp/authentication whatsapp/flows twilio/flows twilio/carousel twilio/card twilio/catalog "
    "twilio/call-to-action twilio/quick-reply twilio/list-picker twilio/location twilio/media twilio/text"
).split()


class _Names:
    """Twilio's names for Meta's variables, with their samples."""

    def __init__(self) -> None:
        self.samples: dict[str, str] = {}
        self._number = 0

    def renamed(self, words: str, samples: Mapping[str, str]) -> str:
        """The text of one component with its variables under their new names."""
        names = list(dict.fromkeys(VARIABLE.findall(words)))
        if all(name.isdigit() for name in names):
            names.sort(key=int)
        new = {name: self.next(samples.get(name, ""), name) for name in names}
        return VARIABLE.sub(lambda found: f"{{{{{new[found[1]]}}}}}", words)

    def next(self, sample: str, name: str = "") -> str:
        if not name or name.isdigit():
            self._number += 1
            name = str(self._number)
        self.samples[name] = sample or name
        return name


def content_of(components: Sequence[Mapping[str, Any]], category: str) -> tuple[Json, dict[str, str]]:
    """The `types` and `variables` of a Content resource. Raises Rejected for what Twilio's templates lack."""
    parts = {text(component.get("type")).upper(): component for component in components}
    if unknown := parts.keys() - {"HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL"}:
        raise lacking(f"Twilio's templates have no {', '.join(sorted(unknown))}.")
    header, body = fields(parts.get("HEADER")), fields(parts.get("BODY"))
    buttons = items(fields(parts.get("BUTTONS")).get("buttons"))
    if category.upper() == "AUTHENTICATION":
        return _authentication(body, fields(parts.get("FOOTER")), buttons), {"1": "123456"}
    names = _Names()
    heading = names.renamed(text(header.get("text")), _samples(header, "header_text"))
    words = names.renamed(text(body.get("text")), _samples(body, "body_text"))
    footer = text(fields(parts.get("FOOTER")).get("text"))
    if cards := items(fields(parts.get("CAROUSEL")).get("cards")):
        if heading or footer or buttons:
            raise lacking("Twilio's carousels have nothing but a text above their cards.")
        return {"twilio/carousel": {"body": words, "cards": _cards(cards, names)}}, names.samples
    actions = [_action(button, names) for button in buttons]
    media = [f"{{{{{names.next(_sample_link(header))}}}}}"] if _is_media(header) else []
    if flow := next((button for button in buttons if text(button.get("type")).upper() == "FLOW"), None):
        if len(buttons) > 1 or heading or footer:
            raise lacking("Twilio's flow templates have one button and neither header nor footer.")
        about = {"body": words, "button_text": flow.get("text"), "flow_id": flow.get("flow_id")}
        return {"whatsapp/flows": about | ({"media_url": media[0]} if media else {})}, names.samples
    if not (heading or footer or actions):
        plain: Json = {"twilio/media": {"body": words, "media": media}} if media else {"twilio/text": {"body": words}}
        return plain, names.samples
    card: Json = {"body": words}
    extras = {"header_text": heading, "media": media, "footer": footer, "actions": actions}
    return {"whatsapp/card": card | {name: value for name, value in extras.items() if value}}, names.samples


def components_of(types: Mapping[str, Any], variables: Mapping[str, Any]) -> list[Json]:
    """Meta's components for a Content resource; its variables keep Twilio's names."""
    kind = next((kind for kind in RICHEST if kind in types), "")
    about = fields(types.get(kind))
    found: list[Json] = []
    heading = text(about.get("header_text"))
    media = about.get("media") or ([about["media_url"]] if about.get("media_url") else [])
    if heading:
        found.append({"type": "HEADER", "format": "TEXT", "text": heading})
    elif isinstance(media, list) and media:
        found.append(_media_header(_filled(text(media[0]), variables)))
    if kind == "twilio/card":
        words = "\n".join(filter(None, (text(about.get("title")), text(about.get("subtitle")))))
    else:
        words = text(about.get("body"))
    if words or kind == "whatsapp/authentication":
        found.append(_body(words, variables))
    if footer := text(about.get("footer")):
        found.append({"type": "FOOTER", "text": footer})
    buttons = [_button(action) for action in items(about.get("actions"))]
    if kind in ("whatsapp/flows", "twilio/flows"):
        buttons = [{"type": "FLOW", "text": about.get("button_text") or "", "flow_id": about.get("flow_id") or ""}]
    if buttons:
        found.append({"type": "BUTTONS", "buttons": buttons})
    if cards := items(about.get("cards")):
        found.append({"type": "CAROUSEL", "cards": [_card(card, variables) for card in cards]})
    return found


def _authentication(body: Json, footer: Json, buttons: Sequence[Mapping[str, Any]]) -> Json:
    label = next((text(button.get("text")) for button in buttons), "") or "Copy code"
    about: Json = {"actions": [{"type": "COPY_CODE", "copy_code_text": label}]}
    if isinstance(body.get("add_security_recommendation"), bool):
        about["add_security_recommendation"] = body["add_security_recommendation"]
    if isinstance(footer.get("code_expiration_minutes"), int):
        about["code_expiration_minutes"] = footer["code_expiration_minutes"]
    return {"whatsapp/authentication": about}


def _cards(cards: Iterable[Mapping[str, Any]], names: _Names) -> list[Json]:
    made: list[Json] = []
    media: list[tuple[Json, str]] = []
    for card in cards:
        parts = {text(part.get("type")).upper(): part for part in items(card.get("components"))}
        body = fields(parts.get("BODY"))
        words = names.renamed(text(body.get("text")), _samples(body, "body_text"))
        buttons = items(fields(parts.get("BUTTONS")).get("buttons"))
        one: Json = {"body": words, "actions": [_action(button, names) for button in buttons]}
        media.append((one, _sample_link(fields(parts.get("HEADER")))))
        made.append(one)
    for one, link in media:
        one["media"] = f"{{{{{names.next(link)}}}}}"
    return made


def _action(button: Mapping[str, Any], names: _Names) -> Json:
    kind, title = text(button.get("type")).upper(), text(button.get("text"))
    examples = button.get("example")
    sample = text(examples[0]) if isinstance(examples, list) and examples else text(examples)
    match kind:
        case "QUICK_REPLY":
            return {"type": kind, "title": title, "id": title}
        case "URL":
            url = text(button.get("url"))
            return {"type": kind, "title": title, "url": names.renamed(url, {"1": sample.removeprefix(_before(url))})}
        case "PHONE_NUMBER":
            return {"type": kind, "title": title, "phone": text(button.get("phone_number"))}
        case "COPY_CODE":
            return {"type": kind, "title": title or "Copy code", "code": f"{{{{{names.next(sample)}}}}}"}
        case "FLOW":
            return {}
    raise lacking(f"Twilio's templates have no buttons of the type {kind}.")


def _before(url: str) -> str:
    return VARIABLE.split(url)[0]


def _is_media(header: Mapping[str, Any]) -> bool:
    kind = text(header.get("format")).upper()
    if kind == "LOCATION":
        raise lacking("Twilio's templates have no location header.")
    return kind in ("IMAGE", "VIDEO", "DOCUMENT")


def _sample_link(header: Mapping[str, Any]) -> str:
    handles = fields(header.get("example")).get("header_handle")
    link = text(handles[0]) if isinstance(handles, list) and handles else ""
    if not link.startswith(("https://", "http://")):
        raise lacking("Twilio needs the example of a header as a public web address.")
    return link


def _samples(component: Mapping[str, Any], key: str) -> dict[str, str]:
    """The examples of a text component by variable: a list, a list of lists, or named (Meta sheet, C.1)."""
    example = fields(component.get("example"))
    named = items(example.get(f"{key}_named_params"))
    if named:
        return {text(one.get("param_name")): text(one.get("example")) for one in named}
    row = example.get(key)
    if isinstance(row, list) and row and isinstance(row[0], list):
        row = row[0]
    return {str(place): text(one) for place, one in enumerate(row if isinstance(row, list) else (), 1)}


def _filled(words: str, variables: Mapping[str, Any]) -> str:
    return VARIABLE.sub(lambda found: text(variables.get(found[1])) or found[0], words)


def _media_header(link: str) -> Json:
    end = link.lower().partition("?")[0].rpartition(".")[2]
    form = {"mp4": "VIDEO", "3gp": "VIDEO", "pdf": "DOCUMENT"}.get(end, "IMAGE")
    return {"type": "HEADER", "format": form, "example": {"header_handle": [link]}}


def _body(words: str, variables: Mapping[str, Any]) -> Json:
    names = list(dict.fromkeys(VARIABLE.findall(words)))
    body: Json = {"type": "BODY", "text": words}
    if names and all(name.isdigit() for name in names):
        row = [text(variables.get(name)) for name in sorted(names, key=int)]
        body["example"] = {"body_text": [row]}
    elif names:
        params = [{"param_name": name, "example": text(variables.get(name))} for name in names]
        body["example"] = {"body_text_named_params": params}
    return body


def _button(action: Mapping[str, Any]) -> Json:
    kind = text(action.get("type")).upper()
    button: Json = {"type": kind, "text": text(action.get("title")) or text(action.get("copy_code_text"))}
    extra = {"URL": ("url", "url"), "PHONE_NUMBER": ("phone_number", "phone"), "COPY_CODE": ("example", "code")}
    ours, theirs = extra.get(kind, ("", ""))
    return button | ({ours: text(action.get(theirs))} if action.get(theirs) else {})


def _card(card: Mapping[str, Any], variables: Mapping[str, Any]) -> Json:
    parts = [_media_header(_filled(text(card.get("media")), variables)), _body(text(card.get("body")), variables)]
    if buttons := [_button(action) for action in items(card.get("actions"))]:
        parts.append({"type": "BUTTONS", "buttons": buttons})
    return {"components": parts}
