"""What a view may rely on behind `login_required`."""

from __future__ import annotations

from django.http import HttpRequest

from .models import Staff


class StaffRequest(HttpRequest):
    """A request whose user is one of the staff."""

    user: Staff
