"""The editor of a template: its fields, a row for each button and each card, a sample for each variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..web.look import language_name
from .checks import LONGEST_LABEL, LONGEST_OFFER, problems
from .composing import CardWords, Key, Wording, compose
from .languages import CODES
from .models import Template
from .wording import variables

MOST_BUTTONS, MOST_CARDS = 10, 10
CARD_BUTTONS = 2

HEADERS = [
    ("", _("Nothing")),
    ("text", _("A line of text")),
    ("image", _("An image")),
    ("video", _("A video")),
    ("document", _("A document")),
    ("location", _("A place on the map")),
]
SHAPES = [
    ("plain", _("A message")),
    ("offer", _("An offer with an end")),
    ("carousel", _("Cards to swipe through")),
]
KINDS = [
    ("quick_reply", _("Quick reply")),
    ("url", _("Link")),
    ("phone_number", _("Call a number")),
    ("copy_code", _("Copy a code")),
    ("flow", _("Form (flow)")),
    ("catalog", _("Catalogue")),
    ("mpm", _("List of products")),
]
CARD_KINDS = [("", _("None")), *KINDS[:3]]
VALUES: dict[str, Any] = {
    "url": _("Address"),
    "phone_number": _("Phone number with its country"),
    "copy_code": _("Sample code"),
    "flow": _("Number of the flow at Meta"),
}


class WordingForm(forms.Form):
    """Everything but the rows. What is wrong with it is for `checks` to say, so nothing is required here."""

    use_required_attribute = False
    account = forms.TypedChoiceField(label=_("Account"), coerce=int)
    name = forms.CharField(label=_("Name"), max_length=512, required=False, help_text=_("Small letters, digits and _."))
    language = forms.ChoiceField(label=_("Language"), required=False)
    category = forms.ChoiceField(
        label=_("Category"),
        choices=Template.Category.choices,
        required=False,
        help_text=_("WhatsApp decides in the end, and makes marketing of what promotes."),
    )
    shape = forms.ChoiceField(label=_("Form"), choices=SHAPES, required=False)
    header = forms.ChoiceField(label=_("Above the text"), choices=HEADERS, required=False)
    header_text = forms.CharField(label=_("Header"), required=False)
    header_link = forms.CharField(
        label=_("Link to a sample"),
        required=False,
        help_text=_("For the reviewers. Each campaign chooses its own."),
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
    body = forms.CharField(label=_("Text"), required=False, widget=forms.Textarea(attrs={"rows": 6}))
    footer = forms.CharField(label=_("Footer"), required=False)
    offer_text = forms.CharField(
        label=_("What the offer is"), required=False, widget=forms.TextInput(attrs={"maxlength": LONGEST_OFFER})
    )
    offer_ends = forms.BooleanField(label=_("Each campaign says when it ends"), required=False, initial=True)
    card_header = forms.ChoiceField(
        label=_("On every card"), choices=[HEADERS[2], HEADERS[3]], required=False, initial="image"
    )
    card_button_0 = forms.ChoiceField(label=_("First button"), choices=CARD_KINDS[1:], required=False, initial="url")
    card_button_1 = forms.ChoiceField(label=_("Second button"), choices=CARD_KINDS, required=False)
    security = forms.BooleanField(
        label=_("Add “For your security, do not share this code.”"), required=False, initial=True
    )
    minutes = forms.IntegerField(label=_("The code lasts (minutes)"), required=False)
    code_button = forms.CharField(
        label=_("Button"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": LONGEST_LABEL, "placeholder": _("Copy code")}),
    )

    def __init__(self, *args: Any, accounts: list[Any], fixed: bool = False, **more: Any) -> None:
        super().__init__(*args, **more)
        self._choose("account", [(one.pk, f"{one.name} · {one.get_provider_display()}") for one in accounts])
        named = sorted(((code, language_name(code)) for code in CODES), key=lambda one: one[1].casefold())
        self._choose("language", [("", _("Choose a language")), *((code, f"{name} ({code})") for code, name in named)])
        if fixed:
            for name in ("account", "name", "language"):
                self.fields[name].disabled = True

    def _choose(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class ButtonForm(forms.Form):
    """One button: prefix "button-0"."""

    use_required_attribute = False
    kind = forms.ChoiceField(label=_("What it does"), choices=KINDS, required=False)
    text = forms.CharField(
        label=_("It says"), required=False, widget=forms.TextInput(attrs={"maxlength": LONGEST_LABEL})
    )
    value = forms.CharField(label=_("Where it leads"), required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if self["kind"].value() == "url":
            self.fields["value"].widget.attrs["placeholder"] = "https://shop.example/{{1}}"

    @property
    def value_label(self) -> str:
        """What its kind asks for besides the label, "" when nothing."""
        return str(VALUES.get(self["kind"].value() or "", ""))

    def key(self) -> Key:
        """The button that it describes."""
        kind = str(self["kind"].value() or "quick_reply")
        value = str(self["value"].value() or "").strip() if kind in VALUES else ""
        return Key(kind, str(self["text"].value() or "").strip(), value)


class CardForm(forms.Form):
    """One card: prefix "card-0". The kinds of its buttons are those of all cards."""

    use_required_attribute = False
    link = forms.CharField(
        label=_("Link to a sample"), required=False, widget=forms.URLInput(attrs={"placeholder": "https://"})
    )
    body = forms.CharField(label=_("Text"), required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, kinds: list[str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.kinds = kinds
        for number, kind in enumerate(kinds):
            self.fields[f"{number}-text"] = forms.CharField(label=_("Button says"), required=False)
            if kind in VALUES:
                self.fields[f"{number}-value"] = forms.CharField(label=VALUES[kind], required=False)

    def words(self) -> CardWords:
        """The card that it describes."""

        def said(name: str) -> str:
            return str(self[name].value() or "").strip() if name in self.fields else ""

        keys = tuple(Key(kind, said(f"{n}-text"), said(f"{n}-value")) for n, kind in enumerate(self.kinds))
        return CardWords(said("link"), said("body"), keys)


@dataclass(frozen=True)
class SampleRow:
    """The sample of one variable, and what is wrong with it."""

    key: str
    mark: str
    value: str
    problem: str = ""


class Editor:
    """The whole page: one form, rows of buttons and cards, samples. `do` is the button that was pressed."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        accounts: list[Any],
        words: Wording | None = None,
        account_id: int | None = None,
        fixed: bool = False,
    ) -> None:
        self.words_before = words or Wording()
        data = _with_defaults(data) if data is not None else None
        self.fixed = fixed
        self.data = data
        self.problems: dict[str, str] = {}
        initial = initial_of(self.words_before) | ({"account": account_id} if account_id else {})
        self.form = WordingForm(data, accounts=accounts, fixed=fixed, initial=initial)
        do = str(data.get("do", "")) if data is not None else ""
        keys = list(range(_count(data, "buttons", len(self.words_before.buttons), MOST_BUTTONS + 5)))
        cards = list(range(_count(data, "cards", len(self.words_before.cards) or 2, MOST_CARDS)))
        self.buttons = [
            ButtonForm(data, prefix=f"button-{n}", initial=_initial_key(self.words_before, n)) for n in keys
        ]
        kinds = [str(self.form[f"card_button_{n}"].value() or "") for n in range(CARD_BUTTONS)]
        kinds = [kind for kind in kinds if kind]
        self.cards = [
            CardForm(data, prefix=f"card-{n}", kinds=kinds, initial=_initial_card(self.words_before, n)) for n in cards
        ]
        self._press(do)

    def _press(self, do: str) -> None:
        """Add or take away a row, as the pressed button says."""
        verb, _colon, which = do.partition(":")
        if verb == "add_button" and len(self.buttons) < MOST_BUTTONS:
            self.buttons.append(ButtonForm(prefix=f"button-{len(self.buttons)}", initial={"kind": "quick_reply"}))
        if verb == "drop_button" and which.isdecimal() and int(which) < len(self.buttons):
            kept = [one.key() for n, one in enumerate(self.buttons) if n != int(which)]
            self.buttons = [
                ButtonForm(prefix=f"button-{n}", initial={"kind": one.kind, "text": one.text, "value": one.value})
                for n, one in enumerate(kept)
            ]
        if verb == "add_card" and len(self.cards) < MOST_CARDS:
            self.cards.append(
                CardForm(prefix=f"card-{len(self.cards)}", kinds=self.cards[0].kinds if self.cards else [])
            )
        if verb == "drop_card" and len(self.cards) > 2:
            self.cards.pop()

    @property
    def shape(self) -> str:
        """plain, offer, carousel, or code for a one-time password."""
        words = self.words()
        return "code" if words.category == "authentication" else words.shape

    def words(self) -> Wording:
        """What the page says now."""

        def said(name: str) -> str:
            return str(self.form[name].value() or "").strip()

        shape = said("shape") or "plain"
        before = self.words_before
        minutes = said("minutes")
        header = said("header")
        return Wording(
            name=before.name if self.fixed else said("name"),
            language=before.language if self.fixed else said("language"),
            category=said("category") or "marketing",
            shape=shape,
            header="" if shape == "carousel" else header,
            header_text=said("header_text") if header == "text" else "",
            header_link=said("header_link"),
            body=said("body").replace("\r\n", "\n"),
            footer=said("footer") if shape == "plain" else "",
            buttons=tuple(one.key() for one in self.buttons) if shape != "carousel" else (),
            offer_text=said("offer_text"),
            offer_ends=bool(self.form["offer_ends"].value()),
            card_header=said("card_header") or "image",
            cards=tuple(one.words() for one in self.cards) if shape == "carousel" else (),
            security=bool(self.form["security"].value()),
            minutes=int(minutes) if minutes.isdecimal() and len(minutes) < 9 else None,
            code_button=said("code_button"),
            samples=self._samples(),
        )

    def samples(self) -> list[SampleRow]:
        """A row for each variable that needs a sample now."""
        given = self._samples()
        rows = []
        for one in variables(compose(self.words())):
            if one.kind not in ("text", "url"):
                continue
            mark = "{{" + one.key + "}}" if one.kind == "text" else _link_mark(one.key)
            rows.append(SampleRow(one.key, mark, given.get(one.key, ""), self.problems.get(f"sample-{one.key}", "")))
        return rows

    @property
    def sender(self) -> str:
        """Who writes, for the preview: the chosen account."""
        field = self.form.fields["account"]
        assert isinstance(field, forms.ChoiceField)
        choices: Any = field.choices
        names = [label for value, label in choices if str(value) == str(self.form["account"].value() or value)]
        return str(names[0]).partition(" · ")[0] if names else ""

    def account_id(self) -> int:
        """The chosen account; 0 when none is."""
        value = str(self.form["account"].value() or "")
        return int(value) if value.isdecimal() else 0

    def check(self) -> bool:
        """Whether WhatsApp would take it; else every problem stands beside its field."""
        return self.refuse(problems(self.words()))

    def refuse(self, found: Mapping[str, str]) -> bool:
        """Put sentences beside their fields; True when there is none."""
        self.problems = dict(found)
        self.form.is_valid()
        for field, sentence in found.items():
            if field in self.form.fields:
                self.form.add_error(field, sentence)
        for row in (*self.buttons, *self.cards):
            row.is_valid()
            for field, sentence in found.items():
                name = field.removeprefix(f"{row.prefix}-")
                if name != field and name in row.fields:
                    row.add_error(name, sentence)
        return not found and not self.form.errors

    def _samples(self) -> dict[str, str]:
        if self.data is None:
            return dict(self.words_before.samples)
        prefix = "sample-"
        return {
            key.removeprefix(prefix): str(value).strip() for key, value in self.data.items() if key.startswith(prefix)
        }


