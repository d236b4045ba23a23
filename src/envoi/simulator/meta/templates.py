"""Template management: create, list, read, edit, delete, review; it refuses to send.

Meta fact sheet, C.1 and C.3 to C.5.
"""

import base64
import time
from typing import TYPE_CHECKING, Any

import msgspec

from envoi.simulator.http_server import Reply
from envoi.simulator.meta import pacing
from envoi.simulator.meta.accounts import Account, Template, TemplateSpec
from envoi.simulator.meta.errors import GraphError
from envoi.simulator.meta.notices import FieldUpdate
from envoi.simulator.meta.sending import SUCCESS
from envoi.simulator.meta.template_review import check_wording, verdict_on

if TYPE_CHECKING:
    from envoi.simulator.meta.face import MetaFace

DEFAULT_FIELDS = "name,components,language,status,category,id"
FILTERS = ("name", "status", "category", "language")

_encode = msgspec.json.encode


def from_spec(face: "MetaFace", account: Account, spec: TemplateSpec) -> Template:
    """A template set up by the control API, in whatever state it says."""
    template_id = spec.id or _new_id(face, account, spec.name, spec.language)
    return Template(
        id=template_id,
        name=spec.name,
        language=spec.language,
        category=spec.category.upper(),
        status=spec.status.upper(),
        components=spec.components,
        parameter_format=spec.parameter_format.upper(),
        quality=spec.quality or ("GREEN" if spec.status.upper() == "APPROVED" else "UNKNOWN"),
    )


def create(face: "MetaFace", account: Account, asked: dict[str, Any]) -> Reply:
    """Take a template into review."""
    components = check_wording(asked.get("name"), asked.get("language"), asked.get("category"), asked.get("components"))
    name, language = str(asked["name"]), str(asked["language"])
    if account.template(name, language):
        raise GraphError(
            100,
            f"There is already {language} content for this template.",
            message="Invalid parameter",
            subcode=2388024,
            user_title="Content in this language already exists",
        )
    parameter_format = str(asked.get("parameter_format", "POSITIONAL")).upper()
    if parameter_format not in ("POSITIONAL", "NAMED"):
        raise GraphError(100, "Param parameter_format must be POSITIONAL or NAMED.")
    template = Template(
        id=_new_id(face, account, name, language),
        name=name,
        language=language,
        category=str(asked["category"]),
        status="PENDING",
        components=components,
        parameter_format=parameter_format,
        ttl_seconds=asked.get("message_send_ttl_seconds"),
    )
    account.templates[template.id] = template
    face.world.clock.after(face.world.settings.review_seconds, review, face, account, template)
    body = {"id": template.id, "status": template.status, "category": template.category}
    return Reply(body=_encode(body))


def review(face: "MetaFace", account: Account, template: Template) -> None:
    """Give the verdict and tell the app."""
    if template.status != "PENDING" or template.id not in account.templates:
        return
    verdict = verdict_on(template)
    if verdict.category != template.category:
        template.previous_category, template.category = template.category, verdict.category
        value = {"previous_category": template.previous_category, "new_category": template.category}
        notify(face, account, template, "template_category_update", value)
    template.rejected_reason = verdict.reason
    extra: dict[str, Any] = {}
    if verdict.status == "REJECTED":
        extra["rejection_info"] = {"reason": verdict.reason, "recommendation": verdict.advice}
    set_status(face, account, template, verdict.status, **extra)


def set_status(face: "MetaFace", account: Account, template: Template, status: str, **extra: Any) -> None:
    """Move a template to a status and send message_template_status_update."""
    template.status = status
    if status in ("PAUSED", "DISABLED"):
        pacing.drop(template)
    value = {
        "event": status,
        "message_template_category": template.category,
        "reason": template.rejected_reason if status == "REJECTED" else "NONE",
        **extra,
    }
    if status == "PAUSED":
        value["other_info"] = {"title": "FIRST_PAUSE", "description": "Low quality: paused for 3 hours."}
    notify(face, account, template, "message_template_status_update", value)


def set_quality(face: "MetaFace", account: Account, template: Template, quality: str) -> None:
    """Move a template's quality and send message_template_quality_update."""
    value = {"previous_quality_score": template.quality, "new_quality_score": quality}
    template.quality = quality
    if quality == "RED":
        pacing.drop(template)
    notify(face, account, template, "message_template_quality_update", value)


def notify(face: "MetaFace", account: Account, template: Template, field: str, value: dict[str, Any]) -> None:
    """Send one template field update to the app's own callback."""
    full = {
        **value,
        "message_template_id": int(template.id) if template.id.isdigit() else template.id,
        "message_template_name": template.name,
        "message_template_language": template.language,
    }
    mailbox = account.fields_mailbox()
    now = int(time.time())
    if mailbox:
        update = FieldUpdate(account.id, field, full, now)
        face.world.emit((mailbox, update), account.id, field, template.id, str(value.get("event", "")))


