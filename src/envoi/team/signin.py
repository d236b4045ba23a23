"""How staff sign in: allauth's rules narrowed to ours. There is no sign-up; a colleague adds you."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest

from . import sessions
from .actions import note
from .models import Staff


class Adapter(DefaultAccountAdapter):
    """Closes public sign-up: staff are added by `envoi staff add` or by an administrator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: Staff, password: str) -> None:
        """One's own new password ends one's sessions in other browsers, and stands in the audit log."""
        with transaction.atomic():
            super().set_password(user, password)
            note(user, "staff.password", f"staff/{user.pk}")
            session = getattr(self.request, "session", None)
            sessions.end_others(user, this=session.session_key if session else None)
