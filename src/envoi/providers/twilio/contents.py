"""Content templates: listing, making, approval, and those that carry an interactive message (Twilio sheet, 5)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from ...core.events import Failure
from ..base import Account, Http, Rejected, RemoteTemplate, SendError, Uncertain, Unreachable
from .calls import CONTENT, Json, call, fields, items, pages, text
from .components import components_of, content_of

# Content resources with this name carry interactive messages; they are nobody's templates.
SESSION = "envoi_session_"

STATES = {
    "unsubmitted": "draft",
    "received": "pending",
    "pending": "pending",
    "approved": "approved",
    "rejected": "rejected",
    "paused": "paused",
    "disabled": "disabled",
}


class Templates:
    """Content resources with their approval for WhatsApp; one resource is one language."""

    async def list_templates(self, http: Http, account: Account) -> list[RemoteTemplate]:
        """GET /v1/ContentAndApprovals, page after page."""
        found = await pages(http, account, CONTENT, "/v1/ContentAndApprovals?PageSize=500", "contents")
        return [_remote(content) for content in found if not text(content.get("friendly_name")).startswith(SESSION)]

    async def create(self, http: Http, account: Account, template: Mapping[str, Any]) -> RemoteTemplate:
        """Make the resource and hand it in; one that can't be handed in is deleted again."""
        name, category = text(template.get("name")), text(template.get("category")).upper()
        types, variables = content_of(items(template.get("components")), category)
        language = text(template.get("language"))
        made = {"friendly_name": name, "language": language, "variables": variables, "types": types}
        content = await call(http, account, "POST", CONTENT, "/v1/Content", made)
        sid = text(content.get("sid"))
        try:
            approval = await _submit(http, account, sid, name, category)
        except Rejected:
            await self.delete(http, account, sid, name)
            raise
        return _remote({**made, **content, "approval_requests": {"name": name, "category": category, **approval}})

    async def edit(self, http: Http, account: Account, provider_id: str, changes: Mapping[str, Any]) -> None:
        """Replace the wording, and hand it in again under its name and the old or the new category."""
        name, category = await _approval(http, account, provider_id)
        category = text(changes.get("category")).upper() or category
        if changes.get("components") is not None:
            types, variables = content_of(items(changes["components"]), category)
            await call(http, account, "PUT", CONTENT, _path(provider_id), {"types": types, "variables": variables})
        await _submit(http, account, provider_id, name, category)

    async def delete(self, http: Http, account: Account, provider_id: str, name: str) -> None:
        """DELETE /v1/Content/HX…; one that is gone already is no error."""
        try:
            await call(http, account, "DELETE", CONTENT, _path(provider_id))
        except SendError as error:
            if error.failure.code not in ("20404", "http_404"):
                raise

    async def submit(self, http: Http, account: Account, provider_id: str) -> None:
        """Hand it in again, as it was handed in before."""
        await _submit(http, account, provider_id, *await _approval(http, account, provider_id))


async def sid_of(http: Http, account: Account, types: Json) -> str:
    """The resource that carries these types, made when there is none yet. Nothing is sent: no error is Uncertain."""
    name = SESSION + hashlib.sha256(msgspec.json.encode(types, order="sorted")).hexdigest()[:32]
    try:
        path = "/v2/Content?" + urlencode({"ContentName": name, "PageSize": 100})
        found = (await call(http, account, "GET", CONTENT, path)).get("contents")
        for content in items(found):
            if content.get("friendly_name") == name and text(content.get("sid")):
                return text(content["sid"])
        made = {"friendly_name": name, "language": "en", "variables": {"1": "…"}, "types": types}
        sid = text((await call(http, account, "POST", CONTENT, "/v1/Content", made)).get("sid"))
    except Uncertain as error:
        raise Unreachable(error.failure) from error
    if not sid:
        raise Unreachable(Failure("no_content_sid", "Twilio made no content template"))
    return sid


async def _submit(http: Http, account: Account, sid: str, name: str, category: str) -> Json:
    path = f"{_path(sid)}/ApprovalRequests/whatsapp"
    return await call(http, account, "POST", CONTENT, path, {"name": name, "category": category})


async def _approval(http: Http, account: Account, sid: str) -> tuple[str, str]:
    """Name and category under which it was handed in. Raises Rejected when it never was."""
    about = fields((await call(http, account, "GET", CONTENT, f"{_path(sid)}/ApprovalRequests")).get("whatsapp"))
    name, category = text(about.get("name")), text(about.get("category"))
    if not (name and category):
        raise Rejected(Failure("unsubmitted", "The template was never handed in, so it has no name and no category"))
    return name, category


def _path(sid: str) -> str:
    return f"/v1/Content/{quote(sid, safe='')}"


def _remote(content: Json) -> RemoteTemplate:
    approval = fields(content.get("approval_requests"))
    return RemoteTemplate(
        provider_id=text(content.get("sid")),
        name=text(approval.get("name")) or text(content.get("friendly_name")),
        language=text(content.get("language")),
        category=text(approval.get("category")).lower(),
        state=STATES.get(text(approval.get("status")).lower() or "unsubmitted", "pending"),
        components=components_of(fields(content.get("types")), fields(content.get("variables"))),
        reason=text(approval.get("rejection_reason")),
    )
