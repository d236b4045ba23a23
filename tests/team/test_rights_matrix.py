"""Every role at every address, over real HTTP: pages and API, reading and writing, signed in or not.

The table says for each address which right it needs. A new address without a line here fails the first test: whoever
builds a page says who may see it. What a role may is asked of `RIGHTS` alone, so the table speaks of rights, not roles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

from envoi.campaigns.models import Campaign
from envoi.channels.models import Channel
from envoi.config.api import api
from envoi.team import keys, people
from envoi.team.actions import add_staff
from envoi.team.models import Staff
from envoi.team.rights import ALL, RIGHTS, WORDS

from .world import World, browser, sends, status

pytestmark = pytest.mark.django_db(transaction=True)

# Anybody of the staff; anybody at all; a method that the address does not have.
STAFF, OPEN, NONE = "staff", "open", "none"

# Address: what reading needs, what writing needs. Two rights with a blank between: both.
PAGES: dict[str, tuple[str, str]] = {
    "reports:overview": ("staff", NONE),
    "reports:uncertain": ("campaigns.read", NONE),
    "reports:settle": (NONE, "messages.settle"),
    "reports:channel_limits": ("channels.read", NONE),
    "reports:channel_limits_live": ("channels.read", NONE),
    "reports:service": ("reports.read", NONE),
    "reports:service_rows": ("reports.read contacts.read", NONE),
    "reports:service_export": ("reports.read", NONE),
    "reports:canned_seconds": (NONE, "service.write"),
    "reports:contact": ("contacts.read", NONE),
    "reports:contact_story": ("contacts.read", NONE),
    "contacts:list": ("contacts.read", NONE),
    "contacts:export": ("contacts.export", NONE),
    "contacts:tag": (NONE, "contacts.write"),
    "contacts:add": ("contacts.write", "contacts.write"),
    "contacts:edit": ("contacts.write", "contacts.write"),
    "contacts:note": (NONE, "contacts.write"),
    "contacts:block": (NONE, "contacts.write"),
    "contacts:consent": (NONE, "contacts.write"),
    "contacts:attributes": ("contacts.read", "contacts.write"),
    "contacts:attribute_remove": (NONE, "contacts.write"),
    "contacts:words": ("contacts.read", "contacts.write"),
    "contacts:duplicates": ("contacts.merge", "contacts.merge"),
    "contacts:import": ("contacts.import", "contacts.import"),
    "contacts:import_show": ("contacts.read", NONE),
    "contacts:import_columns": ("contacts.import", "contacts.import"),
    "contacts:import_go": (NONE, "contacts.import"),
    "contacts:import_again": (NONE, "contacts.import"),
    "contacts:import_undo": (NONE, "contacts.import"),
    "contacts:import_live": ("contacts.read", NONE),
    "contacts:import_rejects": ("contacts.read", NONE),
    "contacts:import_cancel": (NONE, "contacts.import"),
    "records:choose": ("contacts.merge", NONE),
    "records:merge": ("contacts.merge", "contacts.merge"),
    "records:undo": (NONE, "contacts.merge"),
    "records:data": ("contacts.privacy", NONE),
    "records:erase": (NONE, "contacts.privacy"),
    "orders:list": ("contacts.read", NONE),
    "orders:download": ("contacts.export", NONE),
    "orders:show": ("contacts.read", "contacts.write"),
    "orders:rate_table": (NONE, "channels.write"),
    "orders:exchange": ("contacts.read", "channels.write"),
    "orders:own": (NONE, "channels.write"),
    "orders:rate": ("channels.write", "channels.write"),
    "orders:remove_rate": (NONE, "channels.write"),
    "segments:list": ("segments.read", NONE),
    "segments:new": ("segments.write", "segments.write"),
    "segments:why_new": (NONE, "segments.read"),
    "segments:new_list": ("segments.write", "segments.write"),
    "segments:ready": ("segments.read", "segments.write"),
    # Every change of the form asks anew how many it chooses; saving it needs segments.write.
    "segments:show": ("segments.read", "segments.read"),
    "segments:why": (NONE, "segments.read"),
    "segments:count": ("segments.read", NONE),
    "segments:export": ("segments.read contacts.export", NONE),
    "segments:delete": (NONE, "segments.write"),
    "segments:start_tag": (NONE, "segments.write"),
    "segments:stop_tag": (NONE, "segments.write"),
    "segments:add_people": (NONE, "segments.write"),
    "segments:remove_people": (NONE, "segments.write"),
    "message_templates:list": ("templates.read", NONE),
    "message_templates:syncs": ("templates.read", NONE),
    "message_templates:syncs_live": ("templates.read", NONE),
    "message_templates:ask_sync": (NONE, "templates.write"),
    "message_templates:new": ("templates.write", "templates.write"),
    "message_templates:show": ("templates.read", NONE),
    "message_templates:live": ("templates.read", NONE),
    "message_templates:edit": ("templates.write", "templates.write"),
    "message_templates:copy": ("templates.write", "templates.write"),
    "message_templates:submit": (NONE, "templates.write"),
    "message_templates:forget": (NONE, "templates.write"),
    "message_templates:delete": (NONE, "templates.write"),
    "channels:list": ("channels.read", NONE),
    "channels:choose": ("channels.write", NONE),
    "channels:connect": ("channels.write", "channels.write"),
    "channels:account": ("channels.write", NONE),
    "channels:account_live": ("channels.write", NONE),
    "channels:change": ("channels.write", "channels.write"),
    "channels:ask": (NONE, "channels.write"),
    "channels:disconnect": (NONE, "channels.write"),
    "channels:forget_old": (NONE, "channels.write"),
    "channels:add_number": ("channels.write", "channels.write"),
    "channels:set_state": (NONE, "channels.write"),
    "channels:set_pace": (NONE, "channels.write"),
    "trials:new": ("channels.write", "channels.write"),
    "trials:show": ("channels.write", NONE),
    "trials:live": ("channels.write", NONE),
    "limits:show": ("channels.read", "channels.write"),
    "limits:add_bar": (NONE, "channels.write"),
    "limits:end_bar": (NONE, "channels.write"),
    "messaging:files": ("templates.read", "media.write"),
    "messaging:file_delete": (NONE, "media.write"),
    "media:show": ("staff", NONE),
    "media:fetch": (OPEN, NONE),
    "rates:list": ("channels.read", NONE),
    "rates:bring": ("channels.write", "channels.write"),
    "rates:fee": ("channels.write", "channels.write"),
    "rates:terms": ("channels.write", "channels.write"),
    "rates:market": ("channels.read", "channels.write"),
    "campaigns:list": ("campaigns.read", NONE),
    "campaigns:new": ("campaigns.write", "campaigns.write"),
    "campaigns:preview": ("campaigns.write", NONE),
    "campaigns:breaker": ("campaigns.read", NONE),
    "campaigns:resume_event": (NONE, "campaigns.launch"),
    "campaigns:show": ("campaigns.read", NONE),
    "campaigns:edit": ("campaigns.write", "campaigns.write"),
    "campaigns:live": ("campaigns.read", NONE),
    "campaigns:check": (NONE, "campaigns.read"),
    "campaigns:counted": ("campaigns.read", NONE),
    "campaigns:budget": (NONE, "campaigns.launch"),
    "campaigns:launch": (NONE, "campaigns.launch"),
    "campaigns:schedule": (NONE, "campaigns.launch"),
    "campaigns:pause": (NONE, "campaigns.launch"),
    "campaigns:resume": (NONE, "campaigns.launch"),
    "campaigns:cancel": (NONE, "campaigns.launch"),
    "campaigns:recipients": ("campaigns.read", NONE),
    "campaigns:recipients_export": ("campaigns.read contacts.export", NONE),
    "campaigns:recipient": ("campaigns.read", NONE),
    "satisfaction:settings": ("service.write", "service.write"),
    "service:start": ("service.write", NONE),
    "service:hours": ("service.write", "service.write"),
    "service:own_hours_end": (NONE, "service.write"),
    "service:parts": ("service.write", NONE),
    "service:add_exception": (NONE, "service.write"),
    "service:end_exception": (NONE, "service.write"),
    "service:targets": ("service.write", "service.write"),
    "service:end_targets": (NONE, "service.write"),
    "service:alarms": ("service.write", "service.write"),
    "service:own_alarms_end": (NONE, "service.write"),
    "service:assignment": ("service.write", "service.write"),
    "service:own_assignment_end": (NONE, "service.write"),
    "service:add_skill": (NONE, "service.write"),
    "service:end_skill": (NONE, "service.write"),
    "inbox:list": ("inbox.read", NONE),
    "inbox:live": ("inbox.read", NONE),
    "inbox:waiting": ("inbox.read", NONE),
    "inbox:show": ("inbox.read", NONE),
    "inbox:show_by_point": ("inbox.read", NONE),
    "inbox:now": ("inbox.read", NONE),
    "inbox:thread": ("inbox.read", NONE),
    "inbox:segments": ("inbox.read", NONE),
    # Colleagues see who reads along, whoever it is.
    "inbox:here": (NONE, "inbox.read"),
    "inbox:canned": ("inbox.read", NONE),
    "inbox:canned_words": ("inbox.read", NONE),
    "inbox:canned_new": ("inbox.write", "inbox.write"),
    "inbox:canned_edit": ("inbox.write", "inbox.write"),
    "inbox:canned_delete": (NONE, "inbox.write"),
    "inbox:send": (NONE, "inbox.write"),
    "inbox:upload": (NONE, "media.write"),
    "inbox:take_back": (NONE, "inbox.write"),
    "inbox:react": (NONE, "inbox.write"),
    "inbox:draft": (NONE, "inbox.write"),
    "inbox:composing": (NONE, "inbox.write"),
    "inbox:templates": ("inbox.write", NONE),
    "inbox:template": ("inbox.write", "inbox.write"),
    "inbox:buttons": ("inbox.write", "inbox.write"),
    "inbox:assign": (NONE, "inbox.write"),
    "inbox:close": (NONE, "inbox.write"),
    "inbox:reopen": (NONE, "inbox.write"),
    "inbox:snooze": (NONE, "inbox.write"),
    "inbox:priority": (NONE, "inbox.write"),
    "inbox:tag": (NONE, "inbox.read contacts.write"),
    "inbox:about": (NONE, "inbox.read contacts.write"),
    "inbox:write_to": ("inbox.read", "inbox.write"),
    "replies:list": ("replies.read", NONE),
    "replies:new": ("replies.write", "replies.write"),
    "replies:ready": (NONE, "replies.write"),
    # Trying a message changes nothing.
    "replies:bench": ("replies.read", "replies.read"),
    "replies:settings": ("replies.read", "replies.write"),
    "replies:faq": ("replies.read", "replies.write"),
    "replies:suggestions": ("replies.read", "replies.read"),
    "replies:delete_entry": (NONE, "replies.write"),
    "replies:pools": ("replies.read", NONE),
    "replies:new_pool": ("replies.write", "replies.write"),
    "replies:pool": ("replies.read", "replies.write"),
    "replies:add_codes": (NONE, "replies.write"),
    "replies:remove_codes": (NONE, "replies.write"),
    "replies:delete_pool": (NONE, "replies.write"),
    "replies:show": ("replies.read", "replies.write"),
    "replies:move": (NONE, "replies.write"),
    "replies:switch": (NONE, "replies.write"),
    "replies:delete": (NONE, "replies.write"),
    "replies:repeat_call": (NONE, "replies.write"),
    # One's own: nobody gets to see another's.
    "notifications:list": (STAFF, NONE),
    "notifications:bell": (STAFF, NONE),
    "notifications:here": (NONE, STAFF),
    "notifications:be": (NONE, STAFF),
    "notifications:read": (NONE, STAFF),
    "notifications:settings": (STAFF, STAFF),
    "notifications:subscribe": (NONE, STAFF),
    "notifications:unsubscribe": (NONE, STAFF),
    "notifications:follow": (STAFF, NONE),
    "worker": (OPEN, NONE),
    "team:keys": ("team.write", "team.write"),
    "team:revoke_key": (NONE, "team.write"),
    "team:invite": ("team.write", "team.write"),
    "team:invitation": ("team.write", NONE),
    "team:resend": (NONE, "team.write"),
    "team:take_back": (NONE, "team.write"),
    "team:accept": (OPEN, OPEN),
    "team:teams": ("team.write", "team.write"),
    "team:team": ("team.write", "team.write"),
    "team:roles": ("team.write", NONE),
    "team:two_steps": ("team.write", "team.write"),
    "team:two_step_needed": (STAFF, STAFF),
    "team:sessions": (STAFF, NONE),
    # One's own, or of whom one may change; any other is not there.
    "team:end_session": (NONE, STAFF),
    "team:end_others": (NONE, STAFF),
    "team:audit": ("audit.read", NONE),
    "team:audit_export": ("audit.read", NONE),
    "staffing:list": ("team.write", NONE),
    "staffing:person": ("team.write", "team.write"),
    "staffing:rights": (NONE, "team.write"),
    "staffing:sign_out": (NONE, "team.write"),
    "staffing:two_step_off": (NONE, "team.write"),
    "staffing:password_link": (NONE, "team.write"),
    "staffing:leave": ("team.write", "team.write"),
    "staffing:come_back": (NONE, "team.write"),
    "staffing:delete_team": (NONE, "team.write"),
    "set_language": (OPEN, OPEN),
    "api_docs": (OPEN, NONE),
}

# allauth's own: signing in and out, one's own password and second step. Those that would let people in are not here.
THEIRS = re.compile(r"(account_|mfa_|not_here)")

API: dict[tuple[str, str], str] = {
    ("get", "/contacts"): "contacts.read",
    ("post", "/contacts"): "contacts.write",
    ("post", "/contacts/bulk"): "contacts.import",
    ("get", "/contacts/{contact_id}"): "contacts.read",
    ("patch", "/contacts/{contact_id}"): "contacts.write",
    ("delete", "/contacts/{contact_id}"): "contacts.privacy",
    ("get", "/contacts/{contact_id}/consents"): "contacts.read",
    ("post", "/contacts/{contact_id}/consents"): "contacts.write",
    ("get", "/tags"): "contacts.read",
    ("post", "/tags"): "contacts.write",
    ("get", "/tags/{tag_id}"): "contacts.read",
    ("patch", "/tags/{tag_id}"): "contacts.write",
    ("delete", "/tags/{tag_id}"): "contacts.write",
    ("get", "/orders"): "contacts.read",
    ("post", "/orders"): "contacts.write",
    ("post", "/orders/bulk"): "contacts.import",
    ("get", "/segments"): "segments.read",
    ("post", "/segments"): "segments.write",
    ("post", "/segments/preview"): "segments.read contacts.read",
    ("get", "/segments/{segment_id}"): "segments.read",
    ("patch", "/segments/{segment_id}"): "segments.write",
    ("delete", "/segments/{segment_id}"): "segments.write",
    ("get", "/segments/{segment_id}/count"): "segments.read",
    ("get", "/segments/{segment_id}/preview"): "segments.read contacts.read",
    ("get", "/templates"): "templates.read",
    ("post", "/templates"): "templates.write",
    ("post", "/templates/lint"): "templates.read",
    ("post", "/templates/sync"): "templates.write",
    ("get", "/templates/{template_id}"): "templates.read",
    ("patch", "/templates/{template_id}"): "templates.write",
    ("post", "/templates/{template_id}/submit"): "templates.write",
    ("get", "/campaigns"): "campaigns.read",
    ("post", "/campaigns"): "campaigns.write",
    ("get", "/campaigns/{campaign_id}"): "campaigns.read",
    ("patch", "/campaigns/{campaign_id}"): "campaigns.write",
    ("get", "/campaigns/{campaign_id}/preflight"): "campaigns.read",
    ("post", "/campaigns/{campaign_id}/preflight"): "campaigns.read",
    ("post", "/campaigns/{campaign_id}/launch"): "campaigns.launch",
    ("post", "/campaigns/{campaign_id}/pause"): "campaigns.launch",
    ("post", "/campaigns/{campaign_id}/resume"): "campaigns.launch",
    ("post", "/campaigns/{campaign_id}/cancel"): "campaigns.launch",
    ("get", "/campaigns/{campaign_id}/report"): "campaigns.read",
    ("get", "/campaigns/{campaign_id}/recipients"): "campaigns.read",
    ("get", "/messages"): "contacts.read",
    ("post", "/messages"): "messages.write",
    ("get", "/messages/{message_id}"): "contacts.read",
    ("get", "/accounts"): "channels.read",
    ("post", "/accounts"): "channels.write",
    ("get", "/accounts/{account_id}"): "channels.read",
    ("patch", "/accounts/{account_id}"): "channels.write",
    ("get", "/channels"): "channels.read",
    ("post", "/channels"): "channels.write",
    ("get", "/channels/{channel_id}"): "channels.read",
    ("patch", "/channels/{channel_id}"): "channels.write",
    ("get", "/reports/service"): "reports.read",
    ("get", "/replies"): "replies.read",
    ("post", "/replies"): "replies.write",
    ("get", "/replies/{reply_id}"): "replies.read",
    ("patch", "/replies/{reply_id}"): "replies.write",
    ("delete", "/replies/{reply_id}"): "replies.write",
    ("get", "/conversations"): "inbox.read",
    ("post", "/conversations"): "inbox.write",
    ("get", "/conversations/search"): "inbox.read",
    ("get", "/conversations/{conversation_id}"): "inbox.read",
    ("post", "/conversations/{conversation_id}/reply"): "inbox.write",
    ("post", "/conversations/{conversation_id}/assign"): "inbox.write",
    ("post", "/conversations/{conversation_id}/close"): "inbox.write",
    ("post", "/conversations/{conversation_id}/reopen"): "inbox.write",
    ("post", "/conversations/{conversation_id}/snooze"): "inbox.write",
    ("post", "/conversations/{conversation_id}/priority"): "inbox.write",
    ("post", "/conversations/{conversation_id}/note"): "inbox.write",
}

# What each write of the API is sent, so that it is refused for its rights and not for its shape.
BODIES: dict[tuple[str, str], Any] = {
    ("post", "/contacts"): {"phone": "+33639981234"},
    ("post", "/contacts/bulk"): {"contacts": [{"phone": "+33639981234"}]},
    ("patch", "/contacts/{contact_id}"): {"name": "Zoé"},
    ("post", "/contacts/{contact_id}/consents"): {"purpose": "service", "state": "granted", "source": "form"},
    ("post", "/tags"): {"name": "vip"},
    ("patch", "/tags/{tag_id}"): {"name": "vips"},
    ("post", "/orders"): {
        "contact": 1,
        "external_id": "A1",
        "amount": {"amount": "1", "currency": "EUR"},
        "at": "2026-01-01T10:00:00Z",
    },
    ("post", "/segments"): {"name": "New", "rule": {"field": "language", "is": "is", "value": "fr"}},
    ("post", "/segments/preview"): {"rule": {"field": "language", "is": "is", "value": "fr"}},
    ("patch", "/segments/{segment_id}"): {"name": "All of them"},
    ("patch", "/campaigns/{campaign_id}"): {"name": "Autumn again"},
    ("patch", "/channels/{channel_id}"): {"state": "paused"},
    ("patch", "/accounts/{account_id}"): {"name": "Shop"},
    ("post", "/replies"): {
        "name": "Hours",
        "trigger": {"on": "keyword", "words": ["hours"]},
        "actions": [{"do": "text", "texts": [{"language": "", "text": "From 9 to 18"}]}],
    },
    ("patch", "/replies/{reply_id}"): {"enabled": False},
    ("post", "/conversations"): {"contact": 1, "channel": 1},
    ("post", "/conversations/{conversation_id}/reply"): {"kind": "text", "text": "Bonjour"},
    ("post", "/conversations/{conversation_id}/assign"): {"staff": None},
    ("post", "/conversations/{conversation_id}/close"): {"why": "done"},
    ("post", "/conversations/{conversation_id}/reopen"): {"why": "again"},
    ("post", "/conversations/{conversation_id}/snooze"): {"until": "2099-01-01T10:00:00Z"},
    ("post", "/conversations/{conversation_id}/priority"): {"priority": "high"},
    ("post", "/conversations/{conversation_id}/note"): {"text": "Knows us"},
}


def addresses() -> Iterator[tuple[str, str]]:
    """Every address of the project: its name with its namespace, and its pattern."""

    def walk(patterns: list[Any], spaces: tuple[str, ...], before: str) -> Iterator[tuple[str, str]]:
        for one in patterns:
            if isinstance(one, URLResolver):
                inside = (*spaces, one.namespace) if one.namespace else spaces
                yield from walk(one.url_patterns, inside, before + str(one.pattern))
            elif isinstance(one, URLPattern):
                yield ":".join([*spaces, one.name or one.callback.__name__]), before + str(one.pattern)

    yield from walk(get_resolver().url_patterns, (), "/")


PATTERNS = {name: pattern for name, pattern in addresses() if not name.startswith("api:") and not THEIRS.match(name)}
CALLS = [
    (method, path.removeprefix("/api/v1"))
    for path, methods in api.get_openapi_schema()["paths"].items()
    for method in methods
]


def test_every_address_says_which_right_it_needs() -> None:
    assert set(PATTERNS) - set(PAGES) == set(), "say in PAGES who may see these"
    assert set(PAGES) - set(PATTERNS) == set(), "these are no addresses any more"
    assert set(CALLS) - set(API) == set(), "say in API who may call these"
    assert set(API) - set(CALLS) == set(), "these are no calls any more"
    named = {word for pair in PAGES.values() for each in pair for word in each.split()}
    named |= {word for each in API.values() for word in each.split()}
    assert named - {STAFF, OPEN, NONE} <= ALL


def test_every_right_has_a_sentence() -> None:
    assert set(WORDS) == ALL


@pytest.fixture
def world(channel: Channel, owner: Staff) -> Iterator[World]:
    yield World(channel, owner)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def has(role: str, needed: str) -> bool:
    return needed in (STAFF, OPEN) or set(needed.split()) <= RIGHTS[role]


@pytest.mark.parametrize("role", Staff.Role.values)
def test_a_role_gets_what_it_may_and_nothing_else(role: str, live_server: Any, world: World) -> None:
    staff = add_staff(email=f"one-{role}@example.com", role=role, password="a long sentence", by=None)
    wrong = []
    with browser(live_server.url, staff) as http:
        for name, pattern in PATTERNS.items():
            for method, needed in zip(("GET", "POST"), PAGES[name], strict=True):
                path = world.at(pattern)
                code, to, page = status(http, method, path)
                for sent in sends(page, path) if code == 200 else ():
                    if sent in PAGES and not has(role, PAGES[sent][1]):
                        wrong.append(f"{method} {name} shows what sends to {sent}, needs {PAGES[sent][1]}")
                if needed == NONE:
                    fine = code == 405 or (not has(role, needed) and code == 403)
                elif has(role, needed):
                    fine = code not in (401, 403, 405) and code < 500 and "/account/login" not in to
                else:
                    fine = code == 403
                if not fine:
                    wrong.append(f"{method} {name}: {code} {to}, needs {needed}")
    assert not wrong, "\n".join(wrong)


def test_nobody_who_is_not_signed_in_gets_anything(live_server: Any, world: World) -> None:
    wrong = []
    with browser(live_server.url, None) as http:
        for name, pattern in PATTERNS.items():
            for method, needed in zip(("GET", "POST"), PAGES[name], strict=True):
                code, to, _page = status(http, method, world.at(pattern))
                # The rail of a page that stays open asks on: it gets nothing, instead of a form to sign in there.
                login = (code == 302 and to.startswith("/account/login/")) or (method == "GET" and code == 204)
                if not (login or (needed == OPEN and code < 500) or (needed == NONE and code == 405)):
                    wrong.append(f"{method} {name}: {code} {to}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", Staff.Role.values)
def test_a_key_may_never_more_than_whoever_made_it(role: str, live_server: Any, world: World) -> None:
    maker = add_staff(email=f"maker-{role}@example.com", role=role, password="a long sentence", by=None)
    # Made while they might, as a marketer's would be who was an administrator then.
    key, secret = keys.make(name="All", scopes=["all"], by=None)
    type(key).objects.filter(pk=key.pk).update(made_by=maker)
    wrong = []
    with httpx.Client(base_url=live_server.url, headers={"Authorization": f"Bearer {secret}"}, timeout=30) as http:
        for method, path in CALLS:
            body = BODIES.get((method, path), {})
            more = {} if method in ("get", "delete") else {"json": body}
            code, *_rest = status(http, method.upper(), "/api/v1" + world.at(path), **more)
            allowed = has(role, API[method, path])
            # A body that can't be meant may be told before the right is asked; it says nothing of anybody's.
            fine = code not in (401, 403, 405) and code < 500 if allowed else code == 403 or (code == 422 and not body)
            if not fine:
                wrong.append(f"{method} {path}: {code}, needs {API[method, path]}")
    assert not wrong, "\n".join(wrong)


def test_without_a_key_the_api_says_nothing(live_server: Any, world: World) -> None:
    with httpx.Client(base_url=live_server.url, timeout=30) as http:
        codes = {status(http, method.upper(), "/api/v1" + world.at(path))[0] for method, path in CALLS}
    assert codes == {401}


def test_a_right_given_or_taken_counts_at_the_next_request(live_server: Any, world: World, owner: Staff) -> None:
    agent = add_staff(email="agent@example.com", role="agent", password="a long sentence", by=None)
    with browser(live_server.url, agent) as http:
        assert http.get("/team/audit/").status_code == 403
        assert http.get("/contacts/").status_code == 200
        people.set_rights(agent.pk, {"audit.read": True, "contacts.read": False}, by=owner)
        assert http.get("/team/audit/").status_code == 200
        assert http.get("/contacts/").status_code == 403
        people.set_rights(agent.pk, {"audit.read": False, "contacts.read": True}, by=owner)
        assert http.get("/team/audit/").status_code == 403
    assert Campaign.objects.filter(pk=world.campaign_id).exists()
