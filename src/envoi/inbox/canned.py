"""Answers kept for common questions, found by `/shortcut` in the composer. Table: canned_replies."""

from __future__ import annotations

import re

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotFound, Problem
from ..team.actions import note
from ..team.models import Staff, Team
from ..team.rights import require
from .models import CannedReply

SHORTCUT = re.compile(r"[\w-]{1,40}")
LONGEST = 4_096  # of a text at WhatsApp (Meta sheet, A.2)


class ShortcutTaken(Problem):
    """Another canned reply has this shortcut."""


def canned_replies(by: Staff | None, *, q: str = "", limit: int = 200) -> list[CannedReply]:
    """Those for everybody and those of the reader's teams, by shortcut; `q` is part of a shortcut, title or text."""
    require(by, "inbox.read")
    found = CannedReply.objects.select_related("team", "made_by")
    if by is not None and by.role == Staff.Role.AGENT:
        found = found.filter(Q(team=None) | Q(team__members__staff=by)).distinct()
    if q := q.strip().removeprefix("/"):
        begins = found.filter(shortcut__istartswith=q).order_by("shortcut")
        rest = found.filter(Q(shortcut__icontains=q) | Q(title__icontains=q) | Q(text__icontains=q))
        first = list(begins[:limit])
        known = {one.pk for one in first}
        return (first + [one for one in rest.order_by("shortcut")[:limit] if one.pk not in known])[:limit]
    return list(found.order_by("shortcut")[:limit])


def canned_reply_for(by: Staff | None, canned_id: int) -> CannedReply:
    """One of them. Raises NotFound."""
    require(by, "inbox.read")
    try:
        return CannedReply.objects.select_related("team").get(pk=canned_id)
    except CannedReply.DoesNotExist:
        raise NotFound(_("There is no such canned reply.")) from None


@transaction.atomic
def add(
    *, shortcut: str, title: str, text: str, language: str = "", team_id: int | None = None, by: Staff | None
) -> CannedReply:
    """Keep an answer. Raises BadInput, ShortcutTaken."""
    require(by, "inbox.write")
    one = CannedReply(made_by=by)
    _fill(one, shortcut=shortcut, title=title, text=text, language=language, team_id=team_id)
    note(by, "canned.add", f"canned/{one.pk}", {"shortcut": one.shortcut})
    return one


@transaction.atomic
def change(
    canned_id: int,
    *,
    shortcut: str,
    title: str,
    text: str,
    language: str = "",
    team_id: int | None = None,
    by: Staff | None,
) -> CannedReply:
    """Change one. Raises NotFound, BadInput, ShortcutTaken."""
    require(by, "inbox.write")
    one = canned_reply_for(by, canned_id)
    before = one.text
    _fill(one, shortcut=shortcut, title=title, text=text, language=language, team_id=team_id)
    note(by, "canned.change", f"canned/{one.pk}", {"shortcut": one.shortcut, "text_before": before})
    return one


@transaction.atomic
def delete(canned_id: int, *, by: Staff | None) -> None:
    """Delete one; messages that began with it keep its number for the figures. Raises NotFound."""
    require(by, "inbox.write")
    one = canned_reply_for(by, canned_id)
    note(by, "canned.delete", f"canned/{one.pk}", {"shortcut": one.shortcut, "text_before": one.text})
    one.delete()


def _fill(one: CannedReply, *, shortcut: str, title: str, text: str, language: str, team_id: int | None) -> None:
    one.shortcut = shortcut.strip().removeprefix("/").casefold()
    if not SHORTCUT.fullmatch(one.shortcut):
        raise BadInput(_("A shortcut is one word of letters, digits, - and _, at most 40 of them."))
    one.text = text.replace("\x00", "").strip()
    if not 0 < len(one.text) <= LONGEST:
        raise BadInput(_("The text has 1 to 4,096 characters."))
    one.title = " ".join(title.replace("\x00", "").split())[:120] or one.shortcut
    one.language = language.strip()[:12]
    if team_id is not None and not Team.objects.filter(pk=team_id).exists():
        raise BadInput(_("There is no such team."))
    one.team_id = team_id
    try:
        with transaction.atomic():
            one.save()
    except IntegrityError:
        raise ShortcutTaken(
            _("“/%(shortcut)s” is taken by another canned reply.") % {"shortcut": one.shortcut}
        ) from None
