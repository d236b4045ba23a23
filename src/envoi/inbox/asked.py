"""What somebody asks of the list, as it stands in the address: a view, words, filters, where to go on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from ..core.paging import whole

VIEWS = ("mine", "unassigned", "all", "waiting", "red", "snoozed", "closed")


@dataclass(frozen=True, slots=True)
class Asked:
    """Filters are ids as they were written, "" for none. What can't be meant is left out."""

    view: str = "mine"
    q: str = ""
    team: str = ""
    channel: str = ""
    tag: str = ""
    after: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether a filter holds besides the view and the words."""
        return bool(self.team or self.channel or self.tag)

    def filters(self) -> dict[str, Any]:
        """For queries.conversations."""
        return {"team": whole(self.team), "channel": whole(self.channel), "tag": whole(self.tag)}

    def query(self, **other: str) -> str:
        """The address's query for this, with something else in places. The view always stands there: without one the
        inbox opens where there is something to do."""
        one = replace(self, **other)
        said = {name: getattr(one, name) for name in self.__slots__ if getattr(one, name)}
        return f"?{urlencode(said)}" if said else ""

    def href(self, **other: str) -> str:
        """The address of the list that shows this."""
        return reverse("inbox:list") + self.query(**other)


def asked(given: QueryDict) -> Asked:
    """What an address asks for."""
    view = given.get("view", "mine")
    ids = {name: given.get(name, "") for name in ("team", "channel", "tag")}
    return Asked(
        view=view if view in VIEWS else "mine",
        q=" ".join(given.get("q", "").replace("\0", "").split())[:200],
        after=given.get("after", "")[:200],
        **{name: value if whole(value) is not None else "" for name, value in ids.items()},
    )
