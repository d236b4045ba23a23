"""What WhatsApp would refuse in a wording, each with a sentence and the field it is about (Meta sheet, C.1, C.2)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from django.utils.translation import gettext as _

from .composing import HEADERS, CardWords, Key, Wording, compose
from .languages import CODES
from .parts import MEDIA, VARIABLE
from .wording import variables

NAME = re.compile(r"[a-z0-9_]{1,512}")
VARIABLE_NAME = re.compile(r"[a-z][a-z0-9_]*|[1-9][0-9]*")
PHONE = re.compile(r"\+?[0-9]{6,19}")
LONGEST_BODY, LONGEST_OFFER_BODY, LONGEST_CARD_BODY = 1024, 600, 160
LONGEST_HEADER, LONGEST_FOOTER, LONGEST_LABEL, LONGEST_OFFER, LONGEST_COUPON = 60, 60, 25, 16, 15
LONGEST_URL = 2000
MOST_BUTTONS = 10
MOST_OF = {"url": 2, "phone_number": 1, "copy_code": 1, "flow": 1, "catalog": 1, "mpm": 1}
# The threshold is not published; under this the reviewers' rule 2388293 is likely.
WORDS_PER_VARIABLE = 2

Problems = dict[str, str]


def problems(words: Wording) -> Problems:
    """By field of the editor ("body", "button-0-text", "sample-first_name"), the first thing wrong with it."""
    found: Problems = {}
    if not NAME.fullmatch(words.name):
        found["name"] = _("A name has only small letters a to z, digits and _, such as spring_sale.")
    if words.language not in CODES:
        found["language"] = _("WhatsApp has no templates in this language.")
    if words.category not in ("marketing", "utility", "authentication"):
        found["category"] = _("Choose a category.")
    if words.category == "authentication":
        return found | _one_time_code(words)
    _put(found, "header", _header_kind(words))
    _put(found, "header_text", _header_text(words))
    if words.header in MEDIA:
        _put(found, "header_link", _link(words.header_link))
    most = LONGEST_OFFER_BODY if words.shape == "offer" else LONGEST_BODY
    _put(found, "body", _body(words.body, most) if words.body.strip() else _("Write the message."))
    _put(found, "footer", _footer(words))
    found |= _buttons(words.buttons, "button-")
    _put(found, "buttons", _together(words.buttons))
    if words.shape == "offer":
        found |= _offer(words)
    if words.shape == "carousel":
        found |= _carousel(words)
    if not found.keys() & {"body", "header_text"}:
        found |= _samples(words)
    return found


def _put(found: Problems, field: str, sentence: str) -> None:
    if sentence:
        found.setdefault(field, sentence)


def _one_time_code(words: Wording) -> Problems:
    found: Problems = {}
    if words.minutes is not None and not 1 <= words.minutes <= 90:
        found["minutes"] = _("A code lasts 1 to 90 minutes.")
    if len(words.code_button) > LONGEST_LABEL:
        found["code_button"] = _("A button’s label has at most %(most)s characters.") % {"most": LONGEST_LABEL}
    return found


def _header_kind(words: Wording) -> str:
    if words.header not in HEADERS:
        return _("Choose what stands above the text.")
    if words.shape == "carousel" and words.header:
        return _("A carousel has no header: every card has its own.")
    if words.shape == "offer" and words.header not in ("image", "video"):
        return _("An offer needs an image or a video above the text.")
    return ""


def _header_text(words: Wording) -> str:
    if words.header != "text":
        return ""
    text = words.header_text
    if not text.strip():
        return _("Write the header, or choose none.")
    if sentence := _braces(text):
        return sentence
    if len(text) > LONGEST_HEADER:
        return _("A header has at most %(most)s characters; this one has %(count)s.") % {
            "most": LONGEST_HEADER,
            "count": len(text),
        }
    if len(VARIABLE.findall(text)) > 1:
        return _("A header has one variable at most.")
    if any(letter in text for letter in "\n*~`"):
        return _("A header is one line without *, ~ or `.")
    if _has_emoji(text):
        return _("A header can’t hold emoji; put them into the text.")
    return ""


def _body(text: str, most: int) -> str:
    if len(text) > most:
        return _("The text has at most %(most)s characters; this one has %(count)s.") % {
            "most": most,
            "count": len(text),
        }
    if sentence := _braces(text):
        return sentence
    found = list(VARIABLE.finditer(text.strip()))
    if not found:
        return ""
    if found[0].start() == 0 or found[-1].end() == len(text.strip()):
        return _("The text can’t begin or end with a variable: add a few words, or a full stop.")
    if any(not text.strip()[a.end() : b.start()].strip() for a, b in pairwise(found)):
        return _("Two variables can’t stand side by side: write something between them.")
    words = len(VARIABLE.sub(" ", text).split()) + sum(letter >= "⺀" for letter in text) // 2
    if words < WORDS_PER_VARIABLE * len(found):
        return _("There are too many variables for so few words: say more around them.")
    return ""


def _braces(text: str) -> str:
    rest = VARIABLE.sub("", text)
    if "{{" in rest or "}}" in rest:
        return _("A variable is written {{name}}: two braces on each side and a name without spaces between them.")
    names = list(dict.fromkeys(VARIABLE.findall(text)))
    if bad := next((name for name in names if not VARIABLE_NAME.fullmatch(name)), ""):
        return _("“%(name)s” is no name for a variable: use small letters, digits and _.") % {"name": bad}
    numbers = sorted(int(name) for name in names if name.isdigit())
    if numbers and len(numbers) < len(names):
        return _("Give every variable a name, or a number, but not both kinds in one template.")
    if numbers and numbers != list(range(1, len(numbers) + 1)):
        return _("Numbered variables begin with {{1}} and leave none out.")
    return ""


def _footer(words: Wording) -> str:
    text = words.footer
    if text and words.shape in ("offer", "carousel"):
        return _("An offer or a carousel has no footer.")
    if len(text) > LONGEST_FOOTER:
        return _("A footer has at most %(most)s characters; this one has %(count)s.") % {
            "most": LONGEST_FOOTER,
            "count": len(text),
        }
    if "{{" in text or "}}" in text:
        return _("A footer has no variables.")
    return ""


def _buttons(keys: Iterable[Key], prefix: str) -> Problems:
    found: Problems = {}
    labels: set[str] = set()
    for index, key in enumerate(keys):
        if not key.text.strip() and key.kind != "copy_code":
            found[f"{prefix}{index}-text"] = _("Write what the button says.")
        elif len(key.text) > LONGEST_LABEL:
            found[f"{prefix}{index}-text"] = _("A button’s label has at most %(most)s characters.") % {
                "most": LONGEST_LABEL
            }
        elif "{{" in key.text or _has_emoji(key.text):
            found[f"{prefix}{index}-text"] = _("A button’s label has no variables and no emoji.")
        elif key.text and key.text.casefold() in labels:
            found[f"{prefix}{index}-text"] = _("Two buttons say the same.")
        labels.add(key.text.casefold())
        _put(found, f"{prefix}{index}-value", _value(key))
    return found


def _value(key: Key) -> str:
    match key.kind:
        case "url":
            if sentence := _link(key.value):
                return sentence
            parts = VARIABLE.split(key.value)
            if len(parts) > 3 or (len(parts) == 3 and parts[2]) or "{{" in parts[0] or "}}" in parts[0]:
                return _("A link has one variable at most, and it stands at its end.")
            if len(parts) == 3 and "/" not in parts[0].removeprefix("https://"):
                return _("The variable can’t be the name of the website: put a / before it.")
        case "phone_number" if not PHONE.fullmatch(key.value.replace(" ", "")):
            return _("Write the phone number with its country, such as +33 1 70 00 00 00.")
        case "copy_code" if not 1 <= len(key.value) <= LONGEST_COUPON:
            return _("Give a sample code of 1 to %(most)s characters.") % {"most": LONGEST_COUPON}
        case "flow" if not key.value.isdigit():
            return _("Give the number of the form (flow) at Meta.")
    return ""


def _together(keys: tuple[Key, ...]) -> str:
    if len(keys) > MOST_BUTTONS:
        return _("A template has at most %(most)s buttons; this one has %(count)s.") % {
            "most": MOST_BUTTONS,
            "count": len(keys),
        }
    kinds = [key.kind for key in keys]
    for kind, most in MOST_OF.items():
        if kinds.count(kind) > most:
            return _(
                "There are too many buttons of one kind: at most two links and one of any other but quick replies."
            )
    if sum((a == "quick_reply") != (b == "quick_reply") for a, b in pairwise(kinds)) > 1:
        return _("Put the quick replies together, and the other buttons together.")
    return ""


def _offer(words: Wording) -> Problems:
    found: Problems = {}
    if words.category != "marketing":
        found["shape"] = _("A limited-time offer is marketing: change the category or the form.")
    if not 1 <= len(words.offer_text.strip()) <= LONGEST_OFFER:
        found["offer_text"] = _("Write what the offer is in 1 to %(most)s characters.") % {"most": LONGEST_OFFER}
    kinds = [key.kind for key in words.buttons]
    if words.offer_ends and kinds[-1:] != ["url"]:
        found.setdefault(
            "buttons", _("An offer needs a link as its last button, and before it a code to copy, if any.")
        )
    return found


def _carousel(words: Wording) -> Problems:
    found: Problems = {}
    if words.category != "marketing":
        found["shape"] = _("A carousel is marketing: change the category or the form.")
    if words.buttons:
        found["buttons"] = _("A carousel has buttons on its cards only.")
    if not 2 <= len(words.cards) <= 10:
        found["cards"] = _("A carousel has 2 to 10 cards.")
    for number, card in enumerate(words.cards):
        found |= _card(card, f"card-{number}-")
    return found


def _card(card: CardWords, prefix: str) -> Problems:
    found: Problems = {}
    _put(found, f"{prefix}link", _link(card.link))
    if card.body:
        _put(found, f"{prefix}body", _body(card.body, LONGEST_CARD_BODY))
    if not card.buttons:
        found[f"{prefix}body"] = _("Every card has one or two buttons.")
    return found | _buttons(card.buttons, prefix)


def _samples(words: Wording) -> Problems:
    sentence = _("Give a sample: the reviewers need one for every variable.")
    wanted = (one for one in variables(compose(words)) if one.kind in ("text", "url"))
    return {f"sample-{one.key}": sentence for one in wanted if not words.samples.get(one.key, "").strip()}


def _link(link: str) -> str:
    host = VARIABLE.split(link)[0].removeprefix("https://").partition("/")[0]
    if not link.startswith("https://") or "." not in host or " " in link or len(link) > LONGEST_URL:
        return _("Give a public address that begins with https://")
    return ""


def _has_emoji(text: str) -> bool:
    return any(ord(one) >= 0x1F000 or one == "\ufe0f" or unicodedata.category(one) == "So" for one in text)
