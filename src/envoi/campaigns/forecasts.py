"""The kept forecast of each draft: asked for, computed here or by the worker, thrown away when the draft changes."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from ..core import jobs
from ..core.errors import Problem
from ..team.models import Staff
from ..team.rights import require
from . import preflight
from .models import Campaign, Forecast

# Older than this it is counted again: by whoever opens the page, by the open page itself, and at the launch.
FRESH = timedelta(minutes=5)
# Above this many contacts the worker counts, and the page waits for it without holding a request.
HERE = 100_000


def kept(campaign: Campaign) -> Forecast | None:
    """What is known of this draft as it is now; None when it was never asked, or changed since."""
    found = Forecast.objects.filter(campaign_id=campaign.pk, basis=preflight.basis_of(campaign)).first()
    return found


def fresh(campaign: Campaign) -> preflight.Forecast | None:
    """The forecast when it is younger than FRESH."""
    found = kept(campaign)
    if found is None or found.data is None or found.computed_at is None:
        return None
    return preflight.forecast_of(found.data) if found.computed_at > timezone.now() - FRESH else None


def ask(campaign: Campaign, *, by: Staff | None, again: bool = False) -> Forecast:
    """The forecast of a draft; computed now for a small address book, by the worker for a large one.

    Its row says which: `computed_at` is None, or before `asked_at`, while the worker counts.
    """
    require(by, "campaigns.read")
    found = kept(campaign)
    if found is not None and not again:
        stale = found.computed_at is not None and found.computed_at < timezone.now() - FRESH
        if not stale:
            return found
    if contacts_about() <= HERE:
        return compute(campaign)
    asked, _made = Forecast.objects.update_or_create(
        campaign_id=campaign.pk,
        defaults={"asked_at": timezone.now(), "basis": preflight.basis_of(campaign), "problem": ""}
        | ({} if found else {"data": None, "computed_at": None, "seconds": None}),
    )
    jobs.defer("campaigns.forecast", once=str(campaign.pk), campaign_id=campaign.pk)
    return asked


def compute(campaign: Campaign) -> Forecast:
    """Count, and keep what came of it; a draft that can't be counted keeps the sentence why."""
    began, started = timezone.now(), time.monotonic()
    basis = preflight.basis_of(campaign)
    data, problem = None, ""
    try:
        data = preflight.forecast(campaign).dump()
    except Problem as why:
        problem = why.sentence
    found, _made = Forecast.objects.update_or_create(
        campaign_id=campaign.pk,
        defaults={
            "basis": basis,
            "asked_at": began,
            "computed_at": timezone.now(),
            "seconds": time.monotonic() - started,
            "data": data,
            "problem": problem,
        },
    )
    return found


def contacts_about() -> int:
    """How many contacts there are, as PostgreSQL last counted them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT GREATEST(reltuples, 0)::bigint FROM pg_class WHERE oid = 'contacts'::regclass")
        row = cursor.fetchone()
    return int(row[0]) if row else 0
