"""Setting the service: opening hours, targets, what alarms do, to whom conversations go. Pages and programs come here.

After every change whoever waits is looked at anew: a target that became shorter counts at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..channels.models import Channel
from ..contacts.models import Tag
from ..core.errors import BadInput, NotFound
from ..core.phone import e164
from ..message_templates.models import Template
from ..message_templates.wording import missing_headers, needed
from ..team import opening
from ..team.actions import note
from ..team.models import Staff, Team
from ..team.opening import whose
from ..team.rights import require
from .alarms import look_again
from .clock import usual_alarm
from .models import AlarmRule, AssignmentRule, Conversation, ServiceTarget, SkillRule
from .targets import Targets, targets_for

DAY_SECONDS = 24 * 3600
TIMES = ("first_seconds", "next_seconds", "breach_seconds", "red_seconds", "closing_seconds")
SWITCHES = ("in_hours", "red_in_hours")


def teams(*, by: Staff | None) -> list[Team]:
    """Every team, by name."""
    require(by, "service.write")
    return list(Team.objects.order_by("name"))


def team_name(team_id: int | None, *, by: Staff | None) -> str:
    """The team's name, "" for the company. Raises NotFound."""
    require(by, "service.write")
    return _team(team_id)


@transaction.atomic
def set_hours(team_id: int | None, *, by: Staff | None, **hours: Any) -> None:
    """`team.opening.set_hours`, and everybody who waits is looked at anew."""
    opening.set_hours(team_id, by=by, **hours)
    look_again()


@transaction.atomic
def drop_hours(team_id: int, *, by: Staff | None) -> None:
    """`team.opening.drop_hours`, and everybody who waits is looked at anew."""
    opening.drop_hours(team_id, by=by)
    look_again()


@transaction.atomic
def set_exception(team_id: int | None, day: date, *, words: str | None, name: str = "", by: Staff | None) -> None:
    """`team.opening.set_exception`, and everybody who waits is looked at anew."""
    opening.set_exception(team_id, day, words=words, name=name, by=by)
    look_again()


@transaction.atomic
def drop_exception(exception_id: int, *, by: Staff | None) -> None:
    """`team.opening.drop_exception`, and everybody who waits is looked at anew."""
    opening.drop_exception(exception_id, by=by)
    look_again()


def targets(team_id: int | None, priority: int | None, *, by: Staff | None) -> Targets:
    """What holds for a team (None: the company) and priority (None: all), with what is inherited."""
    require(by, "service.write")
    rows = list(ServiceTarget.objects.all())
    if priority is None:
        rows = [one for one in rows if one.priority is None]
    return targets_for(rows, team_id, priority or 0)


def own_targets(*, by: Staff | None) -> list[ServiceTarget]:
    """Every row that somebody has set: the company's, teams', priorities'."""
    require(by, "service.write")
    return list(ServiceTarget.objects.select_related("team").order_by("team__name", "priority"))


@transaction.atomic
def set_targets(team_id: int | None, priority: int | None, *, values: Mapping[str, Any], by: Staff | None) -> None:
    """Set how long customers may wait; what is not given, or None, is as in the next more general row.

    Raises BadInput when the order makes no sense: the target, then much too late, then red alert.
    """
    require(by, "service.write")
    _team(team_id)
    if priority is not None and priority not in Conversation.Priority.values:
        raise BadInput(_("Choose a priority of the list."))
    kept = {field.name: values.get(field.name) for field in fields(Targets)}
    for name in TIMES:
        seconds = kept[name]
        if seconds is not None and not 60 <= seconds <= 30 * DAY_SECONDS:
            raise BadInput(_("Times lie between one minute and thirty days."))
    if kept["closing_seconds"] is not None and kept["closing_seconds"] >= DAY_SECONDS:
        raise BadInput(_("A window is open for 24 hours: tell it less than 24 hours before."))
    ServiceTarget.objects.update_or_create(**whose(team_id), priority=priority, defaults=kept)
    held = targets_for(ServiceTarget.objects.all(), team_id, priority or 0)
    if not max(held.first_seconds, held.next_seconds) <= held.breach_seconds <= held.red_seconds:
        raise BadInput(
            _("First comes the target, then “much too late”, then the red alert: each later than the one before.")
        )
    _set(by, "service.targets", team_id, {"priority": priority, **kept})


@transaction.atomic
def drop_targets(row_id: int, *, by: Staff | None) -> None:
    """Let a team or priority be as all others. Raises NotFound."""
    require(by, "service.write")
    row = ServiceTarget.objects.filter(pk=row_id).first()
    if row is None:
        raise NotFound(_("This is not set."))
    row.delete()
    _set(by, "service.targets_dropped", row.team_id, {"priority": row.priority})


def alarm_rules(team_id: int | None, *, by: Staff | None) -> list[AlarmRule]:
    """What each alarm does for a team or the company, in order; `pk` is None where it is inherited or usual."""
    require(by, "service.write")
    rules = []
    for level in AlarmRule.Level.values:
        found = AlarmRule.objects.filter(level=level)
        own = found.filter(**whose(team_id)).first()
        inherited = found.filter(team__isnull=True).first() or usual_alarm(level)
        if own is None:
            inherited.pk = None
        rules.append(own or inherited)
    return rules


