"""Templates at Meta: list, make, edit, delete, unpause, and samples for their headers (Meta sheet, B, C.1 to C.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from ...core.events import Failure
from ..base import Account, Http, Rejected, RemoteTemplate, Suspended, Uncertain
from ..reading import Json, fields, items, text
from .graph import authorization, call, pages
from .media import checked

FIELDS = "id,name,language,category,correct_category,status,rejected_reason,quality_score,components,parameter_format"

CATEGORIES = {"MARKETING": "marketing", "UTILITY": "utility", "AUTHENTICATION": "authentication"}

# Only APPROVED can be sent (C.3); a FLAGGED template is stopped like a paused one (C.5).
STATES = {
    "APPROVED": "approved",
    "REINSTATED": "approved",
    "PENDING": "pending",
    "IN_APPEAL": "pending",
    "UNARCHIVED": "pending",
    "REJECTED": "rejected",
    "LIMIT_EXCEEDED": "rejected",
    "PAUSED": "paused",
    "FLAGGED": "paused",
    "DISABLED": "disabled",
    "LOCKED": "disabled",
    "ARCHIVED": "disabled",
    "PENDING_DELETION": "disabled",
    "DELETED": "disabled",
}

# How long Meta goes on trying, in seconds (A.6); -1 is 30 days for the first two.
LIFETIMES = {"AUTHENTICATION": (30, 900), "UTILITY": (30, 43_200), "MARKETING": (43_200, 2_592_000)}


class MetaTemplates:
    """`components` have Meta's shapes everywhere; a name holds one template for each language."""

    async def list_templates(self, http: Http, account: Account) -> list[RemoteTemplate]:
        """GET /{waba_id}/message_templates, every page."""
        rows = await pages(
            http, account, account.provider_id, "message_templates", query={"fields": FIELDS, "limit": "100"}
        )
        return [_remote(row) for row in rows if isinstance(row, dict) and row.get("id") and row.get("name")]

    async def create(self, http: Http, account: Account, template: Mapping[str, Any]) -> RemoteTemplate:
        """POST /{waba_id}/message_templates; `ttl_seconds` is message_send_ttl_seconds. It goes into review at once.

        The category of the answer counts: Meta may have made a utility template a marketing one (C.4).
        """
        asked = _asked(template)
        answer = await call(http, account, "POST", account.provider_id, "message_templates", json=asked)
        if not text(answer.get("id")):
            raise Uncertain(Failure("no_template_id", "Taken, but without an id", "", "uncertain"))
        return _remote({**asked, **answer})

    async def edit(self, http: Http, account: Account, provider_id: str, changes: Mapping[str, Any]) -> None:
        """POST /{template_id}: components replace all that there were; the template goes back into review (C.3)."""
        asked = {key: value for key, value in _asked(changes).items() if key not in ("name", "language")}
        await call(http, account, "POST", provider_id, json=asked)

    async def delete(self, http: Http, account: Account, provider_id: str, name: str) -> None:
        """DELETE by name and id; with an empty id every language goes. An approved name rests 30 days (C.3)."""
        query = {"hsm_id": provider_id, "name": name} if provider_id else {"name": name}
        await call(http, account, "DELETE", account.provider_id, "message_templates", query=query)

    async def submit(self, http: Http, account: Account, provider_id: str) -> None:
        """Nothing is left to do: creating and editing hand a template in."""

    async def unpause(self, http: Http, account: Account, provider_id: str) -> None:
        """POST /{template_id}/unpause: what pacing paused does not resume by itself (C.5)."""
        await call(http, account, "POST", provider_id, "unpause")

    async def sample(self, http: Http, account: Account, *, name: str, mime_type: str, data: bytes) -> str:
        """The header_handle of a sample file, by the Resumable Upload API (B). Credentials: "app_id"."""
        app_id = account.secret("app_id")
        if not app_id:
            raise Suspended(Failure("app_id", "A header sample needs the app's id"))
        bare = checked(mime_type, data)
        file = {"file_name": name, "file_length": str(len(data)), "file_type": bare}
        session = await call(http, account, "POST", app_id, "uploads", query=file)
        headers = {**authorization(account, "OAuth"), "file_offset": "0", "content-type": "application/octet-stream"}
        # The session's id may carry its own query: "upload:…?sig=…".
        identity, _, query = text(session.get("id")).partition("?")
        given = dict(parse_qsl(query))
        answer = await call(http, account, "POST", identity, body=data, headers=headers, query=given)
        if not text(answer.get("h")):
            raise Uncertain(Failure("no_handle", "Taken, but without a handle", "", "uncertain"))
        return text(answer["h"])


def _asked(template: Mapping[str, Any]) -> Json:
    """Our words to Meta's: category in capitals, ttl_seconds by its long name. Raises Rejected for a lifetime."""
    asked: Json = dict(template)
    if "category" in asked:
        asked["category"] = str(asked["category"]).upper()
    lifetime = asked.pop("ttl_seconds", None)
    if lifetime is not None:
        category = asked.get("category", "")
        least, most = LIFETIMES.get(category, (30, 2_592_000))
        if not (least <= lifetime <= most or (lifetime == -1 and category != "MARKETING")):
            title = f"The lifetime of a template of this category is {least} to {most} seconds"
            raise Rejected(Failure("ttl", title, f"{lifetime} {category}"))
        asked["message_send_ttl_seconds"] = lifetime
    return asked


def _remote(row: Json) -> RemoteTemplate:
    status, quality = text(row.get("status")), text(fields(row.get("quality_score")).get("score"))
    reason = text(row.get("rejected_reason"))
    correct, category = text(row.get("correct_category")), text(row.get("category"))
    said = [reason] if reason not in ("", "NONE") else []
    if correct and correct != category:
        said.append(f"Meta will make its category {correct}.")
    return RemoteTemplate(
        provider_id=text(row.get("id")),
        name=text(row.get("name")),
        language=text(row.get("language")),
        category=CATEGORIES.get(category, category.lower()),
        # What Meta adds one day is not sendable until we know better.
        state=STATES.get(status, "disabled"),
        components=[component for component in items(row.get("components")) if isinstance(component, dict)],
        quality="" if quality == "UNKNOWN" else quality.lower(),
        reason=". ".join(said),
    )
