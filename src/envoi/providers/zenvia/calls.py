"""Calls of Zenvia's API: where they go, how they prove who asks, what a refusal means (Zenvia sheet, 1 and 5)."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import msgspec

from ...core import clock
from ...core.events import Failure
from ..base import Account, Answer, Http, Rejected, SendError, Suspended, Throttled, Uncertain
from ..reading import NotJson, fields, items, read, text
from .errors import advice

BASE_URL = "https://api.zenvia.com"
HOST = "api.zenvia.com"
VERSION = "v2"
JSON = "application/json"


async def call(
    http: Http,
    account: Account,
    method: str,
    path: str,
    content: Any = None,
) -> Any:
    """The JSON value that a call with a JSON body (or none) answers. Raises a SendError for anything but 2xx."""
    body = b"" if content is None else msgspec.json.encode(content)
    answer = await request(http, account, method, path, body, content_type=JSON if body else "")
    return value_of(answer)


async def request(
    http: Http,
    account: Account,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    content_type: str = "",
    signed: bytes | None = None,
) -> Answer:
    """The answer to a call. `signed` are the bytes that count for the signature where they aren't the body."""
    path = f"/{_version(account)}{path}"
    url = account.address(BASE_URL) + path
    headers = credentials(account, method, path, body if signed is None else signed, content_type, clock.now())
    if method == "POST":
        return await http.post(url, headers, body)
    return await http.request(method, url, headers, body, most=LARGEST_LIST)


LARGEST_LIST = 16 * 1_048_576  # 500 templates on a page, each with its comments


def credentials(
    account: Account, method: str, path: str, body: bytes, content_type: str, at: datetime
) -> dict[str, str]:
    """The headers that prove who asks. Credentials: "token", and for a signature token its "token_secret".

    Raises Suspended for a damaged token.
    """
    token = account.secret("token")
    if not (token and token.isascii() and token.isprintable()):
        raise Suspended(Failure("token", "The access token is missing or damaged", action="suspended"))
    headers = {"x-api-token": token}
    if content_type:
        headers["content-type"] = content_type
    if secret := account.secret("token_secret"):
        date = format_datetime(at, usegmt=True)
        headers["date"] = date
        headers["x-api-signature"] = signature(secret, method, body, content_type, date, path)
    return headers


def _version(account: Account) -> str:
    version = account.secret("api_version") or VERSION
    if not re.fullmatch(r"v[0-9]{1,3}", version):
        raise Suspended(Failure("api_version", "The API version must look like v2", version[:40], "suspended"))
    return version


def signature(secret: str, method: str, body: bytes, content_type: str, date: str, path: str) -> str:
    """base64(HMAC-SHA256) over six lines: method, MD5 of the body, its type, date, host and path (sheet, 1)."""
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest() if body else ""
    words = "\n".join((method, digest, content_type, date, HOST, path))
    return b64encode(hmac.new(secret.encode(), words.encode(), hashlib.sha256).digest()).decode()


def value_of(answer: Answer) -> Any:
    """The JSON value of a 2xx answer, None of an empty one. Raises a SendError."""
    if not 200 <= answer.status < 300:
        raise refusal(answer)
    if not answer.body:
        return None
    try:
        return read(answer.body)
    except NotJson:
        raise Uncertain(Failure("not_json", "The answer is no JSON", start(answer), "uncertain")) from None


def refusal(answer: Answer) -> SendError:
    """What an answer other than 2xx asks for: by its code if the table knows it, else by its HTTP status."""
    try:
        said = fields(read(answer.body))
    except NotJson:
        said = {}
    code, status = text(said.get("code")), f"http_{answer.status}"
    words = _words(said) or start(answer)
    known = next((one for one in (code, status) if advice(one)), None)
    if known is not None and (row := advice(known)):
        error = row.error(Failure(code or known, row.title, words, row.action))
        if isinstance(error, Throttled):
            error.after = max(error.after, _retry_after(answer))
        return error
    failure = Failure(code or status, text(said.get("message")) or f"HTTP {answer.status}", words)
    if answer.status >= 500:
        return Uncertain(replace(failure, action="uncertain"), after=2.0)
    if code and answer.status in (400, 404, 409, 413, 415, 422):
        return Rejected(failure)
    # A redirect, a proxy's page, another server: a person has to look.
    return Suspended(replace(failure, action="suspended"))


def start(answer: Answer) -> str:
    """The first words of an answer that nobody understands."""
    return answer.body[:200].decode("utf-8", "replace").replace("\x00", "")


def _words(said: dict[str, Any]) -> str:
    """Zenvia's own words: its message, then which field of ours each detail is about."""
    parts = [text(said.get("message"))]
    for detail in map(fields, items(said.get("details"))):
        where, what = text(detail.get("path")), text(detail.get("message"))
        parts.append(": ".join(part for part in (where, what) if part))
    return "; ".join(part for part in parts if part)[:1_000]


def _retry_after(answer: Answer) -> float:
    seconds = answer.headers.get("retry-after", "")
    return float(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 7 else 0.0
