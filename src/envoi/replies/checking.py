"""Whether a rule can be meant: what was given becomes what is kept, or a sentence says what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from ..channels.models import Channel
from ..contacts.attributes import definitions
from ..contacts.words import language_of
from ..core.errors import BadInput
from ..media.models import File
from ..message_templates.models import Template
from ..segments.models import Segment
from ..team.models import Staff, Team
from .folding import folded, is_unspaced
from .models import PromoPool
from .rules import MEDIA
from .saying import (
    LONGEST_BUTTON,
    LONGEST_CAPTION,
    LONGEST_DESCRIPTION,
    LONGEST_MENU_TEXT,
    LONGEST_ROW,
    LONGEST_TEXT,
    MOST_ROWS,
    is_list,
)
from .wording import CODE, OF_CONTACT, OF_ORDER, variables_in

TRIGGERS = ("keyword", "first", "outside_hours", "payload", "media", "referral", "order", "any", "nothing")
WITH_WORDS = ("keyword", "payload", "media", "referral")
HOW = ("word", "contains", "exact", "fuzzy")
MOST_WORDS, LONGEST_WORD = 200, 100
MOST_ACTIONS = 10
MOST_LANGUAGES = 20

Json = dict[str, Any]


def checked_trigger(given: Mapping[str, Any]) -> Json:
    """A trigger as it is kept. Raises BadInput."""
    on = given.get("on")
    if on not in TRIGGERS:
        raise BadInput(_("Choose when the rule answers."))
    kept: Json = {"on": on}
    if on in WITH_WORDS:
        kept["words"] = _words(given.get("words") or ())
    if on == "keyword":
        how = given.get("how") or "word"
        if how not in HOW:
            raise BadInput(_("Choose how a keyword is found."))
        if not kept["words"]:
            raise BadInput(_("Write a keyword at least."))
        for word in kept["words"]:
            plain = folded(word)
            if not plain:
                raise BadInput(
                    _("“%(word)s” has neither letters nor digits: it would never be found.") % {"word": word}
                )
            if how == "contains" and len(plain) < 2 and not is_unspaced(plain) and plain.isalnum():
                raise BadInput(_("“%(word)s” is in nearly every message: look for a whole word.") % {"word": word})
        kept["how"] = how
    if on == "media" and not set(kept["words"]) <= set(MEDIA):
        raise BadInput(_("Choose kinds of messages: %(kinds)s.") % {"kinds": ", ".join(MEDIA)})
    return kept


def checked_conditions(given: Mapping[str, Any]) -> Json:
    """Conditions as they are kept; what asks nothing is left out. Raises BadInput."""
    kept: Json = {}
    for name in ("has_tags", "lacks_tags"):
        if tags := _names(given.get(name) or ()):
            kept[name] = tags
    if both := set(kept.get("has_tags", ())) & set(kept.get("lacks_tags", ())):
        raise BadInput(_("Nobody has and lacks the tag “%(tag)s” at once.") % {"tag": min(both)})
    if given.get("segment") is not None:
        if not Segment.objects.filter(pk=given["segment"]).exists():
            raise BadInput(_("Choose a segment that exists."))
        kept["segment"] = int(given["segment"])
    if hours := given.get("hours"):
        if hours not in ("open", "closed"):
            raise BadInput(_("Choose open or closed hours."))
        kept["hours"] = hours
    if languages := [language_of(str(one)) for one in given.get("languages") or () if str(one).strip()]:
        kept["languages"] = sorted(set(languages))
    for name in ("window", "with_people"):
        if given.get(name):
            kept[name] = True
    return kept


def checked_places(ids: Sequence[int], model: type[Channel] | type[Team]) -> list[int]:
    """Ids of channels or teams that exist. Raises BadInput."""
    wanted = sorted(set(ids))
    if len(wanted) != model.objects.filter(pk__in=wanted).count():
        raise BadInput(_("Choose channels and teams that exist."))
    return wanted


def checked_moment(given: datetime | str | None) -> datetime | None:
    """A moment with its zone. Raises BadInput."""
    if given in (None, ""):
        return None
    try:
        found = given if isinstance(given, datetime) else parse_datetime(str(given))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadInput(_("Write a moment as 2026-03-01T09:00:00Z."))
    return found


def checked_actions(given: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Actions as they are kept, in their order. Raises BadInput, saying which of them."""
    if not given:
        raise BadInput(_("Say what is done: add an action at least."))
    if len(given) > MOST_ACTIONS:
        raise BadInput(_("A rule does at most %(most)s things.") % {"most": MOST_ACTIONS})
    kept = []
    for action in given:
        check = _ACTIONS.get(str(action.get("do")))
        if check is None:
            raise BadInput(_("“%(word)s” is nothing that a rule can do.") % {"word": str(action.get("do"))[:40]})
        kept.append({"do": action["do"], **check(action)})
    return kept


