"""Calls to Twilio's addresses and what a refusal means (Twilio sheet, 1, 2, 9)."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from ...core.events import Failure
from ..base import Account, Answer, Http, Rejected, SendError, Suspended, Throttled, Uncertain
from .errors import advice

API = "https://api.twilio.com"
CONTENT = "https://content.twilio.com"
MESSAGING = "https://messaging.twilio.com"
VERSION = "2010-04-01"

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

Json = dict[str, Any]


def authorization(account: Account) -> dict[str, str]:
    """HTTP Basic with the API key when there is one, else with the account's own token. Raises Suspended."""
    user, password = account.secret("api_key"), account.secret("api_key_secret")
    if not user:
        user, password = account.provider_id, account.secret("auth_token")
    if not (user and password and (user + password).isascii() and (user + password).isprintable()):
        raise Suspended(Failure("token", "The Auth Token or the API key is missing or damaged"))
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"authorization": f"Basic {pair}"}


def account_path(account: Account, rest: str) -> str:
    """A path below the account: /2010-04-01/Accounts/AC…/<rest>."""
    version = account.secret("api_version") or VERSION
    return f"/{quote(version, safe='')}/Accounts/{quote(account.provider_id, safe='')}/{rest}"


async def send(
    http: Http, account: Account, method: str, own: str, path: str, body: bytes = b"", content_type: str = JSON
) -> Answer:
    """One call to the host `own`, or to the account's own address. Raises only for what never got an answer."""
    headers = {**authorization(account), "accept": JSON}
    if body:
        headers["content-type"] = content_type
    return await http.request(method, account.address(own) + path, headers, body)


async def call(http: Http, account: Account, method: str, own: str, path: str, body: Json | None = None) -> Json:
    """A call with and for JSON, whose answer must be a success. Raises a SendError."""
    data = b"" if body is None else msgspec.json.encode(body)
    answer = await send(http, account, method, own, path, data)
    if not 200 <= answer.status < 300:
        raise refusal(answer)
    if answer.status == 204:
        return {}
    if found := content(answer):
        return found
    raise Uncertain(Failure("not_json", "The answer is not Twilio's", _start(answer), "uncertain"))


async def pages(http: Http, account: Account, own: str, path: str, key: str) -> list[Json]:
    """Every item of a list, page after page (`meta.next_page_url`; never to another host). Raises a SendError."""
    found: list[Json] = []
    for _ in range(200):
        page = await call(http, account, "GET", own, path)
        if not isinstance(page.get(key), list):
            # Not an empty list: who keeps copies of these items must not throw them away.
            raise Uncertain(Failure("not_a_list", f"The answer has no {key}", action="uncertain"))
        found += items(page[key])
        following = urlsplit(text(fields(page.get("meta")).get("next_page_url")))
        # Its path may stand below that of account.base_url, which `call` puts in front again.
        below = following.path.removeprefix(urlsplit(account.address(own)).path)
        if not below or f"{below}?{following.query}" == path:
            break
        path = f"{below}?{following.query}"
    return found


def content(answer: Answer) -> Json:
    """The JSON object of an answer, {} when it is none."""
    try:
        return fields(msgspec.json.decode(answer.body))
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return {}


def refusal(answer: Answer) -> SendError:
    """What an answer other than 2xx asks for: by its code if the table knows it, else by its HTTP status."""
    said = content(answer)
    code = said.get("code")
    if not isinstance(code, int) or isinstance(code, bool):
        return _unnamed(answer, Failure(f"http_{answer.status}", f"HTTP {answer.status}", _start(answer)))
    words = text(said.get("message")) or text(said.get("detail")) or text(said.get("title"))
    row = advice(str(code))
    if row is None:
        failure = Failure(str(code), words, words)
        return Rejected(failure) if answer.status in (400, 403, 404, 409, 422) else _unnamed(answer, failure)
    error = row.error(Failure(str(code), row.title, words, row.action))
    if isinstance(error, Throttled):
        error.after = max(error.after, _retry_after(answer))
    return error


def text(value: Any) -> str:
    """The value when it is a text, else ""."""
    return value if isinstance(value, str) else ""


def fields(value: Any) -> Json:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Json]:
    """The objects of a list, [] when the value is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


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


def _start(answer: Answer) -> str:
    return answer.body[:200].decode("utf-8", "replace").replace("\x00", "")
