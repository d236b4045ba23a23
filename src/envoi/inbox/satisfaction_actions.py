"""Setting whether and how customers are asked after closing. Table: satisfaction_settings."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .models import SatisfactionSettings
from .satisfaction_words import NAMES

LONGEST_DELAY = 24 * 60 - 60
LONGEST_REST = 365


@transaction.atomic
def change(
    *,
    asks: bool,
    scale: str,
    delay_minutes: int,
    rest_days: int,
    asks_why: bool,
    wording: Mapping[str, Mapping[str, str]],
    by: Staff | None,
) -> SatisfactionSettings:
    """Set all of it at once; `wording` holds, by language, only what the company says in its own words."""
    require(by, "service.write")
    if scale not in SatisfactionSettings.Scale.values:
        raise BadInput(_("Choose a list or buttons."))
    if not 0 <= delay_minutes <= LONGEST_DELAY or not 0 <= rest_days <= LONGEST_REST:
        raise BadInput(_("The question is asked within 23 hours of closing, and people rest at most a year."))
    own: dict[str, dict[str, str]] = {}
    for language, texts in wording.items():
        for name, text in texts.items():
            text = text.replace("\0", "").strip()
            if name not in NAMES or len(text) > NAMES[name]:
                raise BadInput(_("One of the texts is too long: a button has 20 characters, a line of the list 24."))
            if text:
                own.setdefault(language[:12], {})[name] = text
    SatisfactionSettings.objects.bulk_create([SatisfactionSettings(pk=1)], ignore_conflicts=True)
    now = SatisfactionSettings.objects.select_for_update().get(pk=1)
    now.asks, now.scale, now.asks_why, now.wording = asks, scale, asks_why, own
    now.delay_minutes, now.rest_days = delay_minutes, rest_days
    now.save()
    note(by, "satisfaction.change", "satisfaction_settings/1", {"asks": asks})
    return now
