"""Telling staff what they should know, and keeping how they want to be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import time, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction
from django.utils.translation import gettext as _

from ..core import clock, jobs
from ..core.errors import BadInput, NotFound
from ..core.zones import is_zone
from ..team.models import Staff
from .models import Notification, NotificationSettings, PushSubscription
from .wants import WAYS, ways

# Long enough for what belongs together to come in one e-mail, short enough for a red alert.
COLLECT_SECONDS = 60
KEPT_DAYS = 60

# As inbox.live tells pages: whoever listens there hears of notifications too.
TELL = "SELECT pg_notify('inbox', line) FROM unnest(%(lines)s::text[]) AS l (line)"


@transaction.atomic
def notify(staff_ids: Iterable[int], kind: Notification.Kind, *, link: str, facts: dict[str, Any] | None = None) -> int:
    """Tell each of the staff once, in the caller's transaction, where they want it; returns how many were told.

    facts: what the sentence names ("contact", "minutes", "by"…); link: the path of the page where to look.
    """
    ids = list(dict.fromkeys(staff_ids))
    settings = {one.staff_id: one for one in NotificationSettings.objects.filter(staff_id__in=ids)}
    wanted = {staff_id: ways(settings.get(staff_id), kind) for staff_id in ids}
    told = Notification.objects.bulk_create(
        Notification(
            staff_id=staff_id,
            kind=kind,
            link=link,
            facts=facts or {},
            in_page="page" in wanted[staff_id],
            by_email="email" in wanted[staff_id],
        )
        for staff_id in ids
        if wanted[staff_id]
    )
    by_push = {one.staff_id for one in told if "push" in wanted[one.staff_id]}
    browsers = set(PushSubscription.objects.filter(staff_id__in=by_push).values_list("staff_id", flat=True))
    for one in told:
        if one.staff_id in browsers:
            jobs.defer("notifications.push", notification_id=one.pk)
        if one.by_email:
            jobs.defer(
                "notifications.mail", after_seconds=COLLECT_SECONDS, once=str(one.staff_id), staff_id=one.staff_id
            )
    _tell(one.staff_id for one in told if one.in_page)
    return len(told)


@transaction.atomic
def mark_read(staff: Staff, ids: Sequence[int] | None = None) -> int:
    """Say that somebody has seen these of their notifications, or (None) all; returns how many were new."""
    mine = Notification.objects.filter(staff=staff, read_at__isnull=True)
    changed = (mine if ids is None else mine.filter(pk__in=ids)).update(read_at=clock.now())
    if changed:
        _tell([staff.pk])
    return changed


@transaction.atomic
def mark_link_read(staff: Staff, link: str) -> int:
    """Say that somebody has looked at a page that notifications of theirs lead to."""
    ids = Notification.objects.filter(staff=staff, read_at__isnull=True, link=link).values_list("pk", flat=True)
    return mark_read(staff, list(ids))


@transaction.atomic
def set_wants(
    staff: Staff,
    *,
    wants: Mapping[str, Sequence[str]],
    quiet_from: time | None = None,
    quiet_to: time | None = None,
    zone: str = "UTC",
) -> NotificationSettings:
    """Keep where somebody wants to be told of what, and their quiet hours (both or none). Raises BadInput."""
    if unknown := set(wants) - set(Notification.Kind.values):
        raise BadInput(_("There is no notification “%(kind)s”.") % {"kind": sorted(unknown)[0]})
    if (quiet_from is None) != (quiet_to is None):
        raise BadInput(_("Quiet hours need a beginning and an end."))
    if not is_zone(zone):
        raise BadInput(_("“%(zone)s” is not a time zone: write it as Europe/Paris.") % {"zone": zone})
    kept = {kind: [way for way in WAYS if way in chosen] for kind, chosen in wants.items()}
    values = {"wants": kept, "quiet_from": quiet_from, "quiet_to": quiet_to, "zone": zone}
    row, _made = NotificationSettings.objects.update_or_create(staff=staff, defaults=values)
    return row


@transaction.atomic
def forget_about(link_prefix: str) -> int:
    """Take away what was told about pages whose path begins so: a customer was erased."""
    return Notification.objects.filter(link__startswith=link_prefix).delete()[0]


def forget_old() -> int:
    """Take away what is older than two months; nobody looks for it."""
    return Notification.objects.filter(at__lt=clock.now() - timedelta(days=KEPT_DAYS)).delete()[0]


def opened(staff: Staff, notification_id: int) -> str:
    """Where one of somebody's notifications leads, now that they go there. Raises NotFound."""
    one = Notification.objects.filter(staff=staff, pk=notification_id).first()
    if one is None:
        raise NotFound(_("There is no such notification."))
    mark_read(staff, [one.pk])
    return one.link


def _tell(staff_ids: Iterable[int]) -> None:
    lines = [msgspec.json.encode({"what": "notification", "to": staff_id}).decode() for staff_id in staff_ids]
    if lines:
        with connection.cursor() as cursor:
            cursor.execute(TELL, {"lines": lines})
