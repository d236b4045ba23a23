"""Why a message waits or was skipped, in words for people: one for every reason that a customer's limits give."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: dict[str, str | Promise] = {
    "expired": _("Its time was over before their turn"),
    "blocked": _("Blocked: never written to"),
    "opted_out": _("Opted out"),
    "no_consent": _("No consent to promotions"),
    "window_closed": _("More than 24 hours since they wrote: only a template may go"),
    "not_delivered_there": _("WhatsApp delivers no marketing in their country"),
    "cooling_down": _("WhatsApp asked to leave them in peace for a while"),
    "promoted_recently": _("Had a promotion less than 24 hours ago"),
    "quiet_hours": _("Outside the hours for promotions where they are"),
    "pair_resting": _("WhatsApp asked for a pause between messages to them"),
    "too_fast": _("Too many messages to them at once"),
    "portfolio_full": _("As many people as WhatsApp allows in 24 hours have been written to"),
    "busy": _("Their record is being changed"),
    "customer_waits": _("WhatsApp asked to leave them in peace for a while"),
}
