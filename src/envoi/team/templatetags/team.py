"""Rights, for templates that offer only what their reader may do."""

from __future__ import annotations

from django import template

from .. import rights, scopes
from ..models import Staff

register = template.Library()


@register.filter
def may(user: object, right: str) -> bool:
    """Whether the reader has a right; nobody who is not signed in has any."""
    return isinstance(user, Staff) and rights.may(user, right)


register.filter("scopes_in_short", scopes.in_short)
