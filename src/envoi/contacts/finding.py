"""The list of contacts: who matches, in which order, page by page, as quick at page 5,000 of a million as at page 1.

What matches a filter is looked for once, up to COUNTED ids. Those are the answer when they are all; when there are
more, an index that has them in the order of the list is walked from where the last page ended (walking.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from django.db import connection
from django.utils.translation import gettext as _
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from ..core.errors import BadInput
from ..core.paging import Page
from . import walking
from .letters import pattern_of, words_of
from .models import Consent, Contact, Tag

# Counting stops here: an exact number beyond it helps nobody and costs a scan of everybody.
COUNTED = 10_000
# With another filter beside it, all whose number matches are looked at, up to so many.
GATHERED = 1_000_000
# So many of the newest are looked at before everybody.
LOOKED_AT = 3_000

Sort = Literal["newest", "name"]
ORDERS: dict[str, tuple[str, str]] = {
    # Each is an index of the table, so that a page starts where the one before ended. Ids are given in order of time.
    "newest": ("c.id DESC", "c.id < %(after_id)s"),
    "name": ("c.name, c.id", "(c.name, c.id) > (%(after)s, %(after_id)s)"),
}

# A number is found by its beginning, with or without its country code, and by its end: each is a stretch of an index.
# One index of all parts of numbers took six seconds of an import of a million.
# The ids are gathered first, as an array: no estimate can then turn the look-ups into a scan of everybody.
WITH_NUMBER = """
    (SELECT i.contact_id AS id FROM unnest(%(starts)s::text[]) AS start
      CROSS JOIN LATERAL (SELECT contact_id FROM identities
                           WHERE kind = 'phone' AND value >= start AND value <= start || '999999999999999'
                           ORDER BY value LIMIT %(most)s) AS i LIMIT %(most)s)
     UNION ALL (SELECT e.id FROM contacts e WHERE reverse(e.phone) LIKE %(end)s LIMIT %(most)s)
"""
NUMBER = f"""c.id = ANY(ARRAY({WITH_NUMBER}
     UNION ALL (SELECT n.id FROM contacts n WHERE upper(n.name) LIKE upper(%(text)s) LIMIT %(most)s)))"""  # noqa: S608
NUMBER_SEEN = "(c.phone ~ %(number)s OR upper(c.name) LIKE upper(%(text)s))"
WORD = "(upper(c.name) LIKE upper(%(text)s) OR upper(c.name) LIKE upper(%(word)s))"
# Who was erased stays only to keep statistics whole.
KNOWN = "c.erased_at IS NULL"
NEWEST_IDS = """
SELECT c.id FROM (SELECT * FROM contacts ORDER BY id DESC LIMIT %(_looked_at)s) c
 WHERE {where} ORDER BY c.id DESC LIMIT %(_most)s
"""
TAGGED = "EXISTS (SELECT 1 FROM contact_tags t WHERE t.contact_id = c.id AND t.tag_id = %(tag)s)"


@dataclass(slots=True)
class Filter:
    """What somebody asks for. find: conditions as an index answers them; seen: the same, asked of row after row.

    by_language: a language, a state of consent or both are among them, as `languages` and `states`.
    """

    find: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    tag: int | None = None
    by_language: bool = False
    searched: bool = False

    def add(self, find: str, seen: str = "", **parameters: Any) -> None:
        """One more condition; `seen` when it reads otherwise for a row at hand."""
        self.find.append(find)
        self.seen.append(seen or find)
        self.parameters |= parameters


def find(
    *,
    search: str = "",
    tag: str | None = None,
    marketing: str | None = None,
    language: str | None = None,
    sort: Sort = "newest",
    after: str | None = None,
    limit: int = 50,
) -> Page[Contact]:
    """One page of contacts, each with `tag_names`; see queries.contact_list."""
    wanted = filter_of(search=search, tag=tag, marketing=marketing, language=language)
    sort = sort if sort in ORDERS else "newest"
    estimate = 0 if wanted.find else _estimate()
    ids = [] if estimate > COUNTED else _ids(wanted)
    more = estimate > COUNTED or len(ids) > COUNTED
    total = estimate or min(len(ids), COUNTED)

    found = _page(wanted, None if more else ids, sort, after, limit + 1)
    items = found[:limit]
    name_tags(items)
    last = items[-1] if len(found) > limit else None
    return Page(items, next=_cursor_of(last, sort) if last else None, total=total, more=more)


def newest_ids(search: str, *, most: int) -> list[int]:
    """The ids of those who came last among all who match, the latest first.

    What very many match is met among the newest at once; only what is rarer is worth a look at everybody.
    """
    wanted = filter_of(search=search)
    with connection.cursor() as cursor:
        cursor.execute(
            NEWEST_IDS.format(where=all_of([KNOWN, *wanted.seen])),
            {**wanted.parameters, "_looked_at": LOOKED_AT, "_most": most},
        )
        found = [one for (one,) in cursor.fetchall()]
    return found if len(found) == most else [one.pk for one in find(search=search, limit=most).items]


def filter_of(
    *, search: str = "", tag: str | None = None, marketing: str | None = None, language: str | None = None
) -> Filter:
    """The conditions of a list's filters, as the list and its export ask them."""
    wanted = Filter()
    # PostgreSQL keeps no NUL character, and refuses to compare with one.
    if search := search.replace("\0", "").strip():
        _search(search, wanted)
    if tag:
        found = Tag.objects.filter(name=tag.replace("\0", "")).values_list("pk", flat=True).first()
        wanted.tag = found if found is not None else 0
        wanted.add(TAGGED, tag=wanted.tag)
    if marketing or language:
        wanted.by_language = True
        wanted.parameters["states"] = [marketing.replace("\0", "")] if marketing else Consent.values
        wanted.parameters["languages"] = _spoken(language.replace("\0", "").lower() if language else "")
    if marketing:
        wanted.add("c.marketing = ANY(%(states)s)")
    if language:
        wanted.add("c.language = ANY(%(languages)s)")
    return wanted


