"""What an action would send, as the content of a message; nothing is written and nothing is taken here.

Content has the shapes of the wire (providers.base.Outgoing). A menu is drawn as buttons, or as a list where it has more
options than buttons can show, or descriptions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..message_templates.bubbles import Bubble, Button
from .wording import filled, version_for

Action = Mapping[str, Any]

# Meta sheet, A.3: at most three buttons of 20 characters; lists of ten rows, titles of 24, descriptions of 72.
MOST_BUTTONS, LONGEST_BUTTON = 3, 20
MOST_ROWS, LONGEST_ROW, LONGEST_DESCRIPTION = 10, 24, 72
LONGEST_MENU_TEXT = 1_024
LONGEST_TEXT = 4_096
LONGEST_CAPTION = 1_024


@dataclass(frozen=True, slots=True)
class Says:
    """A message about to be queued. `text` is what lists show of it."""

    kind: str
    content: Mapping[str, Any]
    text: str


def text_of(action: Action, language: str, values: Mapping[str, str]) -> Says | None:
    """A text or a promo code's text; None when nothing is left of it."""
    words = filled(str(version_for(action.get("texts", ()), language).get("text", "")), values)[:LONGEST_TEXT]
    return Says("text", {"body": words}, words) if words else None


def media_of(action: Action, language: str, values: Mapping[str, str], *, kind: str, name: str) -> Says:
    """A file of the library with its caption, where its kind has one."""
    words = filled(str(version_for(action.get("texts", ()), language).get("text", "")), values)[:LONGEST_CAPTION]
    content: dict[str, Any] = {"file": action["file"]}
    if words and kind in ("image", "video", "document"):
        content["caption"] = words
    if kind == "document":
        content["filename"] = name
    return Says(kind, content, words)


def menu_of(action: Action, language: str, values: Mapping[str, str]) -> Says:
    """An interactive message whose options come back as payloads."""
    version = version_for(action.get("texts", ()), language)
    words = filled(str(version.get("text", "")), values)[:LONGEST_MENU_TEXT]
    options = list(version.get("options", ()))
    content: dict[str, Any] = {"body": {"text": words}}
    if is_list(options):
        rows = [
            {"id": payload_of(one), "title": one["title"]}
            | ({"description": one["description"]} if one.get("description") else {})
            for one in options
        ]
        button = version.get("button") or options[0]["title"]
        content |= {"type": "list", "action": {"button": button[:LONGEST_BUTTON], "sections": [{"rows": rows}]}}
    else:
        buttons = [{"type": "reply", "reply": {"id": payload_of(one), "title": one["title"]}} for one in options]
        content |= {"type": "button", "action": {"buttons": buttons}}
    return Says("interactive", content, words)


def is_list(options: Sequence[Mapping[str, Any]]) -> bool:
    """Whether buttons can't show them."""
    return len(options) > MOST_BUTTONS or any(
        one.get("description") or len(one["title"]) > LONGEST_BUTTON for one in options
    )


def payload_of(option: Mapping[str, Any]) -> str:
    """What comes back when an option is chosen: what was said for it, else its title."""
    return str(option.get("payload") or option["title"])[:200]


def bubble_of(says: Says, *, note: str = "") -> Bubble:
    """A message as its customer sees it."""
    buttons: tuple[Button, ...] = ()
    if says.kind == "interactive":
        action = says.content["action"]
        if says.content["type"] == "list":
            titles = [action["button"], *(row["title"] for section in action["sections"] for row in section["rows"])]
        else:
            titles = [one["reply"]["title"] for one in action["buttons"]]
        buttons = tuple(Button("quick_reply", title) for title in titles)
    media = says.kind if says.kind in ("image", "video", "document") else ""
    return Bubble(header="", header_kind=media, body=says.text, footer="", buttons=buttons, header_note=note)
