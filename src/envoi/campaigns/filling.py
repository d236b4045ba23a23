"""What fills the places of a template on a campaign's page: one row for each variable and each header.

A row reads what the page sent, or what was stored, says in a sentence what is wrong with it, and gives the shape that a
campaign keeps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..core.errors import BadInput
from ..message_templates.wording import Header, Variable
from ..web import typed_moments
from .audience import FIELDS

TEXT = "text"
AS_IT_IS = "as_it_is"
LONGEST_CODE = 15  # of coupons and one-time codes (Meta sheet, A.5, C.2)
LONGEST_LINK = 2000
MOST_PRODUCTS, MOST_SECTIONS, LONGEST_TITLE = 30, 10, 24  # Meta sheet, A.5

Data = Mapping[str, Any]

LABELS: dict[str, Any] = {
    "code": gettext_lazy("One-time code"),
    "url": gettext_lazy("End of the link"),
    "coupon": gettext_lazy("Coupon"),
    "payload": gettext_lazy("What the button sends back"),
    "flow": gettext_lazy("The form’s token"),
    "product": gettext_lazy("Product in the picture"),
    "products": gettext_lazy("Products"),
    "moment": gettext_lazy("The offer ends"),
    "image": gettext_lazy("Image"),
    "video": gettext_lazy("Video"),
    "document": gettext_lazy("Document"),
    "gif": gettext_lazy("Animated image"),
    "location": gettext_lazy("Place"),
}


@dataclass(frozen=True)
class VariableRow:
    """One variable: `chosen` is a field of the contact, "text" or "as_it_is"; `text` is fixed or stands in.

    zone: by which clock a time in `text` was typed.
    """

    variable: Variable
    chosen: str
    text: str
    zone: str = ""

    @property
    def key(self) -> str:
        """Its name in the mapping."""
        return self.variable.key

    @property
    def kind(self) -> str:
        """What it takes (wording.Kind)."""
        return self.variable.kind

    @property
    def mark(self) -> str:
        """As it stands in the template."""
        return "{{" + self.key + "}}" if self.kind == "text" else self.key

    @property
    def label(self) -> str:
        """What it is, when its name does not say so."""
        return str(LABELS.get(self.kind, ""))

    @property
    def choices(self) -> list[tuple[str, Any]]:
        """What may fill it."""
        known: list[tuple[str, Any]] = [*FIELDS.items(), (TEXT, _("Fixed text"))]
        if self.chosen.startswith("attribute:"):
            known.insert(-1, (self.chosen, self.chosen.removeprefix("attribute:")))
        return [(AS_IT_IS, _("As it is in the template")), *known] if self.variable.optional else known

    @property
    def problem(self) -> str:
        """What is wrong with what was given, "" while it is right or empty."""
        if self.chosen != TEXT or not self.text:
            return ""
        match self.kind:
            case "code" | "coupon" if len(self.text) > LONGEST_CODE:
                return _("A code has at most %(most)s characters.") % {"most": LONGEST_CODE}
            case "moment":
                try:
                    ends = typed_moments.read(self.text, self.zone)
                except BadInput as problem:
                    return problem.sentence
                return _("This time has passed already.") if ends is not None and ends <= timezone.now() else ""
            case "products":
                return _products(self.text)[1]
        return ""

    def stored(self) -> dict[str, str]:
        """This line as a campaign keeps it."""
        if self.chosen == AS_IT_IS:
            return {}
        if self.chosen != TEXT:
            return {"field": self.chosen} | ({"fallback": self.text} if self.text else {})
        if self.kind == "moment":
            return {"text": _milliseconds(self.text, self.zone)}
        return {"text": _products(self.text)[0] if self.kind == "products" else self.text}


@dataclass(frozen=True)
class HeaderRow:
    """One header that the campaign chooses. `given` holds what was typed, by the names of `wording.header_of`.

    files: what the library offers, as (id, name); with any, the page shows a choice beside the link.
    """

    header: Header
    given: dict[str, str]
    files: tuple[tuple[int, str], ...] = ()

    FIELDS = (
        "file",
        "link",
        "filename",
        "latitude",
        "longitude",
        "name",
        "address",
        "product_retailer_id",
        "catalog_id",
    )

    @property
    def key(self) -> str:
        """Its name in the mapping."""
        return self.header.key

    @property
    def kind(self) -> str:
        """image, video, document, gif, location or product."""
        return self.header.kind

    @property
    def label(self) -> str:
        """What it is, and on which card."""
        words = str(LABELS.get(self.kind, self.kind))
        if self.key.startswith("card."):
            return _("%(what)s of card %(number)s") % {"what": words, "number": self.key.split(".")[1]}
        return words

    @property
    def problem(self) -> str:
        """What is wrong with what was given, "" while it is right or empty."""
        file, link = self.given.get("file"), self.given.get("link", "")
        if file and int(file) not in dict(self.files):
            return _("This file is not in the library.")
        if link and not file:
            host = link.removeprefix("https://").partition("/")[0]
            if not link.startswith("https://") or not host or " " in link or len(link) > LONGEST_LINK:
                return _("Give a public address that begins with https://")
        for name, most in (("latitude", 90), ("longitude", 180)):
            if self.given.get(name) and not _is_degree(self.given[name], most):
                return _("Latitude and longitude are numbers, such as 48.8566 and 2.3522.")
        return ""

    def stored(self) -> dict[str, Any]:
        """This header as a campaign keeps it: a file's id before a link."""
        if self.problem:
            return {}
        kept: dict[str, Any] = {name: value for name, value in self.given.items() if value}
        if "file" in kept:
            kept.pop("link", None)
            kept["file"] = int(kept["file"])
        return kept


