"""How staff sign in: allauth's rules narrowed to ours. There is no sign-up; a colleague adds you."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class Adapter(DefaultAccountAdapter):
    """Closes public sign-up: staff are added by `envoi staff add` or by an administrator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