def all_of(conditions: Sequence[str]) -> str:
    """Conditions joined; true without any."""
    return " AND ".join(conditions) or "true"


def name_tags(contacts: Sequence[Contact]) -> None:
    """Give each its `tag_names`, in one look-up."""
    names: dict[int, list[str]] = {contact.pk: [] for contact in contacts}
    rows = Tag.objects.filter(tagged__contact_id__in=names).order_by("name").values_list("tagged__contact_id", "name")
    for contact_id, name in rows:
        names[contact_id].append(name)
    for contact in contacts:
        contact.tag_names = names[contact.pk]  # type: ignore[attr-defined]


def _search(search: str, wanted: Filter) -> None:
    """Words of three letters anywhere in a name, in any order and with any accents, fewer letters only where a word
    begins; three digits or more also of a number."""
    wanted.searched = True
    text = re.sub(r"([\\%_])", r"\\\1", search)
    digits = re.sub(r"[\s().+\-/]", "", search)
    if search.startswith("@") and len(search) > 1:
        wanted.add("c.username = %(username)s", username=search.removeprefix("@"))
    elif digits.isascii() and digits.isdigit() and len(digits) >= 3:
        _number(digits, text, wanted)
    elif any(len(word) >= 3 for word in words_of(search)):
        for place, word in enumerate(words_of(search)):
            name = f"word{place}"
            wanted.add(f"upper(c.name) ~ %({name})s", **{name: pattern_of(word)})
    else:
        wanted.add(WORD, text=f"{text}%", word=f"% {text}%")


def _number(digits: str, text: str, wanted: Filter) -> None:
    # As people write it at home: 06 39 98… is +33639 98… here.
    digits = digits.removeprefix("00").removeprefix("0")
    wanted.add(
        NUMBER,
        NUMBER_SEEN,
        **parts_of_number(digits),
        number=rf"^\+(?:{'|'.join(_codes())})?{digits}|{digits}$",
        text=f"%{text}%",
    )


def parts_of_number(digits: str) -> dict[str, Any]:
    """The parameters of WITH_NUMBER for the digits that somebody typed."""
    digits = digits.removeprefix("00").removeprefix("0")
    return {"starts": ["+" + digits, *(f"+{code}{digits}" for code in _codes())], "end": f"{digits[::-1]}%"}


@cache
def _codes() -> list[str]:
    return [str(code) for code in COUNTRY_CODE_TO_REGION_CODE]


def _spoken(language: str) -> list[str]:
    """The languages that people have and that an asked one stands for: “zh” also for “zh-hans”, "" for any."""
    return [one for one in walking.languages() if not language or one == language or one.startswith(f"{language}-")]


def _ids(wanted: Filter) -> list[int]:
    """Who matches, up to one more than COUNTED."""
    alone = len(wanted.find) == 1
    parameters = {**wanted.parameters, "most": COUNTED + 1 if alone else GATHERED}
    by_language_alone = wanted.by_language and wanted.tag is None and not wanted.searched
    where = None if by_language_alone else all_of([KNOWN, *wanted.find])
    return walking.ids(where, parameters, most=COUNTED + 1)


def _estimate() -> int:
    """How many there are, from PostgreSQL's own statistics; 0 when that is few enough to be counted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'contacts'::regclass")
        estimate = int(cursor.fetchone()[0])
    return estimate if estimate > COUNTED else 0


def _page(wanted: Filter, ids: list[int] | None, sort: Sort, after: str | None, limit: int) -> list[Contact]:
    value, after_id = _cursor(after, sort) if after else ("", None)
    if ids is None and sort == "newest":
        return walking.newest(_walk(wanted), wanted.parameters, below=after_id, limit=limit)
    order, beyond = ORDERS[sort]
    parameters = {**wanted.parameters, "limit": limit, "ids": ids, "after": value, "after_id": after_id}
    where = [KNOWN, *(wanted.seen if ids is None else ["c.id = ANY(%(ids)s)"]), *([beyond] if after else [])]
    sql = f"SELECT c.* FROM contacts c WHERE {all_of(where)} ORDER BY {order} LIMIT %(limit)s"  # noqa: S608
    return list(Contact.objects.raw(sql, parameters))


def _walk(wanted: Filter) -> str:
    """The statement that meets those who are asked for, newest first, and few others."""
    if wanted.tag is not None:
        return walking.TAGGED.format(where=all_of([KNOWN, *(one for one in wanted.seen if one != TAGGED)]))
    if wanted.by_language and not wanted.searched:
        return walking.NEWEST
    return walking.EVERYBODY.format(where=all_of([KNOWN, *wanted.seen]))


def _cursor_of(last: Contact, sort: Sort) -> str:
    return f"{last.pk} {last.name if sort == 'name' else sort}"


def _cursor(text: str, sort: Sort) -> tuple[str, int]:
    number, _blank, value = text.replace("\0", "").partition(" ")
    if not number.isascii() or not number.isdecimal() or len(number) > 18 or (sort == "newest" and value != sort):
        raise BadInput(_("This page of the list can't be found: start again from the first."))
    return value, int(number)
