"""Why a template can't be what was asked: headlines with a sentence each."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.errors import BadInput, Problem


class Unfit(BadInput):
    """WhatsApp would refuse this wording. `problems` has a sentence for each field (checks.problems)."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(dict.fromkeys(problems.values())))
        self.problems = dict(problems)


class NameTaken(BadInput):
    """The account has a template of this name in this language."""


class UnderWay(Problem):
    """The provider is being asked, or WhatsApp is looking at it: wait for the answer."""


class NotEditable(Problem):
    """WhatsApp allows no change of this template, or none today."""


class NoTemplateApi(Problem):
    """The provider has no way to do this from outside: its own console has."""


class InUse(Problem):
    """A campaign refers to it."""
