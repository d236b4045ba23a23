"""Files that customers sent: noted with their message, fetched by the worker while the provider still has them.

The row commits with the message and says when it is due, so a kill at any moment leaves it to be taken up again; a
file that was fetched twice replaces itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from ..channels.models import Channel
from ..core import clock, jobs
from ..core.addresses import hook_url
from ..core.events import MessageReceived
from ..core.vault import Unreadable, unseal
from ..media import actions as media
from ..providers import base
from ..providers.http import Client
from ..providers.table import PROVIDERS
from .models import Attachment, Message

State = Attachment.State

KINDS = ("image", "video", "audio", "document", "sticker")

# How long a provider keeps what a customer sent: Meta 7 days (Meta sheet, B), Bird 30 (Bird sheet, 3.5). Twilio keeps
# it until it is deleted and Zenvia does not say (their sheets, 7): a week of trying is enough for either.
KEPT = {"meta": timedelta(days=7), "bird": timedelta(days=30)}
KEPT_OTHERWISE = timedelta(days=7)

# Waits before the second, third … try; the last one again and again, as long as the provider keeps the file.
PAUSES = [timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3_600, 6 * 3_600)]

# What one try may take, and when another worker may believe that the one before it is dead.
ANSWER_SECONDS = 240.0
TRY = timedelta(minutes=15)

GONE = frozenset({"media_gone", "gone", "http_404", "http_410", "100", "33"})
TOO_LARGE = frozenset({"too_large", "answer_too_long", "media_size"})


def note(fact: MessageReceived, *, contact_id: int) -> int:
    """Note the files of a message that has just been received, and have them fetched; returns how many there are.

    In the caller's transaction; called again with the same fact it adds nothing.
    """
    refs = refs_in(fact)
    if not refs:
        return 0
    message = Message.objects.get(contact_id=contact_id, provider_id=fact.provider_id)
    for place, ref in enumerate(refs):
        one, new = Attachment.objects.get_or_create(
            contact_id=contact_id,
            message_id=message.id,
            place=place,
            defaults={"channel_id": message.channel_id, "kind": fact.kind, "ref": ref},
        )
        if new:
            _defer(one)
    return len(refs)


def refs_in(fact: MessageReceived) -> list[Mapping[str, Any]]:
    """What download takes, for each file of a message: media objects, and files where a list of them came."""
    held = fact.content.get(fact.kind)
    if isinstance(held, Mapping) and isinstance(held.get("media"), Sequence):
        held = held["media"]  # Twilio: files beside what is not one kind of file
    if isinstance(held, Mapping) and fact.kind in KINDS:
        return [held] if any(held.get(key) for key in ("id", "url", "link", "status")) else []
    if isinstance(held, list):
        return [one for one in held if isinstance(one, Mapping) and one.get("url") and "mime_type" in one]
    return []


def fetch(contact_id: int, attachment_id: int) -> None:
    """Fetch one file, unless it has been done or another worker is at it; a fault that may pass is for another time."""
    one = _claim(contact_id, attachment_id)
    if one is None:
        return
    try:
        account, channel, provider = _route(one.channel)
        if provider.media is None:
            _settle(one, State.REFUSED, "This provider hands out no files.")
            return
        limit = media.most_bytes()
        got = asyncio.run(_download(provider.media, account, channel, one.ref, limit))
    except base.Rejected as error:
        _settle(one, State.GONE if error.failure.code in GONE else State.REFUSED, _words(error))
    except base.SendError as error:
        if error.failure.code in TOO_LARGE:
            _settle(one, State.REFUSED, _words(error))
        else:
            _again(one, _words(error))
    except Unreadable as error:
        _again(one, str(error))
    else:
        if len(got.data) > limit:
            _settle(one, State.REFUSED, f"The file has more than {limit // base.MEBIBYTE} MB.")
            return
        path = f"inbound/{contact_id}/{attachment_id}"
        file = media.keep_inbound(got.data, name=got.name, told=got.mime_type, path=path)
        Attachment.objects.filter(contact_id=contact_id, id=attachment_id).update(
            state=State.STORED, file=file, reason=""
        )


def take_up() -> int:
    """Defer what is due and has no job any more (its worker was killed, the queue was emptied); returns how many."""
    due = Attachment.objects.filter(state=State.WAITING, due_at__lt=clock.now() - timedelta(minutes=1))
    return sum(_defer(one) for one in due.order_by("due_at")[:500])


def let_go() -> int:
    """Delete customers' files that no attachment refers to any more: their contact was erased."""
    with connection.cursor() as cursor:
        # An hour's grace: the file's row stands before the attachment names it.
        cursor.execute(
            """
            SELECT f.id
              FROM files f
             WHERE f.source = 'inbound'
               AND f.created_at < now() - interval '1 hour'
               AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.file_id = f.id)
             LIMIT 5000
            """
        )
        return media.drop([row[0] for row in cursor.fetchall()])


