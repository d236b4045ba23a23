"""What an API key may do: for each resource of the API, reading it or writing it too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from ..core.errors import BadInput

# Tags go with contacts. A resource is named here from the day on which the API has it.
RESOURCES = tuple(
    "accounts campaigns channels contacts conversations messages orders replies reports segments templates".split()
)
# As people read them; the scope itself, "contacts:read", is the same in every language.
RESOURCE_NAMES: dict[str, Any] = {
    "accounts": gettext_lazy("Accounts"),
    "campaigns": gettext_lazy("Campaigns"),
    "channels": gettext_lazy("Channels"),
    "contacts": gettext_lazy("Contacts and tags"),
    "conversations": gettext_lazy("Conversations"),
    "messages": gettext_lazy("Messages"),
    "orders": gettext_lazy("Orders"),
    "replies": gettext_lazy("Automatic replies"),
    "reports": gettext_lazy("Reports"),
    "segments": gettext_lazy("Segments"),
    "templates": gettext_lazy("Templates"),
}
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
    """Scopes as a person reads them, “Contacts and tags (read)”; “everything” when nothing is missing."""
    found = sorted(scopes)
    if set(found) >= {f"{resource}:write" for resource in RESOURCES}:
        return _("everything")
    ways = {"read": pgettext("of a key's scope", "read"), "write": pgettext("of a key's scope", "read and write")}
    named: dict[str, str] = {}
    for resource, _colon, way in (one.partition(":") for one in found):
        # Writing includes reading, and comes after it.
        named[str(RESOURCE_NAMES.get(resource, resource))] = ways.get(way, way)
    return ", ".join(f"{resource} ({way})" for resource, way in named.items())


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
