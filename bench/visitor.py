"""Somebody who is signed in, for benches that ask for pages. Sets Django up: import it once the database is there."""

from __future__ import annotations

from envoi.config import start  # isort: skip

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from envoi.team.models import Staff

__all__ = ["signed_in", "start"]


def signed_in(email: str = "bench@example.com") -> str:
    """Make an owner and a session of theirs; returns the session's key, as the cookie carries it."""
    staff = Staff.objects.create(email=email, role=Staff.Role.OWNER, name="Bench")
    session = SessionStore()
    session[SESSION_KEY] = str(staff.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = staff.get_session_auth_hash()
    session.create()
    return str(session.session_key)
