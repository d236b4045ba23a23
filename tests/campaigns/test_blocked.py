"""Whoever is blocked gets nothing: the forecast says so before the send does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from envoi.campaigns import headcount
from envoi.contacts import profile
from envoi.contacts.models import Contact

from .conftest import crowd, crowd_template

__all__ = ["crowd", "crowd_template"]

pytestmark = pytest.mark.django_db


def test_the_forecast_counts_who_is_blocked(crowd):
    one = crowd(5, canary="never")
    profile.block(Contact.objects.order_by("pk").values_list("pk", flat=True)[0], reason="asked us to", by=None)
    found = headcount.groups(
        one.segment.rule,
        one.variables,
        components=one.template.components,
        category="marketing",
        channel_id=one.channel_id,
        lifetime=timedelta(days=1),
    )
    assert sorted((group.reason, group.people) for group in found) == [("", 4), ("blocked", 1)]
