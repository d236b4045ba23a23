"""Templates of the Bird API: drafts, versions, languages, and the review that takes its time (Bird fact sheet, 3.6)."""

import hashlib
import re
import time
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import msgspec

from envoi.simulator.bird.accounts import Account, Template, Version, Wording
from envoi.simulator.bird.errors import Refusal, bird, reading
from envoi.simulator.bird.gen3_admin import listing
from envoi.simulator.bird.notices import moment
from envoi.simulator.bird.wordings import check, review
from envoi.simulator.faces import Answer
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply

if TYPE_CHECKING:
    from envoi.simulator.bird.face import BirdFace

SLUG = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")
CATEGORIES = ("authentication", "utility", "marketing")
_encode = msgspec.json.encode


def answer(face: "BirdFace", account: Account, request: Request, parts: list[str]) -> Answer:
    match request.method, parts:
        case "GET", []:
            return listing([shown(one) for one in account.templates.values()], request)
        case "POST", []:
            return _create(face, account, _object(request))
    template = account.template(parts[0]) if parts else None
    if template is None:
        raise bird("not_found", "There is no such template.")
    match request.method, parts[1:]:
        case "GET", []:
            return Reply(body=_encode(shown(template)))
        case "DELETE", []:
            del account.templates[template.id]
            return Reply(204)
        case "GET", ["versions"]:
            return listing([_version(template, one) for one in _versions(template)], request)
        case "POST", ["versions"]:
            if template.draft is None:
                copied = deepcopy(template.live.languages) if template.live else {}
                template.draft = Version(_identity(face, "wav"), copied)
            return Reply(201, _encode(_version(template, template.draft)))
    return _version_call(face, template, request, parts[2:]) if parts[1:2] == ["versions"] else _nothing(request)


def _version_call(face: "BirdFace", template: Template, request: Request, parts: list[str]) -> Reply:
    version = next((one for one in _versions(template) if one.id == parts[0]), None)
    if version is None:
        raise bird("not_found", "There is no such version.")
    match request.method, parts[1:]:
        case "GET", []:
            return Reply(body=_encode(_version(template, version)))
        case "GET", ["languages", tag] if tag in version.languages:
            return Reply(body=_encode(_language(template, tag, version.languages[tag])))
        case _, ["languages", tag] if request.method in ("PUT", "DELETE"):
            if version is not template.draft:
                raise bird("conflict", "Only a draft can be changed.")
            return _write(version, tag, request)
        case "POST", ["submit"]:
            return _submit(face, template, version, _object(request))
    return _nothing(request)


def _nothing(request: Request) -> Reply:
    raise bird("not_found", f"There is no {request.method} {request.path}.")


def _create(face: "BirdFace", account: Account, asked: dict[str, Any]) -> Reply:
    slug, category = asked.get("slug"), asked.get("category")
    if not isinstance(slug, str) or not SLUG.fullmatch(slug) or slug.startswith("bird_"):
        raise bird("validation", "A slug has small letters, digits, _ and -.", param="slug")
    if category not in CATEGORIES:
        raise bird("validation", f"One of {CATEGORIES}.", param="category")
    if asked.get("waba") != account.spec.waba:
        raise bird("validation", "There is no such WhatsApp business account.", param="waba")
    if account.template(slug):
        raise bird("conflict", "The slug is taken.", param="slug")
    default = str(asked.get("default_language") or "en")
    with reading(bird("bad_request", "The languages have the wrong shape.")):
        languages = {
            tag.replace("_", "-"): Wording(content.get("components") or [])
            for tag, content in (asked.get("languages") or {}).items()
        }
    template = Template(_identity(face, "wat"), slug, _identity(face, "p"), category, default)
    template.draft = Version(_identity(face, "wav"), languages)
    account.templates[template.id] = template
    return Reply(201, _encode(shown(template)))


def _write(version: Version, tag: str, request: Request) -> Reply:
    tag = tag.replace("_", "-")
    if request.method == "DELETE":
        if version.languages.pop(tag, None) is None:
            raise bird("not_found", "There is no such language.")
        return Reply(204)
    before = version.languages.get(tag)
    asked = _object(request)
    revision = asked.get("revision")
    if before and revision is not None and revision != before.revision:
        raise bird("conflict", "Somebody else wrote this language.")
    wording = Wording(asked.get("components") or [], revision=(before.revision + 1) if before else 1)
    version.languages[tag] = wording
    saved = {"language": tag, "revision": wording.revision, "content_hash": _hash(wording)}
    return Reply(body=_encode({**saved, "updated_at": moment(time.time())}))


