"""What a company sets about its service. Tables: service_targets, alarm_rules, assignment_rules, skill_rules,
assignment_turns. Written by inbox.service, the turns by inbox.assigning.

A row without a team is the company's. Null in a row of a team or priority: as in the next more general row.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..contacts.models import Tag
from ..team.changes import kept
from ..team.models import Staff, Team


class ServiceTarget(models.Model):
    """How long customers may wait, in seconds: all of them, or those of a team, a priority, or both.

    first, next: the targets for the first answer in a conversation and for each later one. breach, red: when it is much
    too late, and red alert. closing: how long before the 24 h window closes on an unanswered customer somebody is told.
    in_hours: targets and breach count opening hours only; red_in_hours: the red alert too.
    """

    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    priority = models.SmallIntegerField(null=True)
    first_seconds = models.PositiveIntegerField(null=True)
    next_seconds = models.PositiveIntegerField(null=True)
    breach_seconds = models.PositiveIntegerField(null=True)
    red_seconds = models.PositiveIntegerField(null=True)
    closing_seconds = models.PositiveIntegerField(null=True)
    in_hours = models.BooleanField(null=True)
    red_in_hours = models.BooleanField(null=True)

    class Meta:
        db_table = "service_targets"
        triggers = [kept()]
        constraints = [
            models.UniqueConstraint("team", "priority", name="service_target_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"targets of {self.team_id}/{self.priority}"


class AlarmRule(models.Model):
    """What one alarm does, for everybody or for one team.

    Who is told: the one who has the conversation, who leads the team, everybody of the team who is there.
    hand_over: to somebody else by the rules of assignment, or to another team (`to_team`).
    raise_to: a priority that it gets unless it has a higher one.
    phones: WhatsApp numbers of leads who get `template_id` from `channel_id`, an approved template without variables.
    """

    class Level(models.IntegerChoices):
        LATE = 1, _("Later than the target")
        BREACH = 2, _("Much too late")
        RED = 3, _("Red alert")
        CLOSING = 4, _("The window closes unanswered")

    class HandOver(models.TextChoices):
        NO = "no", pgettext_lazy("an alarm hands a conversation over", "It stays with whom it is")
        AGAIN = (
            "again",
            pgettext_lazy("an alarm hands a conversation over", "To somebody else of the team who is there"),
        )
        TEAM = "team", pgettext_lazy("an alarm hands a conversation over", "To another team")

    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    level = models.SmallIntegerField(choices=Level.choices)
    tell_assignee = models.BooleanField(default=True)
    tell_leads = models.BooleanField(default=False)
    tell_online = models.BooleanField(default=False)
    hand_over = models.CharField(max_length=8, choices=HandOver.choices, default=HandOver.NO)
    to_team = models.ForeignKey(Team, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    raise_to = models.SmallIntegerField(null=True)
    phones = models.JSONField(default=list)
    channel_id = models.BigIntegerField(null=True)
    template_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "alarm_rules"
        triggers = [kept()]
        constraints = [models.UniqueConstraint("team", "level", name="alarm_rule_once", nulls_distinct=False)]

    def __str__(self) -> str:
        return f"alarm {self.level} of {self.team_id}"


class AssignmentRule(models.Model):
    """To whom new conversations go, of everybody or of one team.

    share: nobody (whoever takes it has it), in turn, or who has fewest. last_agent: rather to whom the customer knows;
    language, skills: rather to who speaks the customer's language, has the skills that they need. strict: it waits for
    such a person instead of going to another.
    """

    class Share(models.TextChoices):
        NOBODY = "nobody", pgettext_lazy("assignment", "Nobody: who is free takes the next one")
        IN_TURN = "in_turn", pgettext_lazy("assignment", "In turn")
        LEAST = "least", pgettext_lazy("assignment", "To who has fewest open")

    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    share = models.CharField(max_length=8, choices=Share.choices, default=Share.NOBODY)
    last_agent = models.BooleanField(default=True)
    language = models.BooleanField(default=True)
    skills = models.BooleanField(default=False)
    strict = models.BooleanField(default=False)

    class Meta:
        db_table = "assignment_rules"
        triggers = [kept()]
        constraints = [models.UniqueConstraint("team", name="assignment_rule_once", nulls_distinct=False)]

    def __str__(self) -> str:
        return f"{self.share} for {self.team_id}"


class SkillRule(models.Model):
    """Customers with a tag need somebody with a skill (Staff.skills). Segments put tags on people by themselves."""

    skill = models.CharField(max_length=40)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        db_table = "skill_rules"
        triggers = [kept()]
        constraints = [models.UniqueConstraint("tag", "skill", name="skill_rule_once")]

    def __str__(self) -> str:
        return self.skill


class AssignmentTurn(models.Model):
    """When somebody was last given a conversation: who waits longest is next."""

    staff = models.OneToOneField(Staff, primary_key=True, on_delete=models.CASCADE, related_name="+")
    given_at = models.DateTimeField()

    class Meta:
        db_table = "assignment_turns"

    def __str__(self) -> str:
        return f"{self.staff_id} at {self.given_at}"
