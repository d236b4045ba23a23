"""Every refusal as RFC 9457 problem details: `application/problem+json` with type, title, status, detail, errors."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from psycopg_pool import PoolTimeout

from ..core.errors import Problem

log = logging.getLogger("envoi.rest")

TYPE = "urn:envoi:problem:"
JSON = "application/problem+json"
MOST_ERRORS = 50


class Unauthorized(Problem):
    """There is no key, or it opens nothing."""

    status = 401


class OutOfScope(Problem):
    """The key is good, but not for this."""

    status = 403


class Unavailable(Problem):
    """The database does not answer at this moment."""

    status = 503


def answer(problem: Problem) -> HttpResponse:
    """A refusal of ours. Its type is the headline of its class: `AlreadyLaunched` is `…:already-launched`.

    A problem may carry `problems`, a sentence for each field: those are its `errors`.
    """
    headline = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(problem).__name__).lower()
    fields: Mapping[str, str] = getattr(problem, "problems", {})
    errors = [{"pointer": f"/{field}", "detail": sentence} for field, sentence in fields.items()]
    response = _made(headline.replace(" ", "-"), headline.capitalize(), problem.status, problem.sentence, errors)
    if problem.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Envoi"'
    if problem.status == 503:
        response["Retry-After"] = "5"
    return response


def plain(status: int, why: str = "") -> HttpResponse:
    """What stands in for an answer that Django or a library gave: a path that does not exist, a method, a crash."""
    words = {
        400: _("The request can’t be read."),
        404: _("There is nothing at this address."),
        405: _("This address has no such method."),
        413: _("The request is too large."),
        500: _("Something broke on our side; it is noted in the log. Nothing of this call was kept."),
        503: _("The database does not answer at the moment; try again soon."),
    }
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    return _made(title.lower().replace(" ", "-"), title, status, why or words.get(status, title), [])


def register(api: NinjaAPI) -> None:
    """Have every exception answered here."""
    for kind in (Problem, ValidationError, HttpError, Http404, OperationalError, PoolTimeout, DataError, Exception):
        api.add_exception_handler(kind, _refusal)


def unavailable(error: Exception) -> HttpResponse:
    """The database does not answer, or let go of this transaction: nothing was changed, and trying again is right."""
    log.warning("the database does not answer: %s", error)
    return answer(Unavailable(_("The database does not answer at the moment; try again soon.")))


def _refusal(request: HttpRequest, error: Any) -> HttpResponse:
    match error:
        case Problem():
            return answer(error)
        case ValidationError():
            return _invalid(error.errors, _body_of(request))
        case HttpError():
            # What the parser says of a body that is no JSON.
            return plain(error.status_code, str(error.__cause__ or ""))
        case Http404():
            return plain(404)
        case OperationalError() | PoolTimeout():
            return unavailable(error)
        case DataError():
            log.warning("a value that the database can't keep: %s", error)
            sentence = _("A value is too long or too large to be kept.")
            return _made("bad-input", "Bad input", 422, sentence, [{"pointer": "", "detail": sentence}])
    log.error("%s %s", request.method, request.path, exc_info=error)
    return plain(500)


def _invalid(found: Sequence[Mapping[str, Any]], body: Any) -> HttpResponse:
    """What pydantic found, each with a JSON pointer into the body, or the name of what stands in the address."""
    said = [(pointer_of(one["loc"], body, missing=one.get("type") == "missing"), _sentence(one)) for one in found]
    # Two shapes of one field may refuse it with the same words.
    errors = [{"pointer": pointer, "detail": detail} for pointer, detail in dict.fromkeys(said)][:MOST_ERRORS]
    sentence = _("%(n)s of the values can’t be meant: “errors” says which.") % {
        "n": len(dict.fromkeys(pointer for pointer, _detail in said))
    }
    return _made("bad-input", "Bad input", 422, sentence, errors)


def pointer_of(place: Iterable[Any], body: Any, *, missing: bool = False) -> str:
    """("body", "given", "to", "phone") is "/to/phone"; "query" and "path" have names instead of pointers.

    pydantic puts the names of its own branches between those of the body, "function-after[…]" or a tag: whatever is
    not in the body that came is none of the caller's, but for the last name of all, when it says what is missing.
    """
    where, *parts = list(place) or [""]
    if where in ("query", "path", "header"):
        return f"{where}:{'.'.join(str(part) for part in parts)}"
    # Our one body parameter is always called `given`; its name is nothing that a caller wrote.
    words = parts[1:] if parts[:1] == ["given"] else parts
    walked: list[str] = []
    for step, word in enumerate(words, 1):
        in_object = isinstance(body, dict) and word in body
        in_list = isinstance(body, list) and isinstance(word, int) and 0 <= word < len(body)
        if in_object or in_list:
            body = body[word]
        elif not (missing and step == len(words)):
            continue
        walked.append(str(word))
    return "".join("/" + word.replace("~", "~0").replace("/", "~1") for word in walked)


def _sentence(found: Mapping[str, Any]) -> str:
    return str(found["msg"]).removeprefix("Value error, ")


def _body_of(request: HttpRequest) -> Any:
    """What was sent, as it was read; nothing when it is no JSON."""
    try:
        return json.loads(request.body)
    except ValueError:
        return None


def _made(kind: str, title: str, status: int, detail: str, errors: list[dict[str, str]]) -> HttpResponse:
    body = {"type": TYPE + kind, "title": title, "status": status, "detail": detail, "errors": errors}
    return JsonResponse(body, status=status, content_type=JSON, json_dumps_params={"ensure_ascii": False})
