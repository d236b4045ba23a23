"""Webhooks from Meta: who signed them and what they tell (Meta sheet, D)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ...core.events import Fact, Unknown
from ..reading import MISSHAPEN, Json, NotJson, fields, items, need, read, text
from . import changes, inbound


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    """X-Hub-Signature-256: HMAC-SHA256 of the raw bytes with the app secret, in hex (D.1)."""
    scheme, _, given = headers.get("x-hub-signature-256", "").partition("=")
    claimed = given.encode("utf-8", "replace")
    good = False
    for secret in secrets:
        keyed = _keyed(secret).copy()
        keyed.update(body)
        ours = keyed.hexdigest().encode()
        # All are compared, so that time tells nothing; an empty secret would let anybody sign.
        good |= hmac.compare_digest(ours, claimed) and bool(secret)
    return good and scheme == "sha256"


@lru_cache(maxsize=256)
def _keyed(secret: str) -> hmac.HMAC:
    """To be copied: a fifth of what hmac.new costs for a receipt, and less than half of hmac.digest."""
    return hmac.new(secret.encode(), digestmod="sha256")


# A quote in what somebody wrote is escaped, so these are names of fields, whatever the text says.
_MESSAGES = re.compile(rb'"messages"\s*:')


def urgent(body: bytes) -> bool:
    """All but statuses: one POST may hold both, and "messages" is the name of their field too (D.2)."""
    return b'"statuses"' not in body or _MESSAGES.search(body) is not None


def handshake(query: Mapping[str, str], verify_token: str) -> str | None:
    """The challenge, when mode and token are right (D.1)."""
    given = query.get("hub.verify_token", "").encode("utf-8", "replace")
    same = hmac.compare_digest(given, verify_token.encode("utf-8", "replace"))
    if not verify_token or not same or query.get("hub.mode") != "subscribe":
        return None
    return query.get("hub.challenge", "")


def parse(body: bytes) -> list[Fact]:
    """Every entry, every change, every message and status of a batch, in order (D.1, D.2). Never raises."""
    try:
        webhook = read(body)
    except NotJson:
        return [Unknown("not json", body.decode("utf-8", "replace"))]
    facts: list[Fact] = []
    for entry in items(fields(webhook).get("entry")):
        for change in items(fields(entry).get("changes")):
            facts += _change(change, fields(entry).get("id"))
    return facts or [Unknown("webhook", webhook)]


def _change(change: Any, account: Any) -> list[Fact]:
    try:
        return READERS[need(change["field"])](change["value"], text(account))
    except MISSHAPEN:
        return [Unknown(text(fields(change).get("field")) or "change", change)]


# The value of a change, and the id of the entry that it is in: mostly the account's.
READERS: dict[str, Callable[[Json, str], list[Fact]]] = {
    "messages": inbound.messages,
    "user_preferences": changes.preferences,
    "message_template_status_update": changes.template_status,
    "message_template_quality_update": changes.template_quality,
    "message_template_components_update": changes.template_components,
    "template_category_update": changes.template_category,
    "phone_number_quality_update": changes.number_quality,
    "phone_number_name_update": changes.number_name,
    "security": changes.number_security,
    "business_capability_update": changes.capability,
    "account_update": changes.account_update,
    "account_review_update": changes.account_review,
    "account_alerts": changes.account_alert,
}
