"""Calls of Bird's three APIs: where to, with which key, and what an answer other than success asks for.

The mode is the account's: "gen3" (the Bird API, default), "gen2" (Bird CRM Channels), "conversations" (MessageBird).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

import msgspec

from ...core.events import Failure
from ..base import (
    Account,
    Answer,
    Http,
    Rejected,
    SendError,
    Suspended,
    TemplateProblem,
    Throttled,
    Uncertain,
    Unreachable,
)
from .errors import advice
from .reading import Json, fields, items, text

Mode = Literal["gen3", "gen2", "conversations"]

REGION = re.compile(r"b[km]_([a-z]{2}[0-9]+)_")
GEN2_URL = "https://api.bird.com"
CONVERSATIONS_URL = "https://conversations.messagebird.com"
INTEGRATIONS_URL = "https://integrations.messagebird.com"

# What an answer without a type is, by its status (Bird sheet, 3.3).
TYPES = {
    400: "bad_request",
    401: "auth",
    402: "billing",
    403: "permission",
    404: "not_found",
    409: "conflict",
    410: "gone",
    412: "precondition",
    413: "payload_too_large",
    421: "misdirected",
    422: "validation",
    428: "precondition",
    429: "rate_limit",
    501: "not_implemented",
    503: "service_unavailable",
}


class Call(NamedTuple):
    """One request below the API's address; `body` None for none."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = {}


def mode_of(account: Account) -> Mode:
    """Which of the three APIs the account uses. Raises Suspended for a mode that does not exist."""
    match account.credentials.get("mode") or "gen3":
        case "gen3":
            return "gen3"
        case "gen2":
            return "gen2"
        case "conversations":
            return "conversations"
        case other:
            raise Suspended(Failure("mode", "The mode must be gen3, gen2 or conversations", str(other)[:40]))


def refuse(sentence: str, kind: str = "") -> Rejected:
    """What this API has no way to send, said before the network."""
    return Rejected(Failure("kind", sentence, kind))


def part(value: str) -> str:
    """A piece of a path, which can't lead elsewhere."""
    return quote(value, safe="")


def credential(account: Account, name: str) -> str:
    """An id from the credentials for a path. Raises Suspended when it is missing."""
    value = account.secret(name)
    if not value:
        raise Suspended(Failure(name, f"The account's {name.replace('_', ' ')} is missing"))
    return part(value)


def address(account: Account, own: str = "") -> str:
    """Where the account's API is; `own` for another host of the same API. Raises Suspended."""
    if own:
        return account.address(own)
    match mode_of(account):
        case "gen2":
            return account.address(GEN2_URL)
        case "conversations":
            return account.address(CONVERSATIONS_URL)
    found = REGION.match(account.secret("access_key"))
    region = account.secret("region") or (found[1] if found else "")
    if not re.fullmatch(r"[a-z]{2}[0-9]{1,3}", region):
        raise Suspended(Failure("region", "The access key names no region, as bk_eu1_… does", region[:40]))
    return account.address(f"https://{region}.platform.bird.com")


def key_headers(account: Account) -> dict[str, str]:
    """The header that proves who we are. Raises Suspended for a key that can't be one."""
    key = account.secret("access_key")
    if not (key and key.isascii() and key.isprintable() and " " not in key):
        raise Suspended(Failure("access_key", "The access key is missing or damaged"))
    scheme = "Bearer" if mode_of(account) == "gen3" else "AccessKey"
    return {"authorization": f"{scheme} {key}"}


async def ask(http: Http, account: Account, call: Call, *, own: str = "") -> Answer:
    """Make a call; any 2xx is an answer. Raises a SendError for everything else."""
    headers = {**key_headers(account), **call.headers}
    body = b""
    if call.body is not None:
        headers["content-type"] = "application/json"
        body = msgspec.json.encode(call.body)
    answer = await http.request(call.method, f"{address(account, own)}{call.path}", headers, body)
    if not 200 <= answer.status < 300:
        raise refusal(mode_of(account), answer)
    return answer


async def ask_json(http: Http, account: Account, call: Call, *, own: str = "") -> Json:
    """Make a call whose answer is an object. Raises a SendError, also when it is none."""
    answer = await ask(http, account, call, own=own)
    content = json_of(answer)
    if not isinstance(content, dict):
        raise Suspended(Failure("not_json", "The answer is not what Bird answers", start(answer)))
    return content