# Fields that only some forms show: when the first of a line was not there, the others begin as they do on a new page.
DEFAULTS = {
    "card_button_0": {"card_header": "image", "card_button_0": "url"},
    "offer_text": {"offer_ends": "on"},
    "minutes": {"security": "on"},
}


def _with_defaults(data: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: data.get(name) for name in data}
    for shown, fields in DEFAULTS.items():
        if shown not in found:
            found |= fields
    return found


def initial_of(words: Wording) -> dict[str, Any]:
    """The main form's beginning."""
    plain = "name language category shape header header_text header_link body footer offer_text offer_ends card_header"
    found: dict[str, Any] = {name: getattr(words, name) for name in plain.split()}
    kinds = [key.kind for key in words.cards[0].buttons] if words.cards else ["url"]
    found |= {f"card_button_{n}": kind for n, kind in enumerate(kinds)}
    return found | {"security": words.security, "minutes": words.minutes, "code_button": words.code_button}


def _initial_key(words: Wording, number: int) -> dict[str, str]:
    if number >= len(words.buttons):
        return {}
    key = words.buttons[number]
    return {"kind": key.kind, "text": key.text, "value": key.value}


def _initial_card(words: Wording, number: int) -> dict[str, str]:
    if number >= len(words.cards):
        return {}
    card = words.cards[number]
    found = {"link": card.link, "body": card.body}
    for n, key in enumerate(card.buttons):
        found |= {f"{n}-text": key.text, f"{n}-value": key.value}
    return found


def _count(data: Mapping[str, Any] | None, name: str, before: int, most: int) -> int:
    if data is None:
        return before
    sent = str(data.get(name, ""))
    return min(int(sent), most) if sent.isdecimal() and len(sent) < 4 else 0


def _link_mark(key: str) -> str:
    """Which button a suffix belongs to, in words."""
    *card, _button, number = key.split(".")
    if card:
        return gettext("link of button %(number)s, card %(card)s") % {"number": number, "card": card[-1]}
    return gettext("link of button %(number)s") % {"number": number}
