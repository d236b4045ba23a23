"""What an API key may do: for each resource of the API, reading it or writing it too."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from ..core.errors import BadInput

# Tags go with contacts.
RESOURCES = tuple(
    "accounts campaigns channels contacts conversations endpoints journeys links messages orders replies reports "
    "segments templates".split()
)
WAYS = ("read", "write")


def scopes_of(words: Iterable[str]) -> list[str]:
    """What people write as scopes, in order and each once: "contacts:write".

    "contacts.write" is the same, "contacts" is reading and writing, "read", "write" and "all" are about every
    resource. Raises BadInput for a word that names none, and for no word at all.
    """
    found: set[str] = set()
    for word in words:
        found |= _meant(word.strip().lower().replace(".", ":"))
    if not found:
        raise BadInput(_("Say what the key may do: choose a scope at least."))
    return sorted(found)


def allows(scopes: Iterable[str], needed: str) -> bool:
    """Whether a key with these scopes may do `needed`; who may write may read."""
    resource, _colon, way = needed.partition(":")
    return not {f"{resource}:write", needed if way == "read" else ""}.isdisjoint(scopes)


def in_short(scopes: Iterable[str]) -> str:
    """Scopes as a person reads them: “everything” when nothing is missing."""
    found = sorted(scopes)
    return _("everything") if set(found) >= {f"{resource}:write" for resource in RESOURCES} else ", ".join(found)


def _meant(word: str) -> set[str]:
    if word in ("all", "*", "*:*"):
        return {f"{resource}:write" for resource in RESOURCES}
    resource, _colon, way = word.partition(":")
    if resource in WAYS and not way:
        resource, way = "*", resource
    if (resource != "*" and resource not in RESOURCES) or way not in ("", "*", *WAYS):
        raise BadInput(
            _("“%(scope)s” is no scope: write one such as contacts:read or orders:write; resources are %(resources)s.")
            % {"scope": word[:60], "resources": ", ".join(RESOURCES)}
        )
    resources = RESOURCES if resource == "*" else (resource,)
    return {f"{one}:{'read' if way == 'read' else 'write'}" for one in resources}