def checked_texts(
    given: Sequence[Mapping[str, Any]],
    *,
    longest: int = LONGEST_TEXT,
    may_be_empty: bool = False,
    with_code: bool = False,
) -> list[Json]:
    """One text a language, "" for everybody else; the variables in it are known. Raises BadInput."""
    kept: list[Json] = []
    for one in given:
        text = str(one.get("text") or "").replace("\0", "").replace("\r\n", "\n").strip()
        if not text:
            continue
        if len(text) > longest:
            raise BadInput(_("A text has at most %(most)s characters here.") % {"most": longest})
        language = language_of(str(one.get("language") or ""))
        if any(other["language"] == language for other in kept):
            raise BadInput(_("There are two texts for one language."))
        _known_variables(text, with_code=with_code)
        kept.append({"language": language, "text": text})
    if not kept and not may_be_empty:
        raise BadInput(_("Write what is answered."))
    if len(kept) > MOST_LANGUAGES:
        raise BadInput(_("At most %(most)s languages.") % {"most": MOST_LANGUAGES})
    return kept


def _known_variables(text: str, *, with_code: bool) -> None:
    names = variables_in(text)
    attributes = {one.key for one in definitions()} if names else set()
    for name, has_fallback in names:
        if name == CODE:
            if not with_code:
                raise BadInput(_("{{code}} stands only in the text of a promo code."))
        elif name not in (*OF_CONTACT, *OF_ORDER) and name not in attributes and not has_fallback:
            raise BadInput(
                _("There is no variable {{%(name)s}}. Say what stands in for it, as in {{%(name)s|friend}}.")
                % {"name": name}
            )
    if with_code and CODE not in [name for name, _has in names]:
        raise BadInput(_("Write {{code}} where the code stands."))


def _text(given: Mapping[str, Any]) -> Json:
    return {"texts": checked_texts(_objects(given, "texts"))}


def _promo(given: Mapping[str, Any]) -> Json:
    if not PromoPool.objects.filter(pk=_whole(given.get("pool"))).exists():
        raise BadInput(_("Choose a pool of codes."))
    return {"pool": _whole(given["pool"]), "texts": checked_texts(_objects(given, "texts"), with_code=True)}


def _template(given: Mapping[str, Any]) -> Json:
    template = Template.objects.filter(pk=_whole(given.get("template"))).first()
    if template is None:
        raise BadInput(_("Choose a template."))
    said = given.get("values") or {}
    if not isinstance(said, Mapping):
        raise BadInput(_("“%(name)s” is not understood.") % {"name": "values"})
    values = {str(key): str(value).replace("\0", "").strip()[:1_000] for key, value in said.items()}
    for value in values.values():
        _known_variables(value, with_code=False)
    return {"template": template.pk, "values": values}


def _media(given: Mapping[str, Any]) -> Json:
    file = File.objects.filter(pk=_whole(given.get("file")), source=File.Source.UPLOAD).first()
    if file is None:
        raise BadInput(_("Choose a file of the library."))
    texts = checked_texts(_objects(given, "texts"), longest=LONGEST_CAPTION, may_be_empty=True)
    return {"file": file.pk, "texts": texts}


