"""The API itself, empty: resources are added in config. It reads JSON strictly and describes what it offers."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.parser import Parser

from . import problems
from .door import ASKING, BASE, READING, scope_of

ABOUT = """Envoi from your own programs.

**Keys.** Make one under “API keys”, or with `envoi key add NAME --scope contacts:write`, and send it with every call:
`Authorization: Bearer envoi_…`. A key has scopes, each a resource and `read` or `write`; writing includes reading.

**Lists** come as `{"items": […], "next": "…"}`. Ask again with `?cursor=` and what `next` said until it is null.

**Writes** may carry an `Idempotency-Key`: the same call sent again within 24 hours changes nothing a second time and
gets the same answer. Every write is done whole or not at all.

**Errors** are problem details (RFC 9457): `type` for programs, `detail` for people, `errors` for each wrong value.

Sentences come in the language of `Accept-Language`: English, French or Simplified Chinese.

Times are RFC 3339 in UTC, money is `{"amount": "12.34", "currency": "EUR"}`, phones are E.164."""

PROBLEM = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "examples": [problems.TYPE + "already-launched"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
# Every call may meet these.
REFUSALS = {
    "400": "The request can't be read.",
    "401": "No key, or one that opens nothing.",
    "403": "The key, or whoever made it, may not do this.",
    "404": "There is no such thing.",
    "409": "It can't be done as things stand.",
    "413": "The request is too large.",
    "422": "A value can't be meant.",
    "503": "The database does not answer; try again.",
}


class Strict(Parser):
    """JSON as it should be: no NaN, and no character that the database can't keep."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body. What is raised here is told to the caller, as 400."""
        try:
            body = msgspec.json.decode(request.body)
            # A NUL in a text is the one thing that JSON can say and PostgreSQL can't keep; \\u0000 itself is rare.
            if b"\\u0000" in request.body and any("\0" in text for text in _texts(body)):
                raise msgspec.DecodeError("a text holds the character U+0000")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(_("This is no JSON that can be read: %(why)s.") % {"why": error}) from None
        return body


class Described(NinjaAPI):
    """A NinjaAPI whose description also says the scope of each call and how refusals look."""

    def get_openapi_schema(self, **more: Any) -> Any:
        schema = super().get_openapi_schema(**more)
        components = schema.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = PROBLEM
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{"key": []}]
        for path, calls in schema["paths"].items():
            for method, call in calls.items():
                _describe(call, method.upper(), "/" + path.lstrip("/"))
        return schema


def new_api() -> NinjaAPI:
    """An API without resources."""
    api = Described(title="Envoi", version="1", description=ABOUT, docs_url=None, urls_namespace="api", parser=Strict())
    problems.register(api)
    return api


def _describe(call: dict[str, Any], method: str, path: str) -> None:
    call["x-scope"] = scope_of(method, path.removeprefix(BASE))
    for status, words in REFUSALS.items():
        content = {problems.JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        call["responses"].setdefault(status, {"description": words, "content": content})
    if method not in READING and path.rsplit("/", 1)[-1] not in ASKING:
        call.setdefault("parameters", []).append(
            {
                "in": "header",
                "name": "Idempotency-Key",
                "required": False,
                "schema": {"type": "string", "maxLength": 255},
                "description": "Any word of yours, new for each write.",
            }
        )


def _texts(value: Any) -> list[str]:
    """Every text in a JSON value, keys too."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for pair in value.items() for part in pair for text in _texts(part)]
        case list():
            return [text for part in value for text in _texts(part)]
    return []