class _Capped:
    """The client, reading no more of any answer than we would keep."""

    def __init__(self, client: Client, limit: int) -> None:
        self._client = client
        self._limit = limit

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> base.Answer:
        return await self._client.post(url, headers, body)

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, most: int = base.MEBIBYTE
    ) -> base.Answer:
        return await self._client.request(method, url, headers, body, most=min(most, max(self._limit, base.MEBIBYTE)))


async def _download(
    files: base.Media, account: base.Account, channel: base.Channel, ref: Mapping[str, Any], limit: int
) -> base.Downloaded:
    async with Client(answer_seconds=ANSWER_SECONDS, connections=4) as client:
        return await files.download(_Capped(client, limit), account, channel, ref)


def _claim(contact_id: int, attachment_id: int) -> Attachment | None:
    """Count a try and put the next one off, in one statement that two workers can't both win."""
    taken = Attachment.objects.filter(
        contact_id=contact_id, id=attachment_id, state=State.WAITING, due_at__lte=clock.now()
    ).update(attempts=F("attempts") + 1, due_at=clock.now() + TRY)
    if not taken:
        return None
    return Attachment.objects.select_related("channel__account").get(contact_id=contact_id, id=attachment_id)


def _route(channel: Channel) -> tuple[base.Account, base.Channel, base.Provider]:
    account = channel.account
    credentials = {"webhook_url": hook_url(account.provider, account.hook_key), **unseal(bytes(account.credentials))}
    wire = base.Account(
        provider_id=account.provider_id,
        credentials=credentials,
        base_url=account.base_url,
        allow_base_url=settings.PROVIDER_URLS,
    )
    number = base.Channel(provider_id=channel.provider_id, address=channel.address)
    return wire, number, PROVIDERS[account.provider]


def _settle(one: Attachment, state: str, reason: str) -> None:
    Attachment.objects.filter(contact_id=one.contact_id, id=one.id).update(state=state, reason=reason[:500])


@transaction.atomic
def _again(one: Attachment, reason: str) -> None:
    """Another try after a pause, as long as the provider keeps the file."""
    pause = PAUSES[min(one.attempts, len(PAUSES)) - 1]
    ends = one.created_at + KEPT.get(one.channel.account.provider, KEPT_OTHERWISE)
    if clock.now() + pause > ends:
        _settle(one, State.FAILED, reason)
        return
    due_at = clock.now() + pause
    Attachment.objects.filter(contact_id=one.contact_id, id=one.id).update(due_at=due_at, reason=reason[:500])
    _defer(one, after=pause)


def _defer(one: Attachment, after: timedelta = timedelta()) -> bool:
    return jobs.defer(
        "messaging.fetch_attachment",
        after_seconds=int(after.total_seconds()),
        once=f"{one.contact_id} {one.id}",
        contact_id=one.contact_id,
        attachment_id=one.id,
    )


def _words(error: base.SendError) -> str:
    failure = error.failure
    return " ".join(filter(None, (failure.code, failure.title, failure.detail))).replace("\x00", "")
