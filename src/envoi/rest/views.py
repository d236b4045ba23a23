"""The readable description of the API: one page made from its OpenAPI document, without any script."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from ninja import NinjaAPI

METHODS = ("get", "post", "patch", "put", "delete")


@dataclass(frozen=True)
class Line:
    """A parameter or a field: its name, its type in words, whether it must be given, and what is said of it."""

    name: str
    kind: str
    must: bool
    says: str


@dataclass(frozen=True)
class Call:
    """One method of one address."""

    method: str
    path: str
    summary: str
    says: str
    scope: str
    parameters: list[Line]
    takes: str
    answers: list[tuple[str, str]]


@dataclass
class Resource:
    """The calls of one resource."""

    name: str
    calls: list[Call] = field(default_factory=list)


@require_safe
def docs(request: HttpRequest, api: NinjaAPI) -> HttpResponse:
    """Every call and every shape."""
    schema = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str))
    resources: dict[str, Resource] = {}
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if call := methods.get(method):
                name = call["tags"][0]
                resources.setdefault(name, Resource(name)).calls.append(_call(method, path, call))
    shapes = [(name, _says(one), _fields(one)) for name, one in sorted(schema["components"]["schemas"].items())]
    about = [_marked(part) for part in schema["info"]["description"].split("\n\n")]
    context = {"resources": sorted(resources.values(), key=lambda one: one.name), "shapes": shapes, "about": about}
    return render(request, "rest/docs.html", context)


def _marked(text: str) -> list[tuple[str, str]]:
    """A paragraph in Markdown as pieces: words, and the code that follows them."""
    pieces = [*re.split(r"`([^`]+)`", text.replace("**", "").replace("\n", " ")), ""]
    return list(zip(pieces[::2], pieces[1::2], strict=True))


def _call(method: str, path: str, call: Mapping[str, Any]) -> Call:
    parameters = [
        Line(one["name"], _kind(one["schema"]), one.get("required", False), _says(one) or _says(one["schema"]))
        for one in call.get("parameters", [])
    ]
    body = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    answers = []
    for status, answer in call["responses"].items():
        content = answer.get("content", {}).get("application/json")
        if status < "300":
            answers.append((status, _kind(content["schema"]) if content else ""))
    return Call(
        method=method.upper(),
        path=path,
        summary=call.get("summary", ""),
        says=call.get("description", ""),
        scope=call.get("x-scope", ""),
        parameters=parameters,
        takes=_kind(body) if body else "",
        answers=answers,
    )


def _fields(shape: Mapping[str, Any]) -> list[Line]:
    needed = shape.get("required", [])
    return [Line(name, _kind(one), name in needed, _says(one)) for name, one in shape.get("properties", {}).items()]


def _says(one: Mapping[str, Any]) -> str:
    return str(one.get("description", ""))


def _kind(schema: Mapping[str, Any]) -> str:
    """A JSON schema in a few words: “text”, “list of ContactOut”, “marketing | utility”."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return " | ".join(_kind(one) for one in schema[word])
    if "enum" in schema:
        return " | ".join(str(one) or "“”" for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    match schema.get("type"):
        case "array":
            return f"list of {_kind(schema.get('items', {}))}"
        case "string":
            return "time" if schema.get("format") == "date-time" else "text"
        case "integer":
            return "whole number"
        case "boolean":
            return "true | false"
        case None:
            return "any"
        case other:
            return str(other)
