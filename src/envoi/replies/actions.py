"""Writing rules, their order, what holds for all of them, and the FAQ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from ..channels.models import Channel
from ..contacts.words import language_of
from ..core.errors import BadInput, NotFound, Problem
from ..team.actions import note
from ..team.models import Staff, Team
from ..team.rights import require
from . import book
from .checking import checked_actions, checked_conditions, checked_moment, checked_places, checked_trigger
from .models import FaqEntry, ReplyRule, ReplySettings

MOST_RULES = 5_000
MOST_ENTRIES = 5_000


class NameTaken(Problem):
    """Another rule has this name."""


@transaction.atomic
def save_rule(
    *,
    name: str,
    trigger: Mapping[str, Any],
    actions: Sequence[Mapping[str, Any]],
    conditions: Mapping[str, Any] | None = None,
    stops: bool = True,
    settles: bool = True,
    enabled: bool = True,
    channels: Sequence[int] = (),
    teams: Sequence[int] = (),
    starts_at: Any = None,
    ends_at: Any = None,
    ready: str = "",
    by: Staff | None,
    rule_id: int | None = None,
) -> ReplyRule:
    """Make a rule, the last of all, or change one where it stands. Raises BadInput, NameTaken, NotFound."""
    require(by, "replies.write")
    words = " ".join(name.replace("\0", "").split())
    if not 1 <= len(words) <= 120:
        raise BadInput(_("A name has 1 to 120 characters."))
    begins, ends = checked_moment(starts_at), checked_moment(ends_at)
    if begins and ends and ends <= begins:
        raise BadInput(_("The rule would end before it begins."))
    values: dict[str, Any] = {
        "name": words,
        "trigger": checked_trigger(trigger),
        "conditions": checked_conditions(conditions or {}),
        "actions": checked_actions(actions),
        "stops": stops,
        "settles": settles,
        "enabled": enabled,
        "channels": checked_places(channels, Channel),
        "teams": checked_places(teams, Team),
        "starts_at": begins,
        "ends_at": ends,
    }
    # Moves the version too: its row is held until the end, so that two who write at once take turns.
    book.changed()
    if ReplyRule.objects.filter(name=words).exclude(pk=rule_id or 0).exists():
        raise NameTaken(_("There is a rule “%(name)s” already.") % {"name": words})
    if rule_id is None:
        if ReplyRule.objects.count() >= MOST_RULES:
            raise BadInput(_("There are %(most)s rules already; delete one first.") % {"most": MOST_RULES})
        last = ReplyRule.objects.aggregate(last=Max("position"))["last"] or 0
        rule = ReplyRule.objects.create(**values, position=last + 1, ready=ready, made_by=by)
    else:
        if not ReplyRule.objects.filter(pk=rule_id).update(**values, changed_at=Now()):
            raise NotFound(_("There is no such rule."))
        rule = ReplyRule.objects.get(pk=rule_id)
    note(by, "replies.save_rule", f"rule/{rule.pk}", {"name": words})
    return rule


@transaction.atomic
def delete_rule(rule_id: int, *, by: Staff | None) -> None:
    """Delete a rule. What it said stays with its customers. Raises NotFound."""
    require(by, "replies.write")
    book.changed()
    gone, _what = ReplyRule.objects.filter(pk=rule_id).delete()
    if not gone:
        raise NotFound(_("There is no such rule."))
    note(by, "replies.delete_rule", f"rule/{rule_id}")


@transaction.atomic
def set_enabled(rule_id: int, enabled: bool, *, by: Staff | None) -> None:
    """Switch a rule on or off. Raises NotFound."""
    require(by, "replies.write")
    book.changed()
    if not ReplyRule.objects.filter(pk=rule_id).update(enabled=enabled, changed_at=Now()):
        raise NotFound(_("There is no such rule."))
    note(by, "replies.set_enabled", f"rule/{rule_id}", {"enabled": enabled})


@transaction.atomic
def move(rule_id: int, steps: int, *, by: Staff | None) -> None:
    """Let a rule be asked so many places later, or earlier when it is less than none. Raises NotFound."""
    _move(rule_id, lambda place: place + steps, by=by)


@transaction.atomic
def move_to(rule_id: int, place: int, *, by: Staff | None) -> None:
    """Let a rule be the so-many-th that is asked, counted from 1. Raises NotFound, BadInput."""
    require(by, "replies.write")
    if place < 1:
        raise BadInput(_("The first rule has the place 1."))
    _move(rule_id, lambda _place: place - 1, by=by)


def _move(rule_id: int, to: Callable[[int], int], *, by: Staff | None) -> None:
    require(by, "replies.write")
    # Its row is held from here on: two who move at once move one after the other.
    book.changed()
    order = list(ReplyRule.objects.order_by("position", "id").values_list("id", flat=True))
    if rule_id not in order:
        raise NotFound(_("There is no such rule."))
    was = order.index(rule_id)
    order.remove(rule_id)
    place = max(0, min(to(was), len(order)))
    order.insert(place, rule_id)
    rules = {one.pk: one for one in ReplyRule.objects.all()}
    for position, one in enumerate(order, 1):
        rules[one].position = position
    ReplyRule.objects.bulk_update(rules.values(), ["position"])
    note(by, "replies.move", f"rule/{rule_id}", {"steps": place - was})


@transaction.atomic
def save_settings(
    *, per_hour: int, silent_minutes: int, silent_until_closed: bool, suggest: bool, by: Staff | None
) -> ReplySettings:
    """What holds for all rules (models.ReplySettings). Raises BadInput."""
    require(by, "replies.write")
    if not 1 <= per_hour <= 100:
        raise BadInput(_("One customer gets 1 to 100 automatic answers an hour."))
    if not 0 <= silent_minutes <= 60 * 24 * 30:
        raise BadInput(_("Rules are silent for 0 minutes to 30 days."))
    book.changed()
    values = {
        "per_hour": per_hour,
        "silent_minutes": silent_minutes,
        "silent_until_closed": silent_until_closed,
        "suggest": suggest,
    }
    ReplySettings.objects.filter(id=1).update(**values)
    note(by, "replies.settings", "reply_settings", values)
    return book.settings()


@transaction.atomic
def save_entry(
    *, question: str, answer: str, language: str = "", by: Staff | None, entry_id: int | None = None
) -> FaqEntry:
    """Write down a common question with its answer, or change one. Raises BadInput, NotFound."""
    require(by, "replies.write")
    asked = " ".join(question.replace("\0", "").split())
    said = answer.replace("\0", "").replace("\r\n", "\n").strip()
    if not 1 <= len(asked) <= 500:
        raise BadInput(_("A question has 1 to 500 characters."))
    if not 1 <= len(said) <= 4_096:
        raise BadInput(_("An answer has 1 to 4,096 characters."))
    values = {"question": asked, "answer": said, "language": language_of(language)}
    if entry_id is None:
        if FaqEntry.objects.count() >= MOST_ENTRIES:
            raise BadInput(_("There are %(most)s questions already; delete one first.") % {"most": MOST_ENTRIES})
        entry = FaqEntry.objects.create(**values, made_by=by)
    else:
        if not FaqEntry.objects.filter(pk=entry_id).update(**values):
            raise NotFound(_("There is no such question."))
        entry = FaqEntry.objects.get(pk=entry_id)
    book.changed()
    note(by, "replies.faq", f"faq/{entry.pk}", {"question": asked})
    return entry


@transaction.atomic
def delete_entry(entry_id: int, *, by: Staff | None) -> None:
    """Delete a question. Raises NotFound."""
    require(by, "replies.write")
    gone, _what = FaqEntry.objects.filter(pk=entry_id).delete()
    if not gone:
        raise NotFound(_("There is no such question."))
    book.changed()
    note(by, "replies.delete_faq", f"faq/{entry_id}")
