"""Templates at Twilio: made, reviewed, listed, changed; and between Meta's shapes and Twilio's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.providers.base import (
    Channel,
    Form,
    Outgoing,
    Rejected,
    Slot,
)
from envoi.providers.http import Client
from envoi.providers.twilio import Twilio
from envoi.providers.twilio.components import components_of, content_of
from tests.simulator.twilio.making import MakeRig
from tests.simulator.twilio.rig import ANA, CONTENTS, SENDER, Rig

from .conftest import account_at

TWILIO = Twilio()
CHANNEL = Channel(provider_id=SENDER, address=SENDER)
LINK = "https://cdn.example.com/a.jpg"

# --- Templates -----------------------------------------------------------------------------------------------------

SALE: list[dict[str, Any]] = [
    {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [LINK]}},
    {"type": "BODY", "text": "Hello {{1}}, use {{2}} today", "example": {"body_text": [["Ana", "SPRING20"]]}},
    {"type": "FOOTER", "text": "Reply STOP"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Yes"},
            {"type": "URL", "text": "See", "url": "https://x.example/{{1}}", "example": ["https://x.example/o/1"]},
            {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+551140001000"},
        ],
    },
]


def template(name: str = "sale", category: str = "marketing", components: Any = None) -> dict[str, Any]:
    return {"name": name, "language": "en", "category": category, "components": components or SALE}


async def test_a_template_is_made_reviewed_listed_and_sent(rig: Rig, http: Client):
    account = account_at(rig)
    made = await TWILIO.templates.create(http, account, template())
    assert (made.state, made.name, made.language, made.category) == ("pending", "sale", "en", "marketing")
    await rig.quiet()
    listed = {one.name: one for one in await TWILIO.templates.list_templates(http, account)}
    assert set(listed) == {"sale", *(content["name"] for content in CONTENTS)}
    sale = listed["sale"]
    assert (sale.provider_id, sale.state, sale.category) == (made.provider_id, "approved", "marketing")
    assert sale.components[0] == SALE[0]
    assert [part["type"] for part in sale.components] == ["HEADER", "BODY", "FOOTER", "BUTTONS"]
    assert (listed["paused"].state, listed["plain"].state) == ("paused", "approved")

    slots = (Slot("body"), Slot("body"), Slot("button", index=1, sub_type="url"))
    outgoing = Outgoing(recipient=ANA, token="e1.1.2", form=Form(sale.provider_id, "en", slots), values=("A", "B", "C"))
    await TWILIO.send(http, account, CHANNEL, TWILIO.body(outgoing, CHANNEL))
    await rig.quiet()
    (row,) = await rig.rows()
    assert (row["template"], row["error"]) == ("sale", None)


async def test_every_page_of_templates_is_read(make_rig: MakeRig, http: Client):
    contents = [{**CONTENTS[1], "name": f"plain_{number}"} for number in range(1203)]
    rig = await make_rig(account={"contents": contents})
    assert len(await TWILIO.templates.list_templates(http, account_at(rig))) == 1203


async def test_what_the_review_says_is_told(rig: Rig, http: Client):
    body = [{"type": "BODY", "text": "Send us your password"}]
    made = await TWILIO.templates.create(http, account_at(rig), template("scam", "utility", body))
    await rig.quiet()
    listed = await TWILIO.templates.list_templates(http, account_at(rig))
    (scam,) = [one for one in listed if one.provider_id == made.provider_id]
    assert scam.state == "rejected"
    assert scam.reason.startswith("SCAM")

    better = [{"type": "BODY", "text": "Your parcel is on its way"}]
    await TWILIO.templates.edit(http, account_at(rig), made.provider_id, {"components": better})
    await rig.quiet()
    listed = await TWILIO.templates.list_templates(http, account_at(rig))
    (edited,) = [one for one in listed if one.provider_id == made.provider_id]
    assert (edited.state, list(edited.components)) == ("approved", better)


async def test_a_template_that_can_not_be_handed_in_leaves_nothing_behind(rig: Rig, http: Client):
    with pytest.raises(Rejected):
        await TWILIO.templates.create(http, account_at(rig), template("Not A Name"))
    assert len(await TWILIO.templates.list_templates(http, account_at(rig))) == len(CONTENTS)


async def test_deleting_twice_is_no_error(rig: Rig, http: Client):
    for _ in range(2):
        await TWILIO.templates.delete(http, account_at(rig), rig.sids["plain"], "plain")
    names = {one.name for one in await TWILIO.templates.list_templates(http, account_at(rig))}
    assert "plain" not in names


async def test_what_was_never_handed_in_can_not_be_handed_in_again(rig: Rig, http: Client):
    types = {"twilio/text": {"body": "x"}}
    _, made = await rig.call("POST", "/v1/Content", {"language": "en", "types": types, "friendly_name": "loose"})
    with pytest.raises(Rejected):
        await TWILIO.templates.submit(http, account_at(rig), made["sid"])
    listed = await TWILIO.templates.list_templates(http, account_at(rig))
    assert [one.state for one in listed if one.name == "loose"] == ["draft"]
    await TWILIO.templates.submit(http, account_at(rig), rig.sids["plain"])


def test_components_become_one_content_with_its_variables_in_a_row():
    types, variables = content_of(SALE, "marketing")
    assert types == {
        "whatsapp/card": {
            "body": "Hello {{1}}, use {{2}} today",
            "media": ["{{4}}"],
            "footer": "Reply STOP",
            "actions": [
                {"type": "QUICK_REPLY", "title": "Yes", "id": "Yes"},
                {"type": "URL", "title": "See", "url": "https://x.example/{{3}}"},
                {"type": "PHONE_NUMBER", "title": "Call", "phone": "+551140001000"},
            ],
        }
    }
    assert variables == {"1": "Ana", "2": "SPRING20", "3": "o/1", "4": LINK}


def test_names_of_variables_are_kept():
    named = {"body_text_named_params": [{"param_name": "first_name", "example": "Ana"}]}
    body = {"type": "BODY", "text": "Hello {{first_name}}", "example": named}
    header = {"type": "HEADER", "format": "TEXT", "text": "News"}
    types, variables = content_of([header, body], "marketing")
    assert types == {"whatsapp/card": {"body": "Hello {{first_name}}", "header_text": "News"}}
    assert variables == {"first_name": "Ana"}
    assert components_of(types, variables) == [header, body]


CARD = {
    "components": [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [LINK]}},
        {"type": "BODY", "text": "Number {{1}}", "example": {"body_text": [["one"]]}},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Yes"}]},
    ]
}
CODE = [
    {"type": "BODY", "add_security_recommendation": True},
    {"type": "FOOTER", "code_expiration_minutes": 5},
    {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy"}]},
]


@pytest.mark.parametrize(
    ("components", "category", "kind"),
    [
        ([{"type": "BODY", "text": "x"}], "utility", "twilio/text"),
        ([SALE[0], {"type": "BODY", "text": "x"}], "marketing", "twilio/media"),
        (
            [
                {"type": "BODY", "text": "x"},
                {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Go", "flow_id": "1"}]},
            ],
            "utility",
            "whatsapp/flows",
        ),
        ([{"type": "BODY", "text": "x"}, {"type": "CAROUSEL", "cards": [CARD, CARD]}], "marketing", "twilio/carousel"),
        (CODE, "authentication", "whatsapp/authentication"),
    ],
)
async def test_every_sort_of_template_has_a_type_that_the_review_takes(
    rig: Rig, http: Client, components: list[dict[str, Any]], category: str, kind: str
):
    assert list(content_of(components, category)[0]) == [kind]
    made = await TWILIO.templates.create(http, account_at(rig), template("fresh", category, components))
    await rig.quiet()
    listed = await TWILIO.templates.list_templates(http, account_at(rig))
    (found,) = [one for one in listed if one.provider_id == made.provider_id]
    assert found.state == "approved"
    assert {part["type"] for part in found.components} <= {"HEADER", "BODY", "BUTTONS", "CAROUSEL"}


@pytest.mark.parametrize(
    "components",
    [
        [{"type": "LIMITED_TIME_OFFER"}],
        [{"type": "HEADER", "format": "LOCATION"}, {"type": "BODY", "text": "x"}],
        [{"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}}],
        [{"type": "BODY", "text": "x"}, {"type": "BUTTONS", "buttons": [{"type": "MPM", "text": "x"}]}],
        [{"type": "FOOTER", "text": "x"}, {"type": "CAROUSEL", "cards": [CARD]}],
        [{"type": "FOOTER", "text": "x"}, {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "x"}]}],
    ],
)
def test_what_twilios_templates_lack_is_refused_with_a_sentence(components: list[dict[str, Any]]):
    with pytest.raises(Rejected) as refusal:
        content_of(components, "marketing")
    assert refusal.value.failure.detail.startswith("Twilio")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["body", "media", "actions", "cards", "type"]), inner)
    ),
)


@given(st.dictionaries(st.sampled_from(["whatsapp/card", "twilio/text", "twilio/carousel", "x/y"]), JSON), JSON)
def test_no_content_of_somebody_else_makes_the_listing_fail(types: dict[str, Any], variables: Any):
    components = components_of(types, variables if isinstance(variables, dict) else {})
    assert all("type" in part for part in components)
