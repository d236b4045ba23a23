"""The Content API and the review of templates; it refuses to be random: a wording has one verdict.

Twilio fact sheet, 5. Pages are numbered by `Page`; `next_page_url` says the next.
"""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from envoi.simulator.http_server import Reply
from envoi.simulator.meta.template_review import ABUSE, PROMOTION, SCAM
from envoi.simulator.twilio.accounts import Account, Content, ContentSpec, made_sid
from envoi.simulator.twilio.errors import TwilioError
from envoi.simulator.twilio.messages import number

if TYPE_CHECKING:
    from envoi.simulator.twilio.face import TwilioFace

REQUIRED: dict[str, tuple[str, ...]] = {
    "twilio/text": ("body",),
    "twilio/media": ("media",),
    "twilio/quick-reply": ("body", "actions"),
    "twilio/call-to-action": ("body", "actions"),
    "whatsapp/card": ("body",),
    "twilio/card": ("title",),
    "twilio/carousel": ("body", "cards"),
    "twilio/list-picker": ("body", "button", "items"),
    "twilio/location": ("latitude", "longitude"),
    "twilio/catalog": ("body",),
    "twilio/flows": ("body", "button_text"),
    "whatsapp/flows": ("body", "button_text", "flow_id"),
    "whatsapp/authentication": ("actions",),
    "twilio/schedule": ("id", "title", "timeSlots"),
}
SESSION_ONLY = ("twilio/list-picker", "twilio/location", "twilio/schedule")
NAME = re.compile(r"[a-z0-9_]{1,512}")
CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")
VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")

Json = dict[str, Any]


def from_spec(account: Account, spec: ContentSpec) -> Content:
    """A resource as the control API describes it. Raises TwilioError for types that Twilio does not know."""
    sid = spec.sid or made_sid("HX", account.sid, spec.name, spec.language)
    types = _types(spec.types)
    content = Content(sid, spec.name, spec.language, types, dict(spec.variables), time.time())
    content.name, content.category, content.status = spec.name, spec.category, spec.status
    if spec.status == "unsubmitted":
        content.name, content.category = "", ""
    return content


def create(face: "TwilioFace", account: Account, asked: Json) -> Reply:
    language = asked.get("language")
    if not isinstance(language, str) or not language:
        raise TwilioError(20001, "Language is required.")
    content = Content(
        sid=face.sid("HX"),
        friendly_name=str(asked.get("friendly_name") or ""),
        language=language,
        types=_types(asked.get("types")),
        variables=_variables(asked.get("variables")),
        created=time.time(),
    )
    account.contents[content.sid] = content
    return Reply(201, msgspec.json.encode(shown(account, content)))


def update(account: Account, content: Content, asked: Json) -> Reply:
    content.types = _types(asked.get("types"))
    if asked.get("variables") is not None:
        content.variables = _variables(asked["variables"])
    content.friendly_name = str(asked.get("friendly_name") or content.friendly_name)
    content.language = str(asked.get("language") or content.language)
    content.status = "unsubmitted"
    return Reply(body=msgspec.json.encode(shown(account, content)))


def listing(
    face: "TwilioFace", account: Account, path: str, query: dict[str, str], show: Callable[[Account, Content], Json]
) -> Reply:
    """A page of resources; `ContentName` and `Language` filter, as the second version of the API can."""
    found = [
        content
        for content in account.contents.values()
        if query.get("ContentName", content.friendly_name) in (content.friendly_name, content.name)
        and query.get("Language", content.language) == content.language
    ]
    size, page = number(query, "PageSize", 50, 1000) or 50, number(query, "Page", 0, 10**6)
    base = f"{face.base_url}{path}?PageSize={size}"
    more = (page + 1) * size < len(found)
    body = {
        "contents": [show(account, content) for content in found[page * size : (page + 1) * size]],
        "meta": {
            "page": page,
            "page_size": size,
            "key": "contents",
            "url": f"{base}&Page={page}",
            "first_page_url": f"{base}&Page=0",
            "previous_page_url": f"{base}&Page={page - 1}" if page else None,
            "next_page_url": f"{base}&Page={page + 1}" if more else None,
        },
    }
    return Reply(body=msgspec.json.encode(body))


