"""How staff sign in: allauth's rules narrowed to ours. There is no sign-up; a colleague adds you."""

from __future__ import annotations

import base64
import logging
import secrets

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.db import transaction
from django.http import HttpRequest

from ..core.vault import Unreadable, seal, unseal
from . import sessions
from .actions import note
from .models import Staff

log = logging.getLogger("envoi.team")

# How every sealed secret begins; neither a key in base 32 nor a seed in hex can.
SEALED = "gAAAA"


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


class SecondStep(DefaultMFAAdapter):
    """Keeps the keys of authenticator apps and the seeds of recovery codes sealed: who reads the database has none."""

    def encrypt(self, text: str) -> str:
        return seal({"secret": text}).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What was kept before they were sealed is read as it is."""
        if not encrypted_text.startswith(SEALED):
            return encrypted_text
        try:
            return str(unseal(encrypted_text.encode())["secret"])
        except Unreadable as error:
            # No code fits a key that nobody knows; an administrator can take the step away.
            log.warning("a second step can't be checked: %s", error)
            return base64.b32encode(secrets.token_bytes(20)).decode()
