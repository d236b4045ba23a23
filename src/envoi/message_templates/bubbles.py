"""How a customer will see a template: header, text, footer, buttons, cards, with the variables filled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .parts import (
    VARIABLE,
    Components,
    buttons_of,
    cards_of,
    header_format,
    is_one_time_code,
    kind_of,
    offer_of,
    part_of,
    sample_link,
)


@dataclass(frozen=True, slots=True)
class Button:
    """A button under the message: what it says, and where it leads when it leads anywhere."""

    kind: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message as its customer sees it, variables filled. A carousel's cards are bubbles of their own.

    header_kind: "", text, image, video, document, gif, location or product. header_note: which file or place it is;
    header_file: the library's file that it shows, None where there is none.
    """

    header: str
    header_kind: str
    body: str
    footer: str
    buttons: tuple[Button, ...]
    header_note: str = ""
    offer: str = ""
    cards: tuple[Bubble, ...] = ()
    header_file: int | None = None


def bubble(
    components: Components,
    values: Mapping[str, str],
    chosen: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    prefix: str = "",
) -> Bubble:
    """The message with `values` (by variable key) filled in; a missing one stays visible as {{name}}.

    chosen: a campaign's mapping, of which the headers are shown. prefix: "card.1." for the card of a carousel.
    """
    kind = header_format(components)
    text = str(part_of(components, "HEADER").get("text") or "")
    header = (chosen or {}).get(f"{prefix}header") or {}
    file = header.get("file")
    return Bubble(
        header=_fill(text, values, prefix, "header."),
        header_kind=kind,
        body=_fill(_body(components), values, prefix),
        footer=_footer(components),
        buttons=tuple(
            _button(button, values, f"{prefix}button.{n}") for n, button in enumerate(buttons_of(components), 1)
        ),
        header_note=_note(kind, header, sample_link(components)),
        offer=str(offer_of(components).get("text") or ""),
        cards=tuple(
            bubble(card, values, chosen, prefix=f"card.{number}.")
            for number, card in enumerate(cards_of(components), 1)
        ),
        header_file=file if isinstance(file, int) else None,
    )


def _body(components: Components) -> str:
    part = part_of(components, "BODY")
    text = str(part.get("text") or "")
    if text or not is_one_time_code(components):
        return text
    # WhatsApp writes these words itself, in the template's language (Meta sheet, C.1).
    words = _("%(code)s is your verification code.") % {"code": "{{1}}"}
    if not part.get("add_security_recommendation"):
        return words
    advice = _("For your security, do not share this code.")
    return f"{words} {advice}"


def _footer(components: Components) -> str:
    part = part_of(components, "FOOTER")
    minutes = part.get("code_expiration_minutes")
    if minutes and not part.get("text"):
        return _("This code expires in %(minutes)s minutes.") % {"minutes": minutes}
    return str(part.get("text") or "")


def _button(button: Mapping[str, Any], values: Mapping[str, str], key: str) -> Button:
    kind, url = kind_of(button), str(button.get("url") or "")
    suffix = values.get(key)
    if kind == "URL" and suffix is not None:
        url = suffix.join(VARIABLE.split(url)[::2])
    words = {
        "OTP": _("Copy code"),
        "COPY_CODE": _("Copy offer code"),
        "CATALOG": _("View catalogue"),
        "MPM": _("View items"),
    }
    return Button(kind.lower(), str(button.get("text") or "") or words.get(kind, ""), url)


def _note(kind: str, chosen: Mapping[str, Any], sample: str) -> str:
    if kind == "location":
        return ", ".join(str(chosen[key]) for key in ("name", "address") if chosen.get(key))
    if kind == "product":
        return str(chosen.get("product_retailer_id") or "")
    link = str(chosen.get("filename") or chosen.get("link") or ("" if chosen.get("file") else sample))
    return link.partition("?")[0].rstrip("/").rpartition("/")[2]


def _fill(text: str, values: Mapping[str, str], prefix: str, inner: str = "") -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        return values.get(f"{prefix}{inner}{name}", values.get(prefix + name, match[0]))

    return VARIABLE.sub(value, text)
