"""Who signed a webhook from Twilio (Twilio sheet, 6, signature check)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes, urlsplit

from ..base import Delivery

HASHES = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}
PORTS = {"https": 443, "http": 80}


def verify(delivery: Delivery, secrets: Sequence[str]) -> bool:
    """X-Twilio-Signature over the address and the sorted form, by SHA-1 or as the settings header says.

    The address counts with and without its port: Twilio itself is not consistent. A body that is no form is
    covered by its SHA-256 in the signed query.
    """
    algorithm = _algorithm(delivery.headers.get("x-twilio-webhooks-signature-settings", ""))
    made = HASHES.get(algorithm)
    claimed = delivery.headers.get("x-twilio-signature", "").encode("utf-8", "replace")
    if made is None or not claimed:
        return False
    whole = True
    if "bodySHA256" in delivery.query and not _is_form(delivery):
        digest = hashlib.sha256(delivery.body).hexdigest()
        whole = hmac.compare_digest(digest.encode(), delivery.query["bodySHA256"].encode("utf-8", "replace"))
        signed = b""
    else:
        signed = _signed_form(delivery.body)
    good = False
    for secret in secrets:
        for url in _addresses(delivery.url):
            ours = base64.b64encode(hmac.new(secret.encode(), url.encode() + signed, made).digest())
            # All are compared, so that time tells nothing; an empty secret would let anybody sign.
            good |= hmac.compare_digest(ours, claimed) and bool(secret)
    return good and whole


def pairs(body: bytes) -> list[tuple[bytes, bytes]]:
    """The form's names and values, byte for byte; blank values are kept."""
    found: list[tuple[bytes, bytes]] = []
    for part in body.split(b"&"):
        name, _, value = part.partition(b"=")
        if part:
            found.append((_plain(name), _plain(value)))
    return found


def _plain(encoded: bytes) -> bytes:
    return unquote_to_bytes(encoded.replace(b"+", b" "))


def _signed_form(body: bytes) -> bytes:
    """Names sorted, each with its distinct values sorted, without anything in between."""
    return b"".join(name + value for name, value in sorted(set(pairs(body))))


def _addresses(url: str) -> tuple[str, ...]:
    """The address as it is, without its port, and with the port that its scheme implies."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return (url,)
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
    before, rest = url.split("//", 1)[0], url.split("//", 1)[-1][len(parts.netloc) :]
    bare = f"{before}//{host}{rest}"
    return tuple(dict.fromkeys((url, bare, f"{before}//{host}:{PORTS.get(parts.scheme, 80)}{rest}")))


def _algorithm(settings: str) -> str:
    """The algorithm of a SharedKey ("key=…,algorithm=HMAC_SHA256"); without the header that of the Auth Token."""
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip().upper()
    return "HMAC_SHA1"


def _is_form(delivery: Delivery) -> bool:
    return delivery.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