def listing(account: Account, query: dict[str, str]) -> Reply:
    """One page of the account's templates, newest last, with cursors."""
    rows = [t for t in account.templates.values() if all(_matches(t, name, query) for name in FILTERS)]
    start, before = _place(rows, query.get("after")), query.get("before")
    limit = _limit(query)
    if before is not None:
        end = max(_place(rows, before) - 1, 0)
        start = max(0, end - limit)
        page = rows[start:end]
    else:
        page = rows[start : start + limit]
    fields = query.get("fields", DEFAULT_FIELDS)
    paging: dict[str, Any] = {}
    if page:
        paging["cursors"] = {"before": cursor(page[0]), "after": cursor(page[-1])}
        if start + len(page) < len(rows):
            paging["next"] = f"https://graph.facebook.com/{account.id}/message_templates?after={cursor(page[-1])}"
        if start > 0:
            paging["previous"] = f"https://graph.facebook.com/{account.id}/message_templates?before={cursor(page[0])}"
    answer: dict[str, Any] = {"data": [shown(template, fields) for template in page], "paging": paging}
    if asked := query.get("summary"):
        answer["summary"] = _summary(account, len(rows), asked)
    return Reply(body=_encode(answer))


def _summary(account: Account, found: int, asked: str) -> dict[str, Any]:
    """The counts that were asked for, by the names that pywa has for them."""
    everything = {
        "total_count": found,
        "message_template_count": len(account.templates),
        "message_template_limit": 6000,
        "are_translations_complete": True,
    }
    return {name: value for name, value in everything.items() if name in asked.split(",")}


def cursor(template: Template) -> str:
    return base64.urlsafe_b64encode(template.id.encode()).decode().rstrip("=")


def _place(rows: list[Template], place: str | None) -> int:
    """The index just after the row a cursor names."""
    if not place:
        return 0
    for index, template in enumerate(rows):
        if cursor(template) == place:
            return index + 1
    raise GraphError(100, "Invalid cursors values.")


def _limit(query: dict[str, str]) -> int:
    try:
        return max(1, min(int(query.get("limit", "25")), 1000))
    except ValueError:
        raise GraphError(100, "Param limit must be an integer.") from None


def _matches(template: Template, name: str, query: dict[str, str]) -> bool:
    wanted = query.get(name)
    have = str(getattr(template, name))
    if wanted is None:
        return True
    return wanted.lower() in have.lower() if name == "name" else wanted.lower() == have.lower()


def shown(template: Template, fields: str) -> dict[str, Any]:
    """The asked fields of a template; unknown ones are left out, `id` is always there."""
    everything: dict[str, Any] = {
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "previous_category": template.previous_category,
        "status": template.status,
        "rejected_reason": template.rejected_reason,
        "quality_score": {"score": template.quality, "date": int(time.time())},
        "components": template.components,
        "parameter_format": template.parameter_format,
        "message_send_ttl_seconds": template.ttl_seconds,
        "id": template.id,
    }
    wanted = [name.strip() for name in fields.split(",")]
    row = {name: everything[name] for name in wanted if everything.get(name) is not None}
    return row | {"id": template.id}


def edit(face: "MetaFace", account: Account, template: Template, asked: dict[str, Any]) -> Reply:
    """Change category, components or TTL; the template goes back to review."""
    if template.status not in ("APPROVED", "REJECTED", "PAUSED"):
        raise GraphError(100, f"A template that is {template.status} can't be edited.")
    category = asked.get("category", template.category)
    if template.status == "APPROVED" and category != template.category:
        raise GraphError(100, "The category of an approved template can't be edited.")
    components = asked.get("components", template.components)
    template.components = check_wording(template.name, template.language, category, components)
    template.category, template.status = category, "PENDING"
    template.ttl_seconds = asked.get("message_send_ttl_seconds", template.ttl_seconds)
    face.world.clock.after(face.world.settings.review_seconds, review, face, account, template)
    return Reply(body=_encode({"success": True, "id": template.id, "category": template.category}))


def delete(account: Account, query: dict[str, str]) -> Reply:
    """Delete every language of a name, or one template by `hsm_id`."""
    name, one = query.get("name"), query.get("hsm_id")
    doomed = [t for t in account.templates.values() if t.name == name and (one is None or t.id == one)]
    if not doomed:
        raise GraphError(100, f"Message template {name!r} was not found.", subcode=2593002)
    if any(template.status == "DISABLED" for template in doomed):
        raise GraphError(100, "A disabled template can't be deleted.")
    for template in doomed:
        del account.templates[template.id]
    return SUCCESS


def unpause(face: "MetaFace", account: Account, template: Template) -> Reply:
    if template.status != "PAUSED":
        raise GraphError(100, "The template is not paused.")
    set_status(face, account, template, "APPROVED")
    return SUCCESS


def _new_id(face: "MetaFace", account: Account, name: str, language: str) -> str:
    """A digits-only id, the same for the same wording slot of the same seed."""
    attempt = 0
    while True:
        number = face.world.draws.number("template id", account.id, name, language, str(attempt))
        template_id = str(10**15 + number % (9 * 10**14))
        if template_id not in account.templates:
            return template_id
        attempt += 1
