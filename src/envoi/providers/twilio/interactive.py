"""Buttons, lists, links, flows and products as Twilio's content types (Twilio sheet, 5).

Twilio has no interactive messages on its Messages API: each goes through a Content resource, which needs no
approval within the 24 hours. The text is its variable {{1}}, so that one resource serves every text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.events import Failure
from ..base import Rejected
from .calls import Json, fields, items, text

TEXT = "{{1}}"


def types_of(interactive: Mapping[str, Any]) -> tuple[Json, str]:
    """The `types` of the Content resource, and the text for its {{1}}. Raises Rejected for what Twilio lacks."""
    if interactive.get("header") or interactive.get("footer"):
        raise lacking("Twilio's interactive messages have no header or footer: put those words into the text.")
    words = text(fields(interactive.get("body")).get("text"))
    if not words:
        raise lacking("An interactive message needs a text.")
    action = fields(interactive.get("action"))
    parameters = fields(action.get("parameters"))
    match text(interactive.get("type")):
        case "button":
            return {"twilio/quick-reply": {"body": TEXT, "actions": _replies(action)}}, words
        case "list":
            return {"twilio/list-picker": {"body": TEXT, **_list(action)}}, words
        case "cta_url":
            title, url = text(parameters.get("display_text")), text(parameters.get("url"))
            actions = [{"type": "URL", "title": title, "url": url}]
            return {"twilio/call-to-action": {"body": TEXT, "actions": actions}}, words
        case "flow":
            return {"whatsapp/flows": {"body": TEXT, **_flow(parameters)}}, words
        case "product" | "product_list":
            return {"twilio/catalog": {"body": TEXT, **_products(action)}}, words
    raise lacking(f"Twilio can't send an interactive message of the type {text(interactive.get('type'))!r}.")


def lacking(sentence: str) -> Rejected:
    """The refusal of what Twilio has no way to send."""
    return Rejected(Failure("kind", "This can't be sent through Twilio", sentence))


def _replies(action: Json) -> list[Json]:
    replies = [fields(button.get("reply")) for button in items(action.get("buttons"))]
    if not 1 <= len(replies) <= 3:
        raise lacking("Twilio sends one to three reply buttons.")
    return [{"type": "QUICK_REPLY", "title": reply.get("title"), "id": reply.get("id")} for reply in replies]


def _list(action: Json) -> Json:
    sections = items(action.get("sections"))
    rows = [row for section in sections for row in items(section.get("rows"))]
    if len(sections) != 1 or not 1 <= len(rows) <= 10:
        raise lacking("Twilio's lists have one section with one to ten rows.")
    entries: list[Json] = []
    for row in rows:
        entry: Json = {"id": row.get("id"), "item": row.get("title")}
        entries.append(entry | ({"description": row["description"]} if row.get("description") else {}))
    return {"button": action.get("button"), "items": entries}


def _flow(parameters: Json) -> Json:
    if not parameters.get("flow_id"):
        raise lacking("Twilio names a flow by its flow_id.")
    flow: Json = {"button_text": parameters.get("flow_cta"), "flow_id": parameters["flow_id"]}
    if parameters.get("flow_token"):
        flow["flow_token"] = parameters["flow_token"]
    if screen := fields(parameters.get("flow_action_payload")).get("screen"):
        flow["flow_first_page_id"] = screen
    return flow


def _products(action: Json) -> Json:
    single = action.get("product_retailer_id")
    products: list[Json] = [{"id": single}] if single else []
    for section in items(action.get("sections")):
        title = section.get("title")
        for product in items(section.get("product_items")):
            entry: Json = {"id": product.get("product_retailer_id")}
            products.append(entry | ({"section_title": title} if title else {}))
    return {"id": action.get("catalog_id"), "items": products}