@transaction.atomic
def set_alarm_rule(team_id: int | None, level: int, *, values: Mapping[str, Any], by: Staff | None) -> None:
    """Set what an alarm does. Raises BadInput for a team, priority, phone or template that can't be meant."""
    require(by, "service.write")
    _team(team_id)
    if level not in AlarmRule.Level.values:
        raise NotFound(_("There is no such alarm."))
    kept = dict(values)
    if kept.get("hand_over") == AlarmRule.HandOver.TEAM and not kept.get("to_team_id"):
        raise BadInput(_("Choose the team that gets it."))
    if kept.get("hand_over") != AlarmRule.HandOver.TEAM:
        kept["to_team_id"] = None
    if kept.get("to_team_id"):
        _team(kept["to_team_id"])
    kept["phones"] = [e164(phone) for phone in kept.get("phones") or []]
    if kept["phones"]:
        _callable(kept.get("channel_id"), kept.get("template_id"))
    AlarmRule.objects.update_or_create(**whose(team_id), level=level, defaults=kept)
    _set(by, "service.alarm", team_id, {"level": level, **kept})


@transaction.atomic
def drop_alarm_rules(team_id: int, *, by: Staff | None) -> None:
    """Let a team's alarms do what the company's do."""
    require(by, "service.write")
    AlarmRule.objects.filter(team_id=team_id).delete()
    _set(by, "service.alarms_dropped", team_id, {})


def callout_choices(*, by: Staff | None) -> tuple[list[Channel], list[Template]]:
    """Numbers that can call leads out, and templates that need nothing filled in."""
    require(by, "service.write")
    channels = list(Channel.objects.filter(state=Channel.State.ACTIVE).order_by("name"))
    approved = Template.objects.filter(state=Template.State.APPROVED).exclude(category=Template.Category.MARKETING)
    return channels, [one for one in approved.order_by("name", "language") if _is_whole(one)]


def assignment_rule(team_id: int | None, *, by: Staff | None) -> AssignmentRule:
    """To whom a team's conversations go; `pk` is None where it is inherited or usual."""
    require(by, "service.write")
    own = AssignmentRule.objects.filter(**whose(team_id)).first()
    if own:
        return own
    rule = AssignmentRule.objects.filter(team__isnull=True).first() or AssignmentRule()
    rule.pk = None
    return rule


@transaction.atomic
def set_assignment(team_id: int | None, *, values: Mapping[str, Any], by: Staff | None) -> None:
    """Set to whom new conversations go. Raises BadInput."""
    require(by, "service.write")
    _team(team_id)
    if values.get("share") not in AssignmentRule.Share.values:
        raise BadInput(_("Choose one of the ways to share conversations."))
    AssignmentRule.objects.update_or_create(**whose(team_id), defaults=dict(values))
    _set(by, "service.assignment", team_id, dict(values))


@transaction.atomic
def drop_assignment(team_id: int, *, by: Staff | None) -> None:
    """Let a team's conversations go where the company's go."""
    require(by, "service.write")
    AssignmentRule.objects.filter(team_id=team_id).delete()
    _set(by, "service.assignment_dropped", team_id, {})


def skill_rules(*, by: Staff | None) -> list[SkillRule]:
    """Which tags ask for which skills."""
    require(by, "service.write")
    return list(SkillRule.objects.select_related("tag").order_by("skill", "tag__name"))


def skills_known(*, by: Staff | None) -> list[str]:
    """The skills that somebody of the staff has."""
    require(by, "service.write")
    found = Staff.objects.filter(is_active=True).values_list("skills", flat=True)
    return sorted({skill for skills in found for skill in skills}, key=str.casefold)


@transaction.atomic
def add_skill_rule(*, skill: str, tag: str, by: Staff | None) -> SkillRule:
    """Customers with this tag need somebody with this skill. Raises BadInput for a tag that there is not."""
    require(by, "service.write")
    skill = " ".join(skill.split())
    if not 0 < len(skill) <= 40:
        raise BadInput(_("A skill is a word or two, up to 40 characters."))
    found = Tag.objects.filter(name=tag.strip()).first()
    if found is None:
        raise BadInput(_("There is no tag “%(tag)s”.") % {"tag": tag.strip()})
    rule, _made = SkillRule.objects.get_or_create(skill=skill, tag=found)
    _set(by, "service.skill", None, {"skill": skill, "tag": found.name})
    return rule


@transaction.atomic
def drop_skill_rule(rule_id: int, *, by: Staff | None) -> None:
    """These customers need no such skill any more. Raises NotFound."""
    require(by, "service.write")
    rule = SkillRule.objects.filter(pk=rule_id).first()
    if rule is None:
        raise NotFound(_("This is not set."))
    rule.delete()
    _set(by, "service.skill_dropped", None, {"skill": rule.skill})


def tag_names(*, by: Staff | None) -> Sequence[str]:
    """Every tag, for choosing one."""
    require(by, "service.write")
    return list(Tag.objects.order_by("name").values_list("name", flat=True))


def _set(by: Staff | None, verb: str, team_id: int | None, detail: dict[str, Any]) -> None:
    opening.changed()
    look_again()
    note(by, verb, f"team/{team_id}" if team_id else "company", detail)


def _team(team_id: int | None) -> str:
    if team_id is None:
        return ""
    name = Team.objects.filter(pk=team_id).values_list("name", flat=True).first()
    if name is None:
        raise NotFound(_("There is no such team."))
    return name


def _callable(channel_id: int | None, template_id: int | None) -> None:
    channel = Channel.objects.filter(pk=channel_id or 0).first()
    template = Template.objects.filter(pk=template_id or 0, state=Template.State.APPROVED).first()
    if channel is None or template is None or template.account_id != channel.account_id or not _is_whole(template):
        raise BadInput(_("To call phones, choose a number and an approved template of it without variables."))


def _is_whole(template: Template) -> bool:
    return not needed(template.components, {}) and not missing_headers(template.components, {})
