"""Templates at Zenvia: list, create, edit, delete (Zenvia sheet, 6). Creating hands in for review as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ..base import Account, Http, RemoteTemplate, SendError
from ..reading import Json, fields, items, text
from . import calls
from .wordings import from_zenvia, to_zenvia

PAGE = 500
MOST_PAGES = 200


class RemoteTemplates:
    """A template belongs to one sender and one language; new ones to the sender that the account is named by."""

    async def list_templates(self, http: Http, account: Account) -> list[RemoteTemplate]:
        """GET /templates, page by page."""
        found: list[RemoteTemplate] = []
        for page in range(1, MOST_PAGES + 1):
            path = f"/templates?channel=WHATSAPP&page={page}&size={PAGE}"
            several = items(await calls.call(http, account, "GET", path))
            found += [_read(one) for one in map(fields, several) if text(one.get("id"))]
            if len(several) < PAGE:
                break
        return found

    async def create(self, http: Http, account: Account, template: Mapping[str, Any]) -> RemoteTemplate:
        """POST /templates. Variables by number get names (body_1…): keep the components of what is returned.

        One that exists already, in the same language and of this sender, is returned instead (409, sheet, 5).
        """
        name, language = text(template.get("name")), text(template.get("language"))
        category = text(template.get("category")).upper()
        components, examples = to_zenvia(items(template.get("components")), category)
        wanted: Json = {
            "name": name,
            "locale": language,
            "channel": "WHATSAPP",
            "senderId": account.provider_id,
            "category": category,
            "components": components,
        }
        if examples:
            wanted["examples"] = examples
        if email := text(template.get("notification_email")):
            wanted["notificationEmail"] = email
        try:
            return _read(fields(await calls.call(http, account, "POST", "/templates", wanted)))
        except SendError as error:
            if error.failure.code != "DUPLICATED":
                raise
            for present in await self.list_templates(http, account):
                if (present.name, present.language) == (name, language):
                    return present
            raise

    async def edit(self, http: Http, account: Account, provider_id: str, changes: Mapping[str, Any]) -> None:
        """PATCH /templates/{id}."""
        category = text(changes.get("category")).upper()
        wanted: Json = {"category": category} if category else {}
        if changes.get("components"):
            wanted["components"], wanted["examples"] = to_zenvia(items(changes["components"]), category)
        await calls.call(http, account, "PATCH", _path(provider_id), wanted)

    async def delete(self, http: Http, account: Account, provider_id: str, name: str) -> None:
        """DELETE /templates/{id}; one that is gone is deleted."""
        answer = await calls.request(http, account, "DELETE", _path(provider_id))
        if answer.status != 404:
            calls.value_of(answer)

    async def submit(self, http: Http, account: Account, provider_id: str) -> None:
        """Nothing is left to do: creating and editing hand in."""


def _path(provider_id: str) -> str:
    return f"/templates/{quote(provider_id, safe='')}"


def _read(one: Json) -> RemoteTemplate:
    """A template in our words; what is not told is empty."""
    return RemoteTemplate(
        provider_id=text(one.get("id")),
        name=text(one.get("name")),
        language=text(one.get("locale")).replace("-", "_"),
        category=CATEGORIES.get(text(one.get("category")), "marketing"),
        state=STATES.get(text(one.get("status")), "pending"),
        components=from_zenvia(fields(one.get("components")), fields(one.get("examples"))),
        quality=text(one.get("qualityScore")).lower(),
        reason=_reason(one) if one.get("status") == "REJECTED" else "",
    )


def _reason(one: Json) -> str:
    """What the reviewers wrote, the last of them last; the requester's own words are no reason."""
    comments = map(fields, items(one.get("comments")))
    return " ".join(text(each.get("text")) for each in comments if each.get("role") in ("REVIEWER", "WHATSAPP"))


# Older categories still appear in lists (sheet, 6); one that nobody knows is handled with most care, as marketing.
CATEGORIES = {
    "MARKETING": "marketing",
    "UTILITY": "utility",
    "TRANSACTIONAL": "utility",
    "AUTHENTICATION": "authentication",
    "OTP": "authentication",
}

STATES = {
    "WAITING_REVIEW": "pending",
    "WAITING_APPROVAL": "pending",
    "APPROVED": "approved",
    "REJECTED": "rejected",
    "PAUSED": "paused",
    "DISABLED": "disabled",
}
