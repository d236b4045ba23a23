"""What happened to a conversation, as sentences for the thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from ..web.look import moment
from .models import AlarmRule, Conversation

Detail = Mapping[str, Any]

ICONS = {
    "opened": "inbox",
    "assigned": "person",
    "closed": "check",
    "reopened": "reply",
    "snoozed": "snooze",
    "priority": "flag",
    "alarm": "problem",
    "taken_back": "reply",
    "not_delivered": "problem",
    "satisfaction": "smile",
}


def sentence(what: str, detail: Detail, by: str) -> str:
    """One event in words; by: who did it, "" for a rule or the clock. An unknown one is told as it is called."""
    tell = TOLD.get(what)
    if tell is not None:
        return tell(detail, by)
    said = str(detail.get("text") or "") or what.replace("_", " ").capitalize()
    return f"{said} · {by}" if by else said


def icon(what: str) -> str:
    """The sign that stands before an event."""
    return ICONS.get(what, "info")


def tone(what: str, detail: Detail) -> str:
    """Whether an event is a bad one."""
    if what == "not_delivered":
        return "bad"
    if what != "alarm":
        return ""
    return "bad" if int(detail.get("alarm") or 0) >= Conversation.Alarm.BREACH else "warn"


def _opened(detail: Detail, by: str) -> str:
    if by:
        return _("%(by)s began this conversation") % {"by": by}
    return _("The customer wrote: a conversation began") if detail.get("wrote") else _("A conversation began")


def _assigned(detail: Detail, by: str) -> str:
    said = {"by": by, "name": detail.get("name") or "", "team": detail.get("team_name") or ""}
    if said["name"]:
        if by and by == said["name"]:
            return _("%(by)s took it over") % said
        return _("%(by)s gave it to %(name)s") % said if by else _("Given to %(name)s") % said
    if said["team"]:
        return _("%(by)s gave it to the team %(team)s") % said if by else _("Given to the team %(team)s") % said
    return _("%(by)s gave it back: nobody has it now") % said if by else _("Nobody has it now")


def _closed(detail: Detail, by: str) -> str:
    return _("%(by)s closed it") % {"by": by} if by else _("Closed")


def _reopened(detail: Detail, by: str) -> str:
    if detail.get("why") == "time":
        return _("Its time has come: open again")
    if detail.get("why") == "alarm":
        return _("Open again: the customer has waited too long")
    return _("%(by)s opened it again") % {"by": by} if by else _("Open again: the customer wrote")


def _snoozed(detail: Detail, by: str) -> str:
    try:
        until = moment(datetime.fromisoformat(str(detail.get("until"))))
    except ValueError:
        until = ""
    return _("%(by)s put it aside until %(until)s") % {"by": by or _("A rule"), "until": until}


def _priority(detail: Detail, by: str) -> str:
    names = {int(value): str(label) for value, label in Conversation.Priority.choices}
    said = {"by": by, "priority": names.get(int(detail.get("to") or 0), "").lower()}
    return _("%(by)s made it %(priority)s") % said if by else _("Its priority is %(priority)s now") % said


def _alarm(detail: Detail, by: str) -> str:
    return {
        int(Conversation.Alarm.LATE): _("Later than the target: nobody has answered"),
        int(Conversation.Alarm.BREACH): _("Much too late: nobody has answered"),
        int(Conversation.Alarm.RED): _("Red alert: nobody has answered for hours"),
        int(AlarmRule.Level.CLOSING): _("The window closes soon, and nobody has answered"),
    }.get(int(detail.get("alarm") or 0), _("Nobody has answered"))


def _taken_back(detail: Detail, by: str) -> str:
    return _("An answer was taken back before it left")


def _not_delivered(detail: Detail, by: str) -> str:
    if detail.get("waits"):
        return _("An answer did not arrive: the customer waits again")
    return _("A message did not arrive")


TOLD: dict[str, Callable[[Detail, str], str]] = {
    "opened": _opened,
    "assigned": _assigned,
    "closed": _closed,
    "reopened": _reopened,
    "snoozed": _snoozed,
    "priority": _priority,
    "alarm": _alarm,
    "taken_back": _taken_back,
    "not_delivered": _not_delivered,
}
