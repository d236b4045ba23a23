"""The API's door: who calls, whether they may, one transaction for each write, repeats answered; never an HTML error.

Two middlewares: `never_html` stands before all others, `door` right before the call itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from psycopg_pool import PoolTimeout

from ..core.errors import Problem
from ..team import keys
from ..team.scopes import RESOURCES, allows
from . import problems, repeats
from .requests import KeyRequest

API = "/api/"
BASE = "/api/v1/"
# The description of the API says nothing of anybody's.
OPEN = ("openapi.json", "docs")
READING = ("GET", "HEAD", "OPTIONS")
# Asked with a body, but they change nothing that anybody sees.
ASKING = ("preview", "lint", "preflight")
# What goes with another resource.
WITH = {"tags": "contacts"}

Next = Callable[[HttpRequest], HttpResponse]


def never_html(get_response: Next) -> Next:
    """Whatever goes wrong anywhere on the way, a program gets problem details."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if (
            request.path.startswith(API)
            and response.status_code >= 400
            and not response.get("Content-Type", "").startswith(problems.JSON)
        ):
            plain = problems.plain(response.status_code)
            for name in ("Allow", "Retry-After", "WWW-Authenticate"):
                if name in response:
                    plain[name] = response[name]
            return plain
        return response

    return middleware


def door(get_response: Next) -> Next:
    """Let in who has a key for what they ask. Every write is one transaction: a refusal leaves nothing behind."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(API) or request.path.removeprefix(BASE) in OPEN:
            return get_response(request)
        try:
            return _through(cast(KeyRequest, request), get_response)
        except RequestDataTooBig:
            return problems.plain(413)
        except Problem as problem:
            return problems.answer(problem)
        except (OperationalError, PoolTimeout) as error:
            return problems.unavailable(error)

    return middleware


def scope_of(method: str, path: str) -> str:
    """The scope that a call needs, "contacts:write", by its path below BASE; "" for a resource that does not exist."""
    resource, *rest = path.strip("/").split("/")
    resource = WITH.get(resource, resource)
    if resource not in RESOURCES:
        return ""
    reads = method in READING or (method == "POST" and rest[-1:] and rest[-1] in ASKING)
    return f"{resource}:{'read' if reads else 'write'}"


def _through(request: KeyRequest, get_response: Next) -> HttpResponse:
    scheme, _blank, secret = request.headers.get("Authorization", "").partition(" ")
    key = keys.opened_by(secret.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        raise problems.Unauthorized(_("Send “Authorization: Bearer” with an API key that is in use."))
    request.key, request.by = key, key.made_by
    method = str(request.method)
    scope = scope_of(method, request.path.removeprefix(BASE))
    if scope and not allows(key.scopes, scope):
        raise problems.OutOfScope(
            _("The key “%(name)s” may not do this: it lacks the scope %(scope)s.") % {"name": key.name, "scope": scope}
        )
    with keys.acting(key):
        return get_response(request) if method in READING else _written(request, get_response)


def _written(request: KeyRequest, get_response: Next) -> HttpResponse:
    word = repeats.word_of(request)
    # Read before anything is begun: it may be too large, or never come to its end.
    _body = request.body
    with transaction.atomic():
        if word and (kept := repeats.before(request, request.key.pk, word)) is not None:
            return kept
        response = get_response(request)
        if response.status_code >= 400:
            transaction.set_rollback(True)
        elif word:
            repeats.keep(request.key.pk, word, response)
    return response
