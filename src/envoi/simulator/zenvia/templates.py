"""Templates: create, list, change, delete, comment, and their review (Zenvia sheet, 6).

First Zenvia looks (WAITING_REVIEW), then Meta (WAITING_APPROVAL), each for half of `review_seconds`. The verdict is by
rules of this face's own: a wording has one.
"""

import re
import time
from typing import TYPE_CHECKING, Any

import msgspec

from envoi.simulator.http_server import Reply
from envoi.simulator.meta.template_review import ABUSE, ONE_TIME_CODE, PROMOTION, SCAM
from envoi.simulator.zenvia import template_checks
from envoi.simulator.zenvia.accounts import Account, Template, TemplateSpec, moment
from envoi.simulator.zenvia.errors import ZenviaError, invalid, missing
from envoi.simulator.zenvia.template_sends import fields_of

if TYPE_CHECKING:
    from envoi.simulator.zenvia.face import ZenviaFace

STATUSES = ("WAITING_REVIEW", "WAITING_APPROVAL", "APPROVED", "REJECTED", "PAUSED", "DISABLED")
NAME = re.compile(r"[a-z0-9_]{1,512}")
CHANGEABLE = {"locale", "category", "components", "examples", "notificationEmail"}


def create(face: "ZenviaFace", account: Account, asked: dict[str, Any]) -> Reply:
    for name in ("name", "locale", "channel", "senderId", "category", "components"):
        if not asked.get(name):
            raise invalid(name, "Is required.")
    if asked["channel"] != "WHATSAPP":
        raise invalid("channel", "Should be WHATSAPP.")
    if not NAME.fullmatch(str(asked["name"])):
        raise invalid("name", "Should have lower-case letters, digits and underscores alone.")
    if str(asked["senderId"]) not in account.senders:
        raise missing(f"The sender {asked['senderId']}")
    template_checks.check(asked)
    alike = (asked["name"], asked["locale"], asked["senderId"])
    if any((one.name, one.locale, one.sender_id) == alike for one in account.templates.values()):
        raise ZenviaError(409, "DUPLICATED", "There is a template of this name in this language already.")
    spec = TemplateSpec(
        name=str(asked["name"]),
        locale=str(asked["locale"]),
        components=asked["components"],
        category=asked["category"],
        status="WAITING_REVIEW",
        examples=asked.get("examples") or {},
        senderId=str(asked["senderId"]),
        qualityScore="UNKNOWN",
    )
    template = keep(face, account, spec)
    _review(face, template)
    return shown(template)


def keep(face: "ZenviaFace", account: Account, spec: TemplateSpec) -> Template:
    """Store a template as it is."""
    now = moment(time.time())
    template = Template(
        id=spec.id or face.uuid(),
        name=spec.name,
        locale=spec.locale,
        sender_id=spec.senderId or next(iter(account.senders), ""),
        category=spec.category,
        status=spec.status,
        components=spec.components,
        examples=spec.examples,
        quality=spec.qualityScore,
        created_at=now,
        updated_at=now,
    )
    account.templates[template.id] = template
    return template


def change(face: "ZenviaFace", template: Template, asked: dict[str, Any]) -> Reply:
    """PATCH: the new wording is reviewed like the first."""
    if not asked:
        raise invalid("", "Should say what to change.")
    if unknown := sorted(set(asked) - CHANGEABLE):
        raise invalid(unknown[0], "Can't be changed.")
    wanted = {
        "locale": template.locale,
        "category": template.category,
        "components": template.components,
        "examples": template.examples,
        **asked,
    }
    template_checks.check(wanted)
    template.locale, template.category = wanted["locale"], wanted["category"]
    template.components, template.examples = wanted["components"], wanted["examples"]
    template.updated_at = moment(time.time())
    _review(face, template)
    return shown(template)


