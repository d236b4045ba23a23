"""Who is named in a note: @ and a colleague's name, first name or e-mail, capitals and accents as they come."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from ..team.models import Staff


def mentioned(text: str) -> list[int]:
    """The ids of the staff who are named, in the order in which they are."""
    folded = _folded(text)
    if "@" not in folded:
        return []
    names: dict[str, set[int]] = {}
    for staff in Staff.objects.filter(is_active=True):
        for name in _names(staff):
            names.setdefault(name, set()).add(staff.pk)
    found: dict[int, None] = {}
    for piece in folded.split("@")[1:]:
        # The longest name that fits is meant: "@ana maria" is not "@ana".
        fits = [name for name in names if piece.startswith(name) and not piece[len(name) : len(name) + 1].isalnum()]
        meant = names[max(fits, key=len)] if fits else set()
        # A first name that two have names neither; an e-mail's own @ has split it: its first half names it.
        if len(meant) == 1:
            found.setdefault(meant.pop())
    return list(found)


def spans(text: str, people: Iterable[Staff]) -> list[tuple[int, int]]:
    """Where these people are named in a text, each place with its @ and the whole name; from where, and to where."""
    letters = [(_folded(letter), at) for at, letter in enumerate(text)]
    folded = "".join(letter for letter, _at in letters)
    # A letter may fold to none, or to several: each of them knows which it was.
    places = [at for letter, at in letters for _one in letter]
    names = sorted({name for one in people for name in (*_names(one), _folded(one.email))}, key=len, reverse=True)
    found: list[tuple[int, int]] = []
    for begin in (at for at, letter in enumerate(folded) if letter == "@"):
        rest = folded[begin + 1 :]
        fits = (one for one in names if rest.startswith(one) and not rest[len(one) : len(one) + 1].isalnum())
        name = next(fits, "")
        if name and (not found or places[begin] >= found[-1][1]):
            last = places[begin + len(name)]
            end = next((at for at in places[begin + len(name) + 1 :] if at > last), len(text))
            found.append((places[begin], end))
    return found


def _names(staff: Staff) -> set[str]:
    first = staff.name.split(" ")[0] if staff.name else ""
    return {name for name in map(_folded, (staff.name, first, staff.email.partition("@")[0])) if name}


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
