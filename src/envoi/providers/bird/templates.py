"""Templates at Bird: everything in the Bird API, listing in Gen 2, listing and making in Conversations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ...core.events import Failure
from ..base import Account, Http, Rejected, RemoteTemplate, Suspended
from . import gen3_templates
from .calling import INTEGRATIONS_URL, Call, ask, ask_json, credential, json_of, mode_of, part, refuse
from .reading import Json, fields, items, text
from .template_shapes import wording

GEN2_STATES = {"draft": "draft", "pending": "pending", "active": "approved", "inactive": "disabled"}
META_STATES = {
    "NEW": "draft",
    "PENDING": "pending",
    "IN_APPEAL": "pending",
    "APPROVED": "approved",
    "REJECTED": "rejected",
    "PAUSED": "paused",
    "FLAGGED": "paused",
}
MOST_PAGES = 200
PLATFORM_TEMPLATES = "/v2/platforms/whatsapp/templates"


class BirdTemplates:
    """`components` have Meta's shapes everywhere."""

    async def list_templates(self, http: Http, account: Account) -> list[RemoteTemplate]:
        """Every template in every language, one by one."""
        match mode_of(account):
            case "gen3":
                return await gen3_templates.list_templates(http, account)
            case "gen2":
                return await _gen2_list(http, account)
        return await _conversations_list(http, account)

    async def create(self, http: Http, account: Account, template: Mapping[str, Any]) -> RemoteTemplate:
        """A draft at the Bird API, to be handed in with submit; in review at once at MessageBird."""
        match mode_of(account):
            case "gen3":
                return await gen3_templates.create(http, account, template)
            case "gen2":
                raise refuse("Bird's Channels API: make the template in Bird's own editor", "template")
        name, language, category, components = wording(template)
        asked = {"name": name, "language": language, "category": category.upper(), "components": components}
        call = Call("POST", PLATFORM_TEMPLATES, asked)
        return _meta_like({**asked, **await ask_json(http, account, call, own=INTEGRATIONS_URL)})

    async def edit(self, http: Http, account: Account, provider_id: str, changes: Mapping[str, Any]) -> None:
        """New wording, handed in at once. Only the Bird API has it."""
        if mode_of(account) != "gen3":
            raise refuse("Edit the template in Bird's own editor", "template")
        await gen3_templates.edit(http, account, provider_id, changes)

    async def delete(self, http: Http, account: Account, provider_id: str, name: str) -> None:
        """This language alone. Only the Bird API has it."""
        if mode_of(account) != "gen3":
            raise refuse("Delete the template in Bird's own editor", "template")
        await gen3_templates.delete(http, account, provider_id)

    async def submit(self, http: Http, account: Account, provider_id: str) -> None:
        """Hand in the draft; in the older APIs a template is in review once it is made."""
        if mode_of(account) == "gen3":
            await gen3_templates.submit(http, account, provider_id)


async def _gen2_list(http: Http, account: Account) -> list[RemoteTemplate]:
    """A project holds the wordings of one template; its id is what a message names (Gen 2)."""
    root = f"/workspaces/{credential(account, 'workspace_id')}/projects"
    found: list[RemoteTemplate] = []
    for project in await gen2_pages(http, account, root, {"type": "channelTemplate"}):
        identity = text(project.get("id"))
        for row in await gen2_pages(http, account, f"{root}/{part(identity)}/channel-templates", {}):
            if row.get("deployments") is not None:
                found += _gen2_remote(project, row)
    return found


async def gen2_pages(http: Http, account: Account, path: str, query: Mapping[str, str]) -> list[Json]:
    """Every result of a list, page by page."""
    results: list[Json] = []
    token = ""
    for _ in range(MOST_PAGES):
        asked = {**query, "limit": "100", **({"pageToken": token} if token else {})}
        page = await ask_json(http, account, Call("GET", f"{path}?{urlencode(asked)}"))
        results += [row for row in items(page.get("results")) if isinstance(row, dict)]
        token = text(page.get("nextPageToken"))
        if not token:
            return results
    raise Suspended(Failure("endless_list", "The list does not end", path))


def _gen2_remote(project: Json, row: Json) -> list[RemoteTemplate]:
    settings = {text(fields(one).get("key")): fields(one).get("value") for one in items(row.get("deployments"))}
    states = fields(row.get("localeStatuses")) or {text(row.get("defaultLocale")): row.get("status")}
    identity = text(project.get("id"))
    found = []
    for locale, told in states.items():
        state = text(told) or text(fields(told).get("status")) or text(row.get("status"))
        contents = [fields(one) for one in items(row.get("platformContent"))]
        content: Json = next((one for one in contents if one.get("locale") in (locale, None)), {})
        remote = RemoteTemplate(
            provider_id=text(row.get("id")),
            name=f"{text(project.get('name'))}@{identity}",
            language=locale.replace("-", "_"),
            category=text(settings.get("whatsappCategory")).lower(),
            state=GEN2_STATES.get(state, "disabled"),
            components=_blocks(content),
        )
        found.append(remote)
    return found


def _blocks(content: Json) -> list[Json]:
    """The blocks whose shape is known well enough: header, body and footer texts (K)."""
    components = []
    for block in map(fields, items(content.get("blocks"))):
        role = text(block.get("role"))
        if block.get("type") == "text" and role in ("header", "body", "footer"):
            components.append({"type": role.upper(), "text": text(fields(block.get("text")).get("text"))})
    return components


async def _conversations_list(http: Http, account: Account) -> list[RemoteTemplate]:
    answer = await ask(http, account, Call("GET", f"{PLATFORM_TEMPLATES}?limit=1000"), own=INTEGRATIONS_URL)
    content = json_of(answer)
    rows = content if isinstance(content, list) else items(fields(content).get("items"))
    return [_meta_like(row) for row in rows if isinstance(row, dict) and text(row.get("name"))]


def _meta_like(row: Json) -> RemoteTemplate:
    """Meta's own shapes (Gen 1), named by name and language."""
    name, language = text(row.get("name")), text(row.get("language"))
    if not name:
        raise Rejected(Failure("template", "The answer names no template"))
    return RemoteTemplate(
        provider_id=text(row.get("id")) or f"{name}/{language}",
        name=name,
        language=language,
        category=text(row.get("category")).lower(),
        state=META_STATES.get(text(row.get("status")) or "PENDING", "disabled"),
        components=[one for one in items(row.get("components")) if isinstance(one, dict)],
        reason=text(row.get("rejectedReason")),
    )