def variable_row(variable: Variable, data: Data, stored: Mapping[str, str] | None) -> VariableRow:
    """As stored, else as sent with the form, else a good guess by its name."""
    key, kind, here = variable.key, variable.kind, typed_moments.here()
    if stored:
        text = stored.get("text") or stored.get("fallback", "")
        return VariableRow(variable, stored.get("field", TEXT), _SHOWN.get(kind, str)(text), here)
    if f"from.{key}" in data or f"text.{key}" in data:
        text = str(data.get(f"text.{key}", "")).strip()
        zone = str(data.get(f"zone.{key}", ""))
        return VariableRow(variable, _known(str(data.get(f"from.{key}", TEXT)), variable), text, zone)
    if variable.optional:
        return VariableRow(variable, AS_IT_IS, "", here)
    guess = next(
        (field for field in FIELDS if field == key.rpartition(".")[2]),
        "first_name" if key in ("1", "header.1") and kind == "text" else TEXT,
    )
    return VariableRow(variable, guess, variable.sample if guess == TEXT else "", here)


def header_row(
    header: Header, data: Data, stored: Mapping[str, Any] | None, files: tuple[tuple[int, str], ...] = ()
) -> HeaderRow:
    """As stored, else as sent with the form, else the sample that was reviewed."""
    if stored:
        return HeaderRow(header, {name: str(stored[name]) for name in HeaderRow.FIELDS if stored.get(name)}, files)
    sent = {
        name: str(data[f"{name}.{header.key}"]).strip() for name in HeaderRow.FIELDS if data.get(f"{name}.{header.key}")
    }
    if not sent and f"link.{header.key}" not in data and header.sample:
        sent = {"link": header.sample}
    if not sent.get("file", "").isdecimal():
        sent.pop("file", None)
    return HeaderRow(header, sent, files)


def _known(chosen: str, variable: Variable) -> str:
    if chosen in FIELDS or chosen.startswith("attribute:") or (chosen == AS_IT_IS and variable.optional):
        return chosen
    return TEXT


def _milliseconds(text: str, zone: str) -> str:
    """A time as a campaign keeps it; "" for what can't be one, which VariableRow.problem says."""
    try:
        ends = typed_moments.read(text, zone)
    except BadInput:
        return ""
    return str(int(ends.timestamp() * 1000)) if ends else ""


def _moment_shown(text: str) -> str:
    try:
        return typed_moments.shown(datetime.fromtimestamp(int(text) / 1000, UTC))
    except (ValueError, OverflowError, OSError):
        return ""


def _products(text: str) -> tuple[str, str]:
    """The action of a product list as JSON, and what is wrong. One section a line: "Title: number, number"."""
    sections = []
    # Chinese keyboards write the full-width marks.
    for line in filter(None, map(str.strip, text.replace("：", ":").replace("，", ",").splitlines())):
        title, colon, numbers = line.rpartition(":")
        products = [number for number in map(str.strip, numbers.split(",")) if number]
        if not colon or not title.strip() or not products:
            return "", _("Write each section on a line of its own, such as “Shoes: A12, A13”.")
        if len(title.strip()) > LONGEST_TITLE:
            return "", _("A section’s title has at most %(most)s characters.") % {"most": LONGEST_TITLE}
        items = [{"product_retailer_id": number} for number in products]
        sections.append({"title": title.strip(), "product_items": items})
    if not sections:
        return "", ""
    count = sum(len(section["product_items"]) for section in sections)
    if len(sections) > MOST_SECTIONS or count > MOST_PRODUCTS:
        return "", _("A message shows at most 30 products in 10 sections.")
    thumbnail = sections[0]["product_items"][0]["product_retailer_id"]  # type: ignore[index]
    return json.dumps({"thumbnail_product_retailer_id": thumbnail, "sections": sections}, ensure_ascii=False), ""


def _products_shown(text: str) -> str:
    try:
        sections = json.loads(text)["sections"]
        return "\n".join(
            f"{one['title']}: {', '.join(item['product_retailer_id'] for item in one['product_items'])}"
            for one in sections
        )
    except (ValueError, LookupError, TypeError):
        return ""


def _is_degree(text: str, most: int) -> bool:
    try:
        return abs(float(text)) <= most
    except ValueError:
        return False


_SHOWN: dict[str, Callable[[str], str]] = {"moment": _moment_shown, "products": _products_shown}
