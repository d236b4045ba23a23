"""Templates of the Bird API (Bird sheet, 3.6): a template has versions, a version has languages.

One of ours is one language of one of theirs: "wat_…/pt-BR". Nothing is sent to WhatsApp before a version is submitted.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from ...core.events import Failure
from ..base import Account, Http, Rejected, RemoteTemplate, Suspended
from .calling import Call, ask, ask_json, part, refuse
from .reading import Json, fields, items, text
from .template_shapes import category_of, tag, to_bird, to_meta, wording

TEMPLATES = "/v1/whatsapp/templates"
SLUG = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")
MOST_PAGES = 200

# Only what is approved can be sent; the template's own status counts where a language has none yet.
STATES = {
    "draft": "draft",
    "pending": "pending",
    "in_appeal": "pending",
    "active": "approved",
    "approved": "approved",
    "rejected": "rejected",
    "submit_failed": "rejected",
    "limit_exceeded": "rejected",
    "paused": "paused",
}


async def pages(http: Http, account: Account, path: str) -> list[Json]:
    """Every entry of a list, page by page (3.1)."""
    rows: list[Json] = []
    cursor = ""
    for _ in range(MOST_PAGES):
        more = f"&starting_after={part(cursor)}" if cursor else ""
        page = await ask_json(http, account, Call("GET", f"{path}?limit=100{more}"))
        rows += [row for row in items(page.get("data")) if isinstance(row, dict)]
        cursor = text(page.get("next_cursor"))
        if not cursor:
            return rows
    raise Suspended(Failure("endless_list", "The list does not end", path))


async def list_templates(http: Http, account: Account) -> list[RemoteTemplate]:
    """One call for the list, one for each template's newest version, where the wording is."""
    found: list[RemoteTemplate] = []
    for row in await pages(http, account, TEMPLATES):
        version = next(
            (
                text(row.get(f"{key}_version_id"))
                for key in ("pending", "live", "draft")
                if row.get(f"{key}_version_id")
            ),
            "",
        )
        wordings: Json = {}
        if version:
            path = f"{TEMPLATES}/{part(text(row.get('id')))}/versions/{part(version)}"
            wordings = fields((await ask_json(http, account, Call("GET", path))).get("languages"))
        for language in sorted({*fields(row.get("languages")), *wordings}):
            found.append(_remote(row, language, fields(wordings.get(language))))
    return found


async def create(http: Http, account: Account, template: Mapping[str, Any]) -> RemoteTemplate:
    """A new template, or one more language of the draft of one that exists."""
    name, language, category, components = wording(template)
    if not SLUG.fullmatch(name) or name.startswith("bird_"):
        sentence = "A name has up to 63 small letters, digits, _ and -, and does not begin with bird_"
        raise Rejected(Failure("name", sentence, name))
    content = {"components": to_bird(components)}
    same = next((row for row in await pages(http, account, TEMPLATES) if row.get("slug") == name), None)
    if same is None:
        asked: Json = {"waba": account.secret("waba") or account.provider_id, "slug": name, "category": category}
        asked |= {"default_language": tag(language), "languages": {tag(language): content}}
        made = await ask_json(http, account, _write("POST", TEMPLATES, asked))
    else:
        made = same
        if category_of(same.get("category")) != category:
            raise refuse(f"The template {name} exists with the category {same.get('category')}", "template")
        await _put(http, account, made, tag(language), content)
    return _remote(made, tag(language), {"components": content["components"], "status": "draft"})


async def edit(http: Http, account: Account, provider_id: str, changes: Mapping[str, Any]) -> None:
    """New components for this language, handed in at once, as other providers do."""
    if "components" not in changes:
        raise refuse("Bird keeps the category that a template was made with", "template")
    identity, language = _split(provider_id)
    template = await ask_json(http, account, Call("GET", f"{TEMPLATES}/{part(identity)}"))
    await _put(http, account, template, language, {"components": to_bird(items(changes["components"]))})
    await submit(http, account, provider_id)


async def delete(http: Http, account: Account, provider_id: str) -> None:
    """The whole template with its last language, else a version without this one."""
    identity, language = _split(provider_id)
    path = f"{TEMPLATES}/{part(identity)}"
    template = await ask_json(http, account, Call("GET", path))
    if set(fields(template.get("languages"))) <= {language}:
        await ask(http, account, _write("DELETE", path))
        return
    draft = await _draft(http, account, template)
    await ask(http, account, _write("DELETE", f"{path}/versions/{part(draft)}/languages/{part(language)}"))
    await submit(http, account, provider_id)


async def submit(http: Http, account: Account, provider_id: str) -> None:
    """Have the draft checked first: that says every problem at once and freezes nothing (3.6)."""
    identity, _ = _split(provider_id)
    path = f"{TEMPLATES}/{part(identity)}"
    template = await ask_json(http, account, Call("GET", path))
    draft = text(template.get("draft_version_id"))
    if not draft:
        return  # it was handed in before
    target = f"{path}/versions/{part(draft)}/submit"
    checked = await ask_json(http, account, _write("POST", target, {"validate_only": True}))
    if checked.get("valid") is not True:
        problems = [fields(one) for one in items(checked.get("errors"))]
        words = ". ".join(f"{text(one.get('field'))}: {text(one.get('message'))}" for one in problems)
        raise Rejected(Failure("template_invalid", "Bird's check found problems", words))
    await ask(http, account, _write("POST", target, {}))


async def _put(http: Http, account: Account, template: Json, language: str, content: Json) -> None:
    draft = await _draft(http, account, template)
    path = f"{TEMPLATES}/{part(text(template.get('id')))}/versions/{part(draft)}/languages/{part(language)}"
    await ask(http, account, _write("PUT", path, content))


async def _draft(http: Http, account: Account, template: Json) -> str:
    """The version that can be changed: the one there is, or a new copy of the live one."""
    if draft := text(template.get("draft_version_id")):
        return draft
    path = f"{TEMPLATES}/{part(text(template.get('id')))}/versions"
    return text((await ask_json(http, account, _write("POST", path, {}))).get("id"))


def _write(method: str, path: str, body: Any = None) -> Call:
    """A change, with a key of its own: a check and what follows it must not share one (3.6)."""
    return Call(method, path, body, {"idempotency-key": str(uuid.uuid4())})


def _split(provider_id: str) -> tuple[str, str]:
    identity, _, language = provider_id.partition("/")
    if not identity or not language:
        raise Rejected(Failure("template", "A template's id is wat_… and its language", provider_id))
    return identity, language


def _remote(row: Json, language: str, content: Json) -> RemoteTemplate:
    state = fields(fields(row.get("languages")).get(language))
    status = text(state.get("status")) or text(content.get("status")) or text(row.get("status"))
    if text(row.get("status")) == "inactive":
        status = "inactive"
    rejection = fields(state.get("rejection")) or fields(content.get("rejection"))
    said = [text(rejection.get(key)) for key in ("category", "reason", "recommendation")]
    said.append(text(fields(state.get("error")).get("description")))
    return RemoteTemplate(
        provider_id=f"{text(row.get('id'))}/{language}",
        name=text(row.get("slug")),
        language=language.replace("-", "_"),
        category=category_of(row.get("category")),
        # What Bird adds one day is not sendable until we know better.
        state=STATES.get(status, "disabled"),
        components=to_meta(items(content.get("components"))),
        quality=text(fields(state.get("quality")).get("rating")),
        reason=". ".join(word for word in said if word),
    )