def _submit(face: "BirdFace", template: Template, version: Version, asked: dict[str, Any]) -> Reply:
    with reading(bird("bad_request", "The components have the wrong shape.")):
        problems = [
            {"language": tag, "field": field, "message": message}
            for tag, wording in version.languages.items()
            for field, message in check(wording.components)
        ]
    if not version.languages:
        problems.append({"language": template.default_language, "field": "languages", "message": "There is none."})
    if asked.get("validate_only"):
        return Reply(200, _encode({"valid": not problems, "errors": problems}))
    if version is not template.draft:
        raise bird("conflict", "This version was submitted before.")
    if problems:
        raise bird("validation", str(problems[0]["message"]), param=str(problems[0]["field"]))
    submit(face, template)
    return Reply(202, _encode({"valid": True, "errors": [], "version": _version(template, version)}))


def submit(face: "BirdFace", template: Template) -> None:
    """Freeze the draft, and have its changed languages reviewed after a while."""
    version = template.draft
    assert version is not None
    live = template.live.languages if template.live else {}
    for tag, wording in version.languages.items():
        same = tag in live and live[tag].components == wording.components
        wording.status = live[tag].status if same else "pending"
        wording.category = live[tag].category if same else template.category
    template.draft, template.pending = None, version
    version.submitted_at = moment(time.time())
    if all(wording.status != "pending" for wording in version.languages.values()):
        decide(template, version)  # nothing changed that somebody would have to look at
        return
    face.world.clock.after(face.world.settings.review_seconds, decide, template, version)


def decide(template: Template, version: Version) -> None:
    """WhatsApp's verdicts are in: what was approved goes live."""
    for wording in version.languages.values():
        if wording.status == "pending":
            review(wording)
    if template.pending is version and any(one.status == "approved" for one in version.languages.values()):
        template.live, template.pending = version, None


def shown(template: Template) -> dict[str, Any]:
    now = moment(time.time())
    live = template.live.languages if template.live else {}
    return {
        "id": template.id,
        "slug": template.slug,
        "slug_editable": template.live is None,
        "name": template.slug,
        "description": None,
        "scope": "workspace",
        "waba": "waba",
        "category": template.category,
        "status": template.status,
        "default_language": template.default_language,
        "on_missing_language": "fail",
        "language_source_required": False,
        "available_languages": [tag for tag, one in live.items() if one.status == "approved"],
        "languages": {tag: _state(wording) for tag, wording in template.shown.items()},
        "draft_version_id": template.draft.id if template.draft else None,
        "live_version_id": template.live.id if template.live else None,
        "pending_version_id": template.pending.id if template.pending else None,
        "last_submitted_at": next((one.submitted_at for one in _versions(template) if one.submitted_at), None),
        "created_at": now,
        "updated_at": now,
    }


def _state(wording: Wording) -> dict[str, Any]:
    return {key: value for key, value in (("status", wording.status), ("rejection", wording.rejection)) if value}


def _versions(template: Template) -> list[Version]:
    return [one for one in (template.draft, template.pending, template.live) if one]


def _version(template: Template, version: Version) -> dict[str, Any]:
    languages = {tag: {**_state(one), "components": one.components} for tag, one in version.languages.items()}
    return {
        "id": version.id,
        "template_id": template.id,
        "version_number": 1 if version.submitted_at else None,
        "submitted_at": version.submitted_at,
        "languages": languages,
        "created_at": moment(time.time()),
    }


def _language(template: Template, tag: str, wording: Wording) -> dict[str, Any]:
    return {
        "language": tag,
        "components": wording.components,
        **_state(wording),
        "revision": wording.revision,
        "content_hash": _hash(wording),
        "category": wording.category or template.category,
        "submitted_at": None,
        "updated_at": moment(time.time()),
    }


def _hash(wording: Wording) -> str:
    return f"sha256:{hashlib.sha256(_encode(wording.components)).hexdigest()}"


def _identity(face: "BirdFace", prefix: str) -> str:
    return f"{prefix}_{face.world.identity().lower()}"


def _object(request: Request) -> dict[str, Any]:
    malformed: Refusal = bird("bad_request", "The body is not a JSON object.")
    try:
        found = msgspec.json.decode(request.body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise malformed from None
    if not isinstance(found, dict):
        raise malformed
    return found
