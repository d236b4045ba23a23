"""What the test bench's page asks for and shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.translation import gettext as _

from ..channels.models import Channel
from ..contacts.models import Contact
from ..contacts.queries import contact_for
from ..core.errors import NotFound
from ..core.paging import whole
from ..segments.queries import contacts_named
from ..team.models import Staff
from ..web import typed_moments
from .telling import MEDIA
from .trying import Seen, Try, try_out

LONGEST = 70_000
MOST_MEANT = 6


@dataclass(frozen=True, slots=True)
class Trial:
    """What was typed, and the message it makes. who: a phone, a name or #number, "" for somebody unknown.

    at, zone: the moment as it was typed, and by which clock.
    contact: the newest of those who may be meant; meant: all of them where they are several.
    """

    given: Try
    who: str
    at: str
    zone: str
    contact: Contact | None
    meant: Sequence[Contact] = ()


def trial_from(data: Mapping[str, Any], *, by: Staff) -> Trial:
    """What the page sent; what can't be meant is as if it were not said. Raises BadInput for a time that is none."""
    known = _channels()
    channel_id = whole(str(data.get("channel", "")))
    if channel_id not in [one.pk for one in known]:
        channel_id = known[0].pk if known else 0
    who = str(data.get("who", "")).strip()[:200]
    meant = _meant(who, by)
    contact = meant[0] if meant else None
    at = str(data.get("at", ""))
    # The clock of a page without a time is that of whoever reads it now.
    zone = str(data.get("zone", "")) if at else ""
    moment = typed_moments.read(at, zone)
    kind = str(data.get("kind", "text"))
    given = Try(
        text=str(data.get("text", ""))[:LONGEST].replace("\0", ""),
        channel_id=channel_id or 0,
        kind=kind if kind in MEDIA else "text",
        payload=str(data.get("payload", ""))[:200].strip(),
        source=str(data.get("source", ""))[:200].strip(),
        at=moment or timezone.now(),
        contact_id=contact.pk if contact else None,
        is_first=data.get("is_first") == "on",
        language=str(data.get("language", "")).strip()[:12].lower(),
    )
    return Trial(given, who, at, zone, contact, meant if len(meant) > 1 else ())


def trial_page(asked: Trial, *, by: Staff) -> dict[str, Any]:
    """The page's form and, once something was asked, what would happen."""
    given = asked.given
    is_asked = bool(given.text or given.payload or given.source or given.kind != "text" or asked.who or given.is_first)
    seen: Seen | None = try_out(given, by=by)
    return {
        "asked": asked,
        "given": given,
        "wrote": (given.text or given.payload)[:600],
        "is_asked": is_asked,
        "seen": seen,
        "kinds": [("text", _("Text")), *MEDIA.items()],
        "channels": _channels(),
        "meant": [(one, _as(asked, one)) for one in asked.meant],
    }


def _channels() -> list[Channel]:
    """Whoever may read rules sees the names of the numbers that they are about."""
    return list(Channel.objects.order_by("pk"))


def _meant(who: str, by: Staff) -> list[Contact]:
    """Whom these words may mean; only whom the reader may see."""
    if not who:
        return []
    found = []
    for one in contacts_named(by, who, limit=MOST_MEANT):
        with suppress(NotFound):
            found.append(contact_for(by, one.pk))
    return found


def _as(asked: Trial, one: Contact) -> str:
    """The address of the same trial with one of those who may be meant."""
    given = asked.given
    when = {"at": asked.at, "zone": asked.zone}
    words = {"text": given.text[:1_000], "payload": given.payload, "source": given.source, **when}
    return urlencode({**words, "channel": given.channel_id, "kind": given.kind, "who": f"#{one.pk}"})