def listing(account: Account, query: dict[str, str]) -> Reply:
    """GET: filtered, a page at a time, with the three headers."""
    wanted = {"senderId": "sender_id", "category": "category", "status": "status"}
    found = [
        template
        for template in account.templates.values()
        if all(query.get(name, getattr(template, field)) == getattr(template, field) for name, field in wanted.items())
        and query.get("channel", "WHATSAPP") == "WHATSAPP"
    ]
    page, size = _number(query, "page", 1, most=1_000_000), _number(query, "size", 100, most=500)
    several = found[(page - 1) * size : page * size]
    headers = {"x-total": str(len(found)), "x-page": str(page), "x-page-size": str(size)}
    return Reply(body=msgspec.json.encode([plain(one) for one in several]), headers=headers)


def comment(template: Template, asked: dict[str, Any]) -> Reply:
    for name in ("author", "role", "text"):
        if not isinstance(asked.get(name), str):
            raise invalid(name, "Is required.")
    return Reply(body=msgspec.json.encode(_comment(template, asked["author"], asked["role"], asked["text"])))


def shown(template: Template) -> Reply:
    return Reply(body=msgspec.json.encode(plain(template)))


def plain(template: Template) -> dict[str, Any]:
    """A template as Zenvia shows it."""
    return {
        "id": template.id,
        "name": template.name,
        "locale": template.locale,
        "channel": "WHATSAPP",
        "senderId": template.sender_id,
        "category": template.category,
        "status": template.status,
        "qualityScore": template.quality,
        "components": template.components,
        "examples": template.examples,
        "text": str(template.part("body").get("text", "")),
        "fields": fields_of(template),
        "comments": template.comments,
        "createdAt": template.created_at,
        "updatedAt": template.updated_at,
    }


def _number(query: dict[str, str], name: str, usual: int, *, most: int) -> int:
    value = query.get(name, str(usual))
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= most:
        raise invalid(name, f"Should be a number from 1 to {most}.")
    return int(value)


# --- Review ----------------------------------------------------------------------------------------------------------


def _review(face: "ZenviaFace", template: Template) -> None:
    template.status = "WAITING_REVIEW"
    template.round += 1
    half = face.world.settings.review_seconds / 2
    face.world.clock.after(half, _hand_on, face, template, template.round, half)


def _hand_on(face: "ZenviaFace", template: Template, turn: int, half: float) -> None:
    if template.round == turn:
        template.status = "WAITING_APPROVAL"
        face.world.clock.after(half, _decide, template, turn)


def _decide(template: Template, turn: int) -> None:
    if template.round != turn:
        return
    words = " ".join(str(template.part(part).get("text", "")) for part in ("header", "body", "footer"))
    reason = _objection(template, words)
    if reason:
        template.status = "REJECTED"
        _comment(template, "WhatsApp", "WHATSAPP", reason)
    else:
        template.status = "APPROVED"
        if template.category == "UTILITY" and PROMOTION.search(words):
            template.category = "MARKETING"
    template.updated_at = moment(time.time())


def _objection(template: Template, words: str) -> str:
    missing_ones = [name for name in fields_of(template) if name not in template.examples and name not in NO_EXAMPLE]
    if missing_ones:
        return f"INVALID_FORMAT: add an example for {missing_ones[0]}."
    if SCAM.search(words):
        return "SCAM: do not ask for secrets or promise winnings."
    if ABUSE.search(words):
        return "ABUSIVE_CONTENT: remove threatening or insulting words."
    if template.category != "AUTHENTICATION" and ONE_TIME_CODE.search(words):
        return "INCORRECT_CATEGORY: one-time codes need an AUTHENTICATION template."
    return ""


NO_EXAMPLE = ("token", "code", "cards", "sections")


def _comment(template: Template, author: str, role: str, text: str) -> dict[str, str]:
    now = moment(time.time())
    made = {
        "id": f"comment-{len(template.comments) + 1}",
        "author": author,
        "role": role,
        "text": text,
        "createdAt": now,
        "updatedAt": now,
    }
    template.comments.append(made)
    return made
