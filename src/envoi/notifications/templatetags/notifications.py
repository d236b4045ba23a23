"""The bell of every page."""

from __future__ import annotations

from django import template

from ...team import presence
from ...team.models import Staff
from .. import queries

register = template.Library()


@register.filter
def unread(user: object) -> int:
    """How many of the reader's notifications are new; 0 for who is not signed in."""
    return queries.unread(user) if isinstance(user, Staff) else 0


@register.filter
def is_there(user: object) -> str:
    """Online, away or offline, as the reader chose."""
    return str(user.present) if isinstance(user, Staff) else ""


@register.filter
def presence_shown(user: object) -> str:
    """Online, away or offline, as colleagues see somebody."""
    return str(presence.shown(user)) if isinstance(user, Staff) else ""
