"""Who signed a webhook: Bird's four schemes, told apart by their headers (Bird sheet, 3.4, Gen 2, Gen 1).

Every secret is tried and every comparison takes the same time. Encoded texts are compared, not what they decode to:
base64 can write the same bytes in several ways, and only one of them was signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from ...core import clock
from ..base import Delivery
from .reading import Json, text

TOLERANCE_SECONDS = 300
JWT_LEEWAY_SECONDS = 1
JWT_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def verify(delivery: Delivery, secrets: Sequence[str]) -> bool:
    """Whether one of `secrets` signed this delivery, by the scheme that its headers name."""
    usable = [secret for secret in secrets if secret]
    headers = delivery.headers
    if "webhook-signature" in headers:
        return _standard(delivery, usable)
    if "messagebird-signature-jwt" in headers:
        return _jwt(delivery, usable)
    if "messagebird-signature" in headers:
        return _messagebird(delivery, usable)
    return False


def _standard(delivery: Delivery, secrets: Sequence[str]) -> bool:
    """Standard Webhooks (3.4): HMAC-SHA256 of id, time and raw body, at most 300 seconds old or early."""
    headers = delivery.headers
    identity, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (identity and timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 13):
        return False
    fresh = abs(clock.now().timestamp() - int(timestamp)) <= TOLERANCE_SECONDS
    signed = _bytes(identity) + b"." + timestamp.encode() + b"." + delivery.body
    entries = [entry.partition(",") for entry in headers["webhook-signature"].split(" ")]
    claims = [_bytes(claim) for version, _, claim in entries if version == "v1"]
    good = False
    for secret in secrets:
        key = _key(secret)
        if key is None:
            continue
        ours = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        for claim in claims:
            good |= hmac.compare_digest(ours, claim)
    return good and fresh


def _key(secret: str) -> bytes | None:
    """The bytes behind "whsec_…", None when they are none."""
    try:
        return base64.b64decode(_bytes(secret.removeprefix("whsec_")), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _messagebird(delivery: Delivery, secrets: Sequence[str]) -> bool:
    """Gen 2 signs the whole address, old MessageBird its sorted query; the sheet has no replay window for either."""
    timestamp = delivery.headers.get("messagebird-request-timestamp", "")
    if not timestamp:
        return False
    query = urlencode(sorted(parse_qsl(delivery.url.partition("?")[2], keep_blank_values=True)))
    claimed = _bytes(delivery.headers["messagebird-signature"])
    digest = hashlib.sha256(delivery.body).digest()
    good = False
    for secret in secrets:
        for middle in (delivery.url, query):
            signed = _bytes(timestamp) + b"\n" + _bytes(middle) + b"\n" + digest
            ours = base64.b64encode(hmac.new(_bytes(secret), signed, hashlib.sha256).digest())
            good |= hmac.compare_digest(ours, claimed)
    return good


def _jwt(delivery: Delivery, secrets: Sequence[str]) -> bool:
    """A JWT over the hashes of the address and the body (Gen 1)."""
    pieces = delivery.headers["messagebird-signature-jwt"].split(".")
    if len(pieces) != 3:
        return False
    head, claims = _piece(pieces[0]), _piece(pieces[1])
    algorithm = JWT_HASHES.get(text(head.get("alg")))
    if algorithm is None:
        return False
    signed = _bytes(f"{pieces[0]}.{pieces[1]}")
    good = False
    for secret in secrets:
        ours = base64.urlsafe_b64encode(hmac.new(_bytes(secret), signed, algorithm).digest()).rstrip(b"=")
        good |= hmac.compare_digest(ours, _bytes(pieces[2]))
    return good and _holds(claims, delivery)


def _holds(claims: Json, delivery: Delivery) -> bool:
    if claims.get("iss") != "MessageBird" or not claims.get("jti"):
        return False
    now, starts, ends = clock.now().timestamp(), _number(claims.get("nbf")), _number(claims.get("exp"))
    # No time, no comparison that holds: NaN is neither before nor after anything.
    if not starts - JWT_LEEWAY_SECONDS <= now <= ends + JWT_LEEWAY_SECONDS:
        return False
    address = hashlib.sha256(_bytes(delivery.url)).hexdigest()
    payload = hashlib.sha256(delivery.body).hexdigest() if delivery.body else ""
    right_address = hmac.compare_digest(address.encode(), _bytes(text(claims.get("url_hash"))))
    return right_address and hmac.compare_digest(payload.encode(), _bytes(text(claims.get("payload_hash"))))


def _number(value: Any) -> float:
    """A Unix time, NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
        return math.nan
    return float(value)


def _piece(encoded: str) -> Json:
    """One part of a JWT as an object, empty when it is none."""
    try:
        found: Any = msgspec.json.decode(base64.urlsafe_b64decode(_bytes(encoded + "=" * (-len(encoded) % 4))))
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _bytes(words: str) -> bytes:
    return words.encode("utf-8", "surrogatepass")
