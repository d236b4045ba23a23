"""What a call of the API may rely on behind the door."""

from __future__ import annotations

from django.http import HttpRequest

from ..team.models import ApiKey, Staff


class KeyRequest(HttpRequest):
    """A request with a key that may do this. `by` is whose rights it has, None for the operator's."""

    key: ApiKey
    by: Staff | None
