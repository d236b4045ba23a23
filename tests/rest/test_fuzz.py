"""Whatever a program sends, it gets an answer that the description of the API knows, and never a crash."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import booleans
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from envoi.channels.models import Account, Channel
from envoi.config.api import api as described
from envoi.inbox import actions as inbox
from envoi.message_templates.models import Template
from envoi.replies import actions as replies
from envoi.rest.shapes import paired
from tests.rest.conftest import Caller
from tests.rest.test_resources import ANA, PARCEL

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = 10
WANTED = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


@pytest.fixture
def known(api: Caller, account: Account, channel: Channel) -> dict[str, Any]:
    """Something of each kind, by the name under which an address has its id."""
    contact = api.post("/contacts", ANA)["id"]
    segment = api.post("/segments", {"name": "All", "rule": {"all": []}})["id"]
    order = {"contact": contact, "external_id": "A", "amount": {"amount": "10", "currency": "EUR"}}
    api.post("/orders", order | {"at": "2026-05-01T10:00:00Z"})
    draft = api.post("/templates", PARCEL | {"account": account.pk, "name": "draft"})["id"]
    parcel = Template.objects.create(
        account=account,
        name="parcel",
        language="en",
        category="utility",
        state="approved",
        components=PARCEL["components"],
    )
    campaign = {"name": "Parcels", "segment": segment, "channel": channel.pk, "template": parcel.pk}
    number = {"number": {"text": "A17"}}
    made = api.post("/campaigns", campaign | {"variables": number})["id"]
    message = {"channel": channel.pk, "to": {"contact": contact}, "kind": "template"}
    sent = api.post("/messages", message | {"template": {"id": parcel.pk, "values": {"number": "1"}}}, expect=202)
    words = {"on": "keyword", "words": ["hours"]}
    answer = {"do": "text", "texts": [{"language": "", "text": "From 9 to 18"}]}
    rule = replies.save_rule(name="Hours", trigger=words, actions=[answer], by=None).pk
    return {
        "conversation_id": paired(contact, inbox.open_with(contact, channel.pk, by=None)),
        "reply_id": rule,
        "contact_id": contact,
        "segment_id": segment,
        "template_id": draft,
        "campaign_id": made,
        "message_id": sent["id"],
        "account_id": account.pk,
        "channel_id": channel.pk,
        "tag_id": api.get("/tags")["items"][0]["id"],
    }


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_input_breaks_the_api(api: Caller, known: dict[str, Any], live_server: Any, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_dict(described.get_openapi_schema(path_prefix="/api/v1/"))
    checks = [CHECKS.get_one(name) for name in WANTED]
    key = {"Authorization": api.http.headers["authorization"]}
    answered: Counter[int] = Counter()

    for found in schema.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query or operation.path_parameters):
            continue

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), existing=booleans())
        def never_breaks(case: Any, existing: bool) -> None:
            case.headers = {name: value for name, value in (case.headers or {}).items() if name != "Authorization"}
            if existing:
                case.path_parameters = {name: known.get(name, 1) for name in case.path_parameters or {}}
            response = case.call(base_url=live_server.url, headers=key)
            answered[response.status_code // 100] += 1
            case.validate_response(response, checks=checks)

        never_breaks()
    assert answered[2] > (100 if mode is GenerationMode.POSITIVE else 10)
    assert answered[4] > 100