def json_of(answer: Answer) -> Any:
    """The answer's JSON value, None when it is none."""
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


def refusal(mode: Mode, answer: Answer) -> SendError:
    """What an answer other than 2xx asks for: by its code if the table knows it, else by its HTTP status."""
    content = fields(json_of(answer))
    match mode:
        case "gen3":
            return _gen3(answer, fields(content.get("error")) or content)
        case "gen2":
            return _gen2(answer, content)
    return _conversations(answer, content)


def _gen3(answer: Answer, error: Json) -> SendError:
    kind = text(error.get("type")).removesuffix("_error")
    if not kind and not error.get("code"):
        return _unnamed(answer, retry=True)
    name = text(error.get("name"))
    kind = kind or TYPES.get(answer.status, "")
    words = [text(error.get("message"))]
    words += (
        [f"{text(one.get('param'))}: {text(one.get('message'))}" for one in map(fields, items(error["details"]))]
        if "details" in error
        else []
    )
    words += [text(error.get("remediation"))]
    if trace := text(error.get("request_id")):
        words.append(f"(request_id {trace})")
    detail = " ".join(word for word in words if word)
    code = name if advice(name) else kind
    if advice(code) is None:
        return _unnamed(answer, Failure(name or text(error.get("code")) or kind, name or kind, detail), retry=True)
    return _known(answer, code, detail)


def _gen2(answer: Answer, error: Json) -> SendError:
    detail = " ".join(word for word in (text(error.get("code")), text(error.get("message"))) if word)
    code = f"gen2/{answer.status}"
    if not detail or advice(code) is None:
        return _unnamed(answer, Failure(code, f"HTTP {answer.status}", detail) if detail else None)
    return _known(answer, code, detail)


def _conversations(answer: Answer, content: Json) -> SendError:
    error = next((one for one in items(content.get("errors")) if isinstance(one, dict)), {})
    if not isinstance(error.get("code"), int):
        return _unnamed(answer)
    code, parameter = f"conversations/{error['code']}", text(error.get("parameter"))
    detail = text(error.get("description")) + (f" ({parameter})" if parameter else "")
    if advice(f"{code}/{parameter}"):
        code = f"{code}/{parameter}"
    row = advice(code)
    # These two statuses say more than a code that blames the message.
    if row is None or (row.action == "rejected" and (answer.status == 429 or answer.status >= 500)):
        return _unnamed(answer, Failure(code, text(error.get("description")), detail))
    return _known(answer, code, detail)


def _known(answer: Answer, code: str, detail: str) -> SendError:
    row = advice(code)
    assert row is not None
    error = row.error(Failure(code, row.title, detail, row.action))
    if isinstance(error, Throttled):
        error.after = max(error.after, _retry_after(answer))
    return error


def _unnamed(answer: Answer, failure: Failure | None = None, *, retry: bool = False) -> SendError:
    """An answer whose reason we do not know, by its status alone. `retry`: a repeat can't send it twice."""
    named = failure is not None
    failure = failure or Failure(f"http_{answer.status}", f"HTTP {answer.status}", start(answer))
    if answer.status >= 500:
        if retry:
            return Unreachable(replace(failure, action="unreachable"))
        return Uncertain(replace(failure, action="uncertain"), after=2.0)
    if answer.status == 429:
        wait = max(5.0, _retry_after(answer))
        return Throttled(replace(failure, action="throttled"), after=wait, growth=2.0)
    if named and answer.status in (400, 404, 405, 409, 410, 412, 413, 422, 428):
        return Rejected(failure)
    # A redirect, a proxy's page, a dead key, another server: a person has to look.
    return Suspended(replace(failure, action="suspended"))


def _retry_after(answer: Answer) -> float:
    seconds = answer.headers.get("retry-after", "")
    return float(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 7 else 0.0


def start(answer: Answer) -> str:
    """The first words of an answer, for people."""
    return answer.body[:200].decode("utf-8", "replace").replace("\x00", "")


def template_problem(sentence: str, name: str) -> TemplateProblem:
    """A template that this API can't carry, whoever the customer is."""
    return TemplateProblem(Failure("template", sentence, name, "template"))
