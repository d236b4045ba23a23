"""Webhooks that rules call: signed as Standard Webhooks asks, by the worker, never to an address inside the company.

A call is noted in the transaction of the message and made after it. It is tried again later and later for three days;
then it is listed as failed. What the receiver answers is not read beyond its status.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
import secrets
import socket
import ssl
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F

from ..core import clock, jobs
from ..core.vault import seal, unseal
from .book import settings as reply_settings
from .facts import Facts
from .models import ReplyCall, ReplySettings

# A receiver has so long to take a call; then it counts as not taken.
SECONDS = 10.0
# Waits before the second, third … try: three days in all.
PAUSES = [timedelta(seconds=one) for one in (5, 60, 300, 1_800, 7_200, 18_000, 36_000, 72_000, 108_000)]
TRY = timedelta(minutes=2)


class NotTaken(Exception):
    """The call was not taken: the text says why."""


class NeverTaken(NotTaken):
    """And trying again would not help."""


def note(facts: Facts, *, rule_id: int, url: str) -> None:
    """Note a call about a message just received, and have it made after this transaction."""
    asked = facts.asked
    body = {
        "type": "reply.rule_fired",
        "timestamp": clock.now().isoformat(),
        "data": {
            "rule": rule_id,
            "contact": {"id": asked.contact_id, "name": facts.name, "phone": facts.phone, "language": facts.language},
            "channel": asked.channel_id,
            "conversation": facts.conversation_id,
            "message": {
                "id": f"{asked.contact_id}.{asked.message_id}",
                "provider_id": asked.fact.provider_id,
                "kind": asked.fact.kind,
                "text": asked.fact.text,
                "at": asked.fact.at.isoformat(),
            },
        },
    }
    one = ReplyCall.objects.create(
        contact_id=asked.contact_id, rule_id=rule_id, message_id=asked.message_id, url=url, body=body
    )
    _defer(one)


def make(contact_id: int, call_id: int) -> None:
    """Make one call, unless it has been made or another worker is at it."""
    taken = ReplyCall.objects.filter(
        contact_id=contact_id, id=call_id, state=ReplyCall.State.WAITING, due_at__lte=clock.now()
    ).update(attempts=F("attempts") + 1, due_at=clock.now() + TRY)
    if not taken:
        return
    one = ReplyCall.objects.get(contact_id=contact_id, id=call_id)
    try:
        post(one.url, one.body, call=f"call_{contact_id}_{call_id}")
    except NotTaken as problem:
        _again(one, str(problem), for_good=isinstance(problem, NeverTaken))
    else:
        ReplyCall.objects.filter(contact_id=contact_id, id=call_id).update(state=ReplyCall.State.DONE, reason="")


def take_up() -> int:
    """Defer what is due and has no job any more; returns how many."""
    due = ReplyCall.objects.filter(state=ReplyCall.State.WAITING, due_at__lt=clock.now() - timedelta(minutes=1))
    return sum(_defer(one) for one in due.order_by("due_at")[:500])


@transaction.atomic
def repeat(contact_id: int, call_id: int) -> bool:
    """Make a failed call again; False when it is none."""
    found = ReplyCall.objects.filter(contact_id=contact_id, id=call_id, state=ReplyCall.State.FAILED)
    if not found.update(state=ReplyCall.State.WAITING, attempts=0, due_at=clock.now()):
        return False
    return _defer(ReplyCall.objects.get(contact_id=contact_id, id=call_id)) or True


@transaction.atomic
def secret() -> str:
    """What calls are signed with, made at the first use."""
    said = reply_settings()
    if said.secret:
        return str(unseal(bytes(said.secret))["secret"])
    made = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    ReplySettings.objects.update_or_create(id=1, defaults={"secret": seal({"secret": made})})
    return made


def signed(body: bytes, *, call: str, at: int, key: str) -> dict[str, str]:
    """The three headers of Standard Webhooks: an HMAC over id, time and body with the bytes behind “whsec_”."""
    content = f"{call}.{at}.".encode() + body
    digest = hmac.new(base64.b64decode(key.removeprefix("whsec_")), content, hashlib.sha256).digest()
    return {
        "webhook-id": call,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def post(url: str, body: dict[str, Any], *, call: str) -> None:
    """Send it once. Raises NotTaken, NeverTaken."""
    parts = urlsplit(url)
    host, is_tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    address = _public_address(host, port)
    data = json.dumps(body, ensure_ascii=False).encode()
    at = int(clock.now().timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": "Envoi",
        "host": parts.netloc,
        **signed(data, call=call, at=at, key=secret()),
    }
    connection = _To(host, port, address, tls=is_tls)
    try:
        connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), data, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise NotTaken(f"{type(error).__name__}: {error}"[:300]) from error
    finally:
        connection.close()
    if status == 410:
        raise NeverTaken("HTTP 410: the receiver wants no more of it")
    if not 200 <= status < 300:
        raise NotTaken(f"HTTP {status}")


class _To(http.client.HTTPConnection):
    """A connection to the address that was looked at: asking for the name again could answer with another one."""

    def __init__(self, host: str, port: int, address: str, *, tls: bool) -> None:
        super().__init__(host, port, timeout=SECONDS)
        self._address = address
        self._tls = tls

    def connect(self) -> None:
        """Connect to the vetted address; the certificate is the name's."""
        self.sock = socket.create_connection((self._address, self.port), SECONDS)
        if self._tls:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _public_address(host: str, port: int) -> str:
    """An address of this host that is not inside the company's own network. Raises NotTaken, NeverTaken."""
    try:
        found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise NotTaken(f"There is no address for {host}: {error}"[:300]) from error
    if settings.PRIVATE_WEBHOOKS:
        return found[0]
    public = [one for one in found if is_public(one)]
    # Any private one among them is refused: a name may show another face at the next question.
    if not public or len(public) < len(found):
        raise NeverTaken(f"{host} is inside a private network, where rules call nobody.")
    return public[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet."""
    one = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(one, ipaddress.IPv6Address):
        inside = one.ipv4_mapped or one.sixtofour
        if inside is not None:
            return is_public(str(inside))
        if one in ipaddress.ip_network("64:ff9b::/96"):  # NAT64: an IPv4 address in its last bytes
            return is_public(str(ipaddress.IPv4Address(int(one) & 0xFFFFFFFF)))
    return one.is_global and not one.is_multicast


@transaction.atomic
def _again(one: ReplyCall, reason: str, *, for_good: bool) -> None:
    pause = PAUSES[min(one.attempts, len(PAUSES)) - 1]
    over = for_good or one.attempts > len(PAUSES)
    state = ReplyCall.State.FAILED if over else ReplyCall.State.WAITING
    due_at = clock.now() + pause
    ReplyCall.objects.filter(contact_id=one.contact_id, id=one.id).update(
        state=state, reason=reason[:500], due_at=due_at
    )
    if not over:
        _defer(one, after=pause)


def _defer(one: ReplyCall, after: timedelta = timedelta()) -> bool:
    return jobs.defer(
        "replies.call",
        after_seconds=int(after.total_seconds()),
        once=f"{one.contact_id} {one.id}",
        contact_id=one.contact_id,
        call_id=one.id,
    )
