"""One contact's whole story on one time line, a page at a time: it reads across the apps and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _

from ..contacts.models import ConsentEntry, ContactEvent, Note, Tag
from ..core.errors import BadInput
from ..core.paging import Page
from ..messaging.models import Message
from ..messaging.queries import Shown, bubble_of, files_of
from ..orders.models import Order
from ..team.models import Staff
from ..team.rights import require
from ..web.look import moment
from ..web.told import consent_proof, consent_source, headline, why
from ..web.undelivered import refusal

PAGE = 50

# Keys first: every source leads with the contact, so that each is one index range; then the rows of one page alone.
KEYS = """
SELECT at, kind, id FROM (
    SELECT COALESCE(accepted_at, created_at) AS at, 'message' AS kind, id FROM messages WHERE contact_id = %(contact)s
    UNION ALL SELECT at, 'consent', id FROM consents WHERE contact_id = %(contact)s
    UNION ALL SELECT at, 'order', id FROM orders WHERE contact_id = %(contact)s
    UNION ALL SELECT at, 'note', id FROM notes WHERE contact_id = %(contact)s
    UNION ALL SELECT at, 'event', id FROM contact_events WHERE contact_id = %(contact)s
    UNION ALL SELECT at, 'tag', tag_id FROM contact_tags WHERE contact_id = %(contact)s
    UNION ALL SELECT created_at, 'added', id FROM contacts WHERE id = %(contact)s
) AS story
 WHERE %(at)s::timestamptz IS NULL OR (at, kind, id) < (%(at)s, %(kind)s, %(id)s)
 ORDER BY at DESC, kind DESC, id DESC
 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One moment of a contact's story. `text` is what was said, by us (`ours`) or by them; `note` is for staff only."""

    at: datetime
    what: str
    tone: str = ""
    text: str = ""
    ours: bool = False
    detail: str = ""
    url: str = ""
    note: str = ""
    files: Sequence[Shown] = ()


def contact_story(staff: Staff | None, contact_id: int, *, after: str | None = None, limit: int = PAGE) -> Page[Entry]:
    """Messages with their receipts, consent, orders, tags, notes and what was done to the record, newest first.

    after: the `next` of the page before. Raises BadInput for one that we did not make.
    """
    require(staff, "contacts.read")
    at, kind, last = _cursor(after) if after else (None, "", 0)
    with connection.cursor() as cursor:
        parameters = {"contact": contact_id, "at": at, "kind": kind, "id": last, "limit": limit + 1}
        cursor.execute(KEYS, parameters)
        keys = cursor.fetchall()
    told = _told(contact_id, keys[:limit])
    entries = [replace(told[kind, one], at=at) for at, kind, one in keys[:limit] if (kind, one) in told]
    more = f"{keys[limit - 1][0].isoformat()} {keys[limit - 1][1]} {keys[limit - 1][2]}" if len(keys) > limit else None
    return Page(entries, next=more)


def _told(contact_id: int, keys: Sequence[tuple[datetime, str, int]]) -> dict[tuple[str, int], Entry]:
    ids: dict[str, list[int]] = {}
    for _at, kind, one in keys:
        ids.setdefault(kind, []).append(one)
    told: dict[tuple[str, int], Entry] = {}
    mine = {"contact_id": contact_id}
    messages = list(Message.objects.filter(**mine, id__in=ids.get("message", ())).select_related("template", "channel"))
    files = files_of(messages)
    for message in messages:
        told["message", message.id] = _message(message, files.get(message.id, []))
    for line in ConsentEntry.objects.filter(**mine, id__in=ids.get("consent", ())).select_related("by"):
        told["consent", line.id] = _consent(line)
    for order in Order.objects.filter(**mine, id__in=ids.get("order", ())):
        what = _("Bought for %(amount)s %(currency)s") % {"amount": order.amount, "currency": order.currency}
        told["order", order.id] = Entry(order.at, what, tone="calm")
    for note in Note.objects.filter(**mine, id__in=ids.get("note", ())).select_related("by"):
        what = _("Note by %(name)s") % {"name": note.by} if note.by else _("Note")
        told["note", note.id] = Entry(note.at, what, note=note.text)
    for event in ContactEvent.objects.filter(**mine, id__in=ids.get("event", ())).select_related("by"):
        told["event", event.id] = _event(event)
    for tag in Tag.objects.filter(pk__in=ids.get("tag", ())):
        told["tag", tag.pk] = Entry(keys[0][0], _("Tagged “%(tag)s”") % {"tag": tag.name})
    for one_id in ids.get("added", ()):
        told["added", one_id] = Entry(keys[0][0], _("Added to the contacts"), tone="hollow")
    return told


def _message(message: Message, files: Sequence[Shown]) -> Entry:
    if message.direction == Message.Direction.IN:
        # A picture speaks for itself; only what has neither words nor a file is named by its kind.
        text = message.text or ("" if files else f"[{message.kind}]")
        return Entry(message.created_at, _("The customer wrote"), text=text, files=files)
    url = ""
    if message.campaign_id:
        url = reverse("campaigns:recipient", args=[message.campaign_id, message.contact_id, message.id])
    receipts = [(headline("delivered"), message.delivered_at), (headline("read"), message.read_at)]
    said = [why(message.reason) if message.reason else refusal(message.error_title)]
    said += [f"{word} {moment(at)}" for word, at in receipts if at]
    return Entry(
        message.accepted_at or message.created_at,
        headline("sent") if message.state in ("delivered", "read") else headline(message.state),
        tone="bad" if message.state in ("failed", "uncertain") else "",
        # Who was left out has not read it: showing the words would say that they had.
        text="" if message.state in ("skipped", "cancelled") else bubble_of(message).body,
        ours=True,
        detail=" · ".join(filter(None, said)),
        url=url,
        files=files,
    )


def _consent(line: ConsentEntry) -> Entry:
    what = _("Consent to %(purpose)s: %(state)s") % {
        "purpose": str(line.get_purpose_display()).lower(),
        "state": str(line.get_state_display()).lower(),
    }
    source, proof = consent_source(line.source), consent_proof(line.proof)
    said = [source, f"“{line.text}”" if line.text else "", proof, str(line.by) if line.by else ""]
    tone = {"granted": "good", "withdrawn": "bad"}.get(line.state, "warn")
    return Entry(line.at, what, tone=tone, detail=" · ".join(filter(None, said)))


def _event(event: ContactEvent) -> Entry:
    detail: dict[str, Any] = event.detail
    what = {
        "untagged": _("Tag “%(tag)s” taken off") % {"tag": detail.get("tag", "")},
        "owner": _("Looked after by %(owner)s") % {"owner": detail.get("owner") or _("nobody")},
        "blocked": _("Blocked: %(reason)s") % {"reason": detail.get("reason", "")},
        "unblocked": _("May be written to again"),
        "moved": _("Number or id changed from %(old)s to %(new)s")
        % {"old": detail.get("old", ""), "new": detail.get("new", "")},
        "merged": _("Merged with %(name)s") % {"name": detail.get("name", "")},
        "parted": _("A merge was undone"),
        "changed": _("Details changed"),
        "erased": _("Erased"),
    }.get(event.what, event.what)
    tone = "bad" if event.what == "blocked" else ""
    return Entry(event.at, what, tone=tone, detail=str(event.by) if event.by else "")


def _cursor(text: str) -> tuple[datetime, str, int]:
    try:
        at, kind, one = text.replace("\0", "").split(" ")
        return datetime.fromisoformat(at), kind, int(one)
    except ValueError:
        raise BadInput(_("This page of the list can't be found: start again from the first.")) from None