def submit(face: "TwilioFace", content: Content, asked: Json) -> Reply:
    """Hand a template in; the verdict comes after the review."""
    name, category = asked.get("name"), asked.get("category")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise TwilioError(20001, "The name has only lower-case letters, digits and underscores.")
    if category not in CATEGORIES:
        raise TwilioError(20001, f"The category is one of {', '.join(CATEGORIES)}.")
    if not set(content.types) - set(SESSION_ONLY):
        raise TwilioError(20001, f"{content.kind} can't be approved for WhatsApp.")
    content.name, content.category, content.status, content.rejection_reason = name, category, "received", ""
    face.world.clock.after(face.world.settings.review_seconds, review, content)
    return Reply(201, msgspec.json.encode(approval(content)))


def review(content: Content) -> None:
    """The verdict, by the wording alone."""
    if content.status not in ("received", "pending"):
        return
    wording = msgspec.json.encode(content.types).decode()
    missing = [name for name in dict.fromkeys(VARIABLE.findall(wording)) if not content.variables.get(name)]
    content.status = "rejected"
    if missing:
        content.rejection_reason = f"INVALID_FORMAT: give a sample for {{{{{missing[0]}}}}}."
    elif SCAM.search(wording):
        content.rejection_reason = "SCAM: do not ask for secrets or promise winnings."
    elif ABUSE.search(wording):
        content.rejection_reason = "ABUSIVE_CONTENT: remove threatening or insulting words."
    else:
        content.status = "approved"
        if content.category == "UTILITY" and PROMOTION.search(wording):
            content.category = "MARKETING"


def approval(content: Content) -> Json:
    return {
        "name": content.name,
        "category": content.category,
        "content_type": content.kind,
        "status": content.status,
        "rejection_reason": content.rejection_reason,
        "allow_category_change": True,
    }


def approvals(account: Account, content: Content) -> Reply:
    url = f"https://content.twilio.com/v1/Content/{content.sid}/ApprovalRequests"
    about = {"type": "whatsapp", **approval(content)} if content.name else None
    body = {"sid": content.sid, "account_sid": account.sid, "whatsapp": about, "url": url}
    return Reply(body=msgspec.json.encode(body))


def shown(account: Account, content: Content) -> Json:
    at = datetime.fromtimestamp(content.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    url = f"https://content.twilio.com/v1/Content/{content.sid}"
    return {
        "sid": content.sid,
        "account_sid": account.sid,
        "friendly_name": content.friendly_name,
        "language": content.language,
        "variables": content.variables,
        "types": content.types,
        "date_created": at,
        "date_updated": at,
        "url": url,
        "links": {
            "approval_create": f"{url}/ApprovalRequests/whatsapp",
            "approval_fetch": f"{url}/ApprovalRequests",
        },
    }


def shown_with_approval(account: Account, content: Content) -> Json:
    about = shown(account, content)
    return about | {"approval_requests": approval(content) if content.name else {"status": "unsubmitted"}}


def _types(types: Any) -> Json:
    """The types with what each must have. What a client leaves null is not there."""
    given = _without_nulls(types)
    if not isinstance(given, dict) or not given:
        raise TwilioError(20001, "Types is required.")
    for kind, about in given.items():
        if kind not in REQUIRED:
            raise TwilioError(20001, f"There is no content type {kind}.")
        if not isinstance(about, dict) or any(about.get(name) in (None, "", []) for name in REQUIRED[kind]):
            raise TwilioError(20001, f"{kind} needs {', '.join(REQUIRED[kind])}.")
    return given


def _variables(variables: Any) -> Json:
    if variables is None:
        return {}
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise TwilioError(20001, "Variables are an object of texts.")
    return dict(variables)


def _without_nulls(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_nulls(item) for key, item in value.items() if item is not None}
        case list():
            return [_without_nulls(item) for item in value]
    return value