def _menu(given: Mapping[str, Any]) -> Json:
    versions = []
    texts = checked_texts(_objects(given, "texts"), longest=LONGEST_MENU_TEXT)
    said = [one for one in _objects(given, "texts") if str(one.get("text") or "").strip()]
    for one, whole in zip(texts, said, strict=True):
        options = [_option(option) for option in _objects(whole, "options")]
        if not options:
            raise BadInput(_("A menu needs an option at least."))
        if len(options) > MOST_ROWS:
            raise BadInput(_("A menu has at most %(most)s options.") % {"most": MOST_ROWS})
        titles = [option["title"] for option in options]
        payloads = [option.get("payload") or option["title"] for option in options]
        if len(set(titles)) < len(titles) or len(set(payloads)) < len(payloads):
            raise BadInput(_("Each option of a menu needs a name of its own."))
        button = str(whole.get("button") or "").strip()
        if is_list(options) and not 1 <= len(button) <= LONGEST_BUTTON:
            raise BadInput(_("A list needs the words on its button, at most 20 characters."))
        versions.append({**one, "options": options, "button": button})
    return {"texts": versions}


def _option(given: Mapping[str, Any]) -> Json:
    title, about, payload = (" ".join(str(given.get(key) or "").split()) for key in ("title", "description", "payload"))
    if not 1 <= len(title) <= LONGEST_ROW:
        raise BadInput(_("An option’s name has 1 to %(most)s characters.") % {"most": LONGEST_ROW})
    if len(about) > LONGEST_DESCRIPTION:
        raise BadInput(_("An option’s description has at most %(most)s characters.") % {"most": LONGEST_DESCRIPTION})
    if len(payload) > 200:
        raise BadInput(_("What an option sends back has at most 200 characters."))
    kept = {"title": title}
    if about:
        kept["description"] = about
    if payload:
        kept["payload"] = payload
    return kept


def _tag(given: Mapping[str, Any]) -> Json:
    tag = " ".join(str(given.get("tag") or "").replace("\0", "").split())
    if not 1 <= len(tag) <= 60:
        raise BadInput(_("A tag has 1 to 60 characters."))
    return {"tag": tag}


def _consent(given: Mapping[str, Any]) -> Json:
    if given.get("state") not in ("granted", "withdrawn"):
        raise BadInput(_("Choose whether consent is given or withdrawn."))
    return {"state": given["state"]}


def _assign(given: Mapping[str, Any]) -> Json:
    staff, team = given.get("staff"), given.get("team")
    if (staff is None) == (team is None):
        raise BadInput(_("Choose a person or a team."))
    if staff is not None:
        if not Staff.objects.filter(pk=_whole(staff), is_active=True).exists():
            raise BadInput(_("Choose somebody who works here."))
        return {"staff": _whole(staff)}
    if not Team.objects.filter(pk=_whole(team)).exists():
        raise BadInput(_("Choose a team that exists."))
    return {"team": _whole(team)}


def _priority(given: Mapping[str, Any]) -> Json:
    if _whole(given.get("priority")) not in (0, 1, 2):
        raise BadInput(_("Choose a priority."))
    return {"priority": _whole(given["priority"])}


def _webhook(given: Mapping[str, Any]) -> Json:
    url = str(given.get("url") or "").strip()
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("https", "http") and parts.hostname and not parts.username and parts.port != 0
    except ValueError:
        known = None
    if not known or len(url) > 2_000 or any(letter.isspace() for letter in url):
        raise BadInput(_("Give an address that begins with https:// and holds no password."))
    return {"url": url}


def _nothing(given: Mapping[str, Any]) -> Json:
    return {}


_ACTIONS: dict[str, Callable[[Mapping[str, Any]], Json]] = {
    "text": _text,
    "promo": _promo,
    "template": _template,
    "media": _media,
    "menu": _menu,
    "tag": _tag,
    "untag": _tag,
    "consent": _consent,
    "assign": _assign,
    "priority": _priority,
    "close": _nothing,
    "webhook": _webhook,
}


def _objects(given: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """A list of objects, as programs give it; nothing is none."""
    found = given.get(key) or []
    if not isinstance(found, list | tuple) or not all(isinstance(one, Mapping) for one in found):
        raise BadInput(_("“%(name)s” is not understood.") % {"name": key})
    return list(found)


def _words(given: Sequence[Any]) -> list[str]:
    words = list(dict.fromkeys(word for one in given if (word := " ".join(str(one).replace("\0", "").split()))))
    if len(words) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in words):
        raise BadInput(_("At most 200 words of 100 characters."))
    return words


def _names(given: Sequence[Any]) -> list[str]:
    return sorted({word for one in given if (word := " ".join(str(one).replace("\0", "").split()))})


def _whole(given: Any) -> int:
    """An id as it was given, or none that anything has."""
    text = str(given)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else -1
