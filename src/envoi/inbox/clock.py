"""The service clock's arithmetic: what is set now, and when a waiting conversation is looked at again.

It writes nothing: inbox.actions asks it for every wait that begins, inbox.alarms raises what is due.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from ..core import lately
from ..team.hours import ALWAYS, Hours
from ..team.opening import hours_by_team, last_change
from .models import AlarmRule, AssignmentRule, Conversation, ServiceTarget
from .targets import WINDOW, Due, Targets, Wait, due, targets_for

Level = AlarmRule.Level
NO, AGAIN = AlarmRule.HandOver.NO, AlarmRule.HandOver.AGAIN
RAISES = {Level.RED: Conversation.Priority.URGENT, Level.CLOSING: Conversation.Priority.HIGH}


@dataclass(frozen=True)
class Service:
    """All that is set about the service at one moment."""

    targets: tuple[ServiceTarget, ...] = ()
    hours: Mapping[int | None, Hours] = field(default_factory=dict)
    alarms: Mapping[tuple[int | None, int], AlarmRule] = field(default_factory=dict)
    assignment: Mapping[int | None, AssignmentRule] = field(default_factory=dict)

    def targets_of(self, conversation: Conversation) -> Targets:
        """How long this customer may wait."""
        return targets_for(self.targets, conversation.team_id, conversation.priority)

    def hours_of(self, conversation: Conversation) -> Hours:
        """When its team is there."""
        return self.hours.get(conversation.team_id, self.hours.get(None, ALWAYS))

    def alarm_rule(self, team_id: int | None, level: int) -> AlarmRule:
        """What an alarm of this level does."""
        return self.alarms.get((team_id, level)) or self.alarms.get((None, level)) or usual_alarm(level)

    def assignment_rule(self, team_id: int | None) -> AssignmentRule:
        """To whom its conversations go."""
        return self.assignment.get(team_id) or self.assignment.get(None) or AssignmentRule()

    def due(self, conversation: Conversation, window_until: datetime | None = None) -> Due | None:
        """When the alarms of the present wait are due, None while nobody waits.

        window_until: when the customer's window closes; without it 24 hours after they last wrote.
        """
        if conversation.waiting_since is None or conversation.state == Conversation.State.CLOSED:
            return None
        if window_until is None and conversation.inbound_at is not None:
            window_until = conversation.inbound_at + WINDOW
        wait = Wait(conversation.waiting_since, conversation.first_answer_at is not None, window_until)
        return due(wait, self.targets_of(conversation), self.hours_of(conversation))

    def next_look(
        self, conversation: Conversation, window_until: datetime | None = None, now: datetime | None = None
    ) -> datetime | None:
        """When the clock has to look again: at the next alarm that has not been raised.

        now: a window that has closed by then is nothing to look at.
        """
        moments: list[datetime | None] = []
        snoozed = conversation.state == Conversation.State.SNOOZED
        if times := self.due(conversation, window_until):
            # Who snoozes has looked, so the targets rest; a red alert and a closing window can't be put to sleep.
            if not snoozed and conversation.alarm < Level.LATE:
                moments.append(times.late_at)
            if not snoozed and conversation.alarm < Level.BREACH:
                moments.append(times.breach_at)
            if conversation.alarm < Level.RED:
                moments.append(times.red_at)
            over = now is not None and (window_until is None or window_until <= now)
            if times.closing_at and not over and not closing_told(conversation, times.closing_at):
                moments.append(times.closing_at)
        return min((one for one in moments if one is not None), default=None)


def current() -> Service:
    """What is set now; read once after each change."""
    return _read(lately.known("service", last_change))


def next_look(conversation: Conversation) -> datetime | None:
    """When the clock has to look at this conversation again, None while there is nothing to wait for."""
    return current().next_look(conversation)


def closing_told(conversation: Conversation, closing_at: datetime) -> bool:
    """Whether the alarm of this window was raised; what they write later opens another one."""
    return conversation.window_alarm_at is not None and conversation.window_alarm_at >= closing_at


def usual_alarm(level: int) -> AlarmRule:
    """What an alarm does where nobody has set it."""
    return AlarmRule(
        level=level,
        tell_assignee=True,
        tell_leads=level != Level.LATE,
        tell_online=False,
        hand_over=AGAIN if level == Level.RED else NO,
        raise_to=RAISES.get(Level(level)),
    )


@lru_cache(maxsize=2)
def _read(changed: str) -> Service:
    return Service(
        targets=tuple(ServiceTarget.objects.all()),
        hours=hours_by_team(),
        alarms={(one.team_id, one.level): one for one in AlarmRule.objects.all()},
        assignment={one.team_id: one for one in AssignmentRule.objects.all()},
    )
