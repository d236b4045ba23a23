"""Calls to Meta's Graph API: addresses, the token, and what a refusal asks for (Meta sheet, A.1 and E.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from ...core.events import Failure
from ..base import MEBIBYTE, Account, Answer, Http, Rejected, SendError, Suspended, Throttled, Uncertain
from ..reading import Json, fields, text
from .errors import advice

BASE_URL = "https://graph.facebook.com"

# The newest version in Meta's own examples; v26.0 rests on one secondary source (sheet, 0.10).
VERSION = "v25.0"

LARGEST_PAGE = 16 * MEBIBYTE


def address(account: Account, *path: str, query: Mapping[str, str] | None = None) -> str:
    """The address of an object or an edge of it. Raises Suspended for a damaged version."""
    version = account.secret("api_version") or VERSION
    if not re.fullmatch(r"v[0-9]{1,3}\.[0-9]{1,2}", version):
        raise Suspended(Failure("api_version", "The API version must look like v25.0", version[:40]))
    parts = "/".join(quote(part, safe=":") for part in path)
    asked = f"?{urlencode(query)}" if query else ""
    return f"{account.address(BASE_URL)}/{version}/{parts}{asked}"


def authorization(account: Account, scheme: str = "Bearer") -> dict[str, str]:
    """The header with the token. Raises Suspended when there is none that could be one."""
    token = account.secret("token")
    if not (token and token.isascii() and token.isprintable()):
        raise Suspended(Failure("token", "The access token is missing or damaged"))
    return {"authorization": f"{scheme} {token}"}


async def call(
    http: Http,
    account: Account,
    method: str,
    *path: str,
    json: Mapping[str, Any] | None = None,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> Json:
    """Call an object that is not a number, and return its JSON answer. Raises a SendError."""
    sent = {**authorization(account), **(headers or {})}
    if json is not None:
        body, sent["content-type"] = msgspec.json.encode(json), "application/json"
    url = address(account, *path, query=query)
    answer = await http.request(method, url, sent, body, most=LARGEST_PAGE)
    content = decoded(answer)
    if not 200 <= answer.status < 300:
        raise about_an_object(refusal(answer, content))
    if not isinstance(content, dict):
        failure = Failure("no_answer", "The answer can't be read", start(answer), "uncertain")
        raise Uncertain(failure)
    return content


async def pages(http: Http, account: Account, *path: str, query: Mapping[str, str], most: int = 200) -> list[Any]:
    """Every row of a list, page by page (C.1: cursors), `most` pages at the utmost. Raises a SendError."""
    rows: list[Any] = []
    seen = {""}
    after = ""
    for _ in range(most):
        page = await call(http, account, "GET", *path, query={**query, "after": after} if after else query)
        rows += page["data"] if isinstance(page.get("data"), list) else []
        paging = fields(page.get("paging"))
        after = text(fields(paging.get("cursors")).get("after"))
        if not text(paging.get("next")) or after in seen:
            return rows
        seen.add(after)
    return rows


def decoded(answer: Answer) -> Any:
    """The JSON of an answer, None when it is none."""
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


def refusal(answer: Answer, content: Any) -> SendError:
    """What an answer other than 2xx asks for: by its code if the table knows it, else by its HTTP status."""
    error = fields(content).get("error")
    code = fields(error).get("code")
    if not isinstance(code, int):
        return _unnamed(answer, Failure(f"http_{answer.status}", f"HTTP {answer.status}", start(answer)))
    row = advice(f"{code}/{fields(error).get('error_subcode')}") or advice(str(code))
    if row is None:
        failure = Failure(str(code), text(fields(error).get("message")), details(fields(error)))
        return Rejected(failure) if answer.status in (400, 403, 404) else _unnamed(answer, failure)
    refused = row.error(Failure(str(code), row.title, details(fields(error)), row.action))
    if isinstance(refused, Throttled):
        refused.after = max(refused.after, _retry_after(answer))
    return refused


def about_an_object(error: SendError) -> SendError:
    """A file or a template that is not there says nothing about the number or the account (100 with subcode 33)."""
    if isinstance(error, Suspended) and error.failure.code in ("33", "100"):
        return Rejected(replace(error.failure, title="There is no such object, or the token may not see it"))
    return error


def details(error: Json) -> str:
    """Meta's own words: the details where there are some, and the trace id that its support asks for."""
    data = error.get("error_data")
    said = text(fields(data).get("details")) or text(data)
    words = said or text(error.get("error_user_msg")) or text(error.get("message"))
    trace = text(error.get("fbtrace_id"))
    return f"{words} (fbtrace_id {trace})" if trace else words


def start(answer: Answer) -> str:
    """How an answer begins, for a person who has to find out what answered."""
    return answer.body[:200].decode("utf-8", "replace").replace("\x00", "")


def _unnamed(answer: Answer, failure: Failure) -> SendError:
    """An answer whose reason we do not know, by its HTTP status alone."""
    if answer.status >= 500:
        return Uncertain(replace(failure, action="uncertain"), after=2.0)
    if answer.status == 429:
        wait = max(5.0, _retry_after(answer))
        return Throttled(replace(failure, action="throttled"), after=wait, growth=2.0)
    # A redirect, a proxy's page, a dead token, another server: a person has to look.
    return Suspended(replace(failure, action="suspended"))


def _retry_after(answer: Answer) -> float:
    seconds = answer.headers.get("retry-after", "")
    return float(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 7 else 0.0
