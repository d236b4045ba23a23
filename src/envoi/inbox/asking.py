"""A question with buttons or a list, from a form to the message that WhatsApp takes (Meta sheet, A.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from ..messaging.sending import What

MOST_BUTTONS, MOST_ROWS = 3, 10
LONGEST = {"body": 1_024, "list": 4_096, "button": 20, "row": 24, "more": 72, "label": 20, "header": 60, "footer": 60}


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody has filled in so far; empty lines are kept so that they can be filled."""

    shape: str = "button"
    body: str = ""
    header: str = ""
    footer: str = ""
    label: str = ""
    buttons: Sequence[str] = ("",) * MOST_BUTTONS
    rows: Sequence[tuple[str, str]] = (("", ""),) * MOST_ROWS

    @property
    def titles(self) -> list[str]:
        """What can be tapped."""
        every = self.buttons if self.shape == "button" else [title for title, _more in self.rows]
        return [title for title in every if title]


def question(given: QueryDict) -> Question:
    """A form's fields as they were filled in."""
    titles, mores = given.getlist("row")[:MOST_ROWS], given.getlist("more")[:MOST_ROWS]
    pairs = [(_line(title), _line(more)) for title, more in zip(titles, mores, strict=False)]
    buttons = [_line(one) for one in given.getlist("button")[:MOST_BUTTONS]]
    return Question(
        shape="list" if given.get("shape") == "list" else "button",
        body=given.get("body", "").replace("\0", "").strip(),
        header=_line(given.get("header", "")),
        footer=_line(given.get("footer", "")),
        label=_line(given.get("label", "")),
        buttons=[*buttons, *[""] * (MOST_BUTTONS - len(buttons))],
        rows=[*pairs, *[("", "")] * (MOST_ROWS - len(pairs))],
    )


def content_of(one: Question) -> dict[str, Any]:
    """The message's content, as far as it is filled in: good for a preview too."""
    content: dict[str, Any] = {"type": one.shape, "body": {"text": one.body}, "action": _action(one)}
    if one.header:
        content["header"] = {"type": "text", "text": one.header}
    if one.footer:
        content["footer"] = {"text": one.footer}
    return content


def message_of(one: Question) -> What:
    """The message to send. Raises BadInput with a sentence for what WhatsApp would refuse."""
    if not one.body:
        raise BadInput(_("Write the question: WhatsApp sends no buttons without words."))
    if not one.titles:
        raise BadInput(_("Name at least one button.") if one.shape == "button" else _("Name at least one line."))
    if len(set(one.titles)) < len(one.titles):
        raise BadInput(_("Two of them say the same: the answer could not be told apart."))
    if one.shape == "list" and not one.label:
        raise BadInput(_("Say what opens the list, such as “Choose”."))
    given: list[tuple[str, str]] = [("header", one.header), ("footer", one.footer), ("label", one.label)]
    given += [("button" if one.shape == "button" else "row", title) for title in one.titles]
    given += [("more", more) for _title, more in one.rows]
    given += [("body" if one.shape == "button" else "list", one.body)]
    for name, text in given:
        if len(text) > LONGEST[name]:
            words = {"text": text[:30], "most": LONGEST[name]}
            raise BadInput(_("“%(text)s…” is too long: at most %(most)s characters there.") % words)
    return What("interactive", content_of(one), one.body)


def _action(one: Question) -> dict[str, Any]:
    if one.shape == "button":
        replies = [{"id": f"button-{n}", "title": title} for n, title in enumerate(one.titles, 1)]
        return {"buttons": [{"type": "reply", "reply": reply} for reply in replies]}
    lines = [
        {"id": f"row-{n}", "title": title} | ({"description": more} if more else {})
        for n, (title, more) in enumerate(one.rows, 1)
        if title
    ]
    return {"button": one.label, "sections": [{"title": one.label, "rows": lines}]}


def _line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())
