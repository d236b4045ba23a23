"""Templates, subscriptions and files: the provider against the simulated Zenvia, over real HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from envoi.providers.base import Form, Rejected, RemoteTemplate, Slot, Suspended, TemplateProblem

from .rig import ZENVIA, MakeRig, Rig

assert ZENVIA.templates is not None
assert ZENVIA.media is not None
assert ZENVIA.hooks is not None
TEMPLATES, MEDIA, HOOKS = ZENVIA.templates, ZENVIA.media, ZENVIA.hooks

WELCOME: dict[str, Any] = {
    "name": "welcome",
    "language": "pt_BR",
    "category": "marketing",
    "components": [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://cdn.x/a.jpg"]}},
        {
            "type": "BODY",
            "text": "Oi {{1}}, seu cupom é {{2}} !",
            "example": {"body_text": [["Ana", "BF10"]]},
        },
        {"type": "FOOTER", "text": "Loja"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Quero"},
                {"type": "URL", "text": "Ver", "url": "https://x.example/{{1}}", "example": ["a"]},
            ],
        },
    ],
}


async def listed(rig: Rig, name: str) -> RemoteTemplate:
    [found] = [one for one in await TEMPLATES.list_templates(rig.http, rig.account) if one.name == name]
    return found


async def test_a_template_is_created_reviewed_sent_and_deleted(zenvia: Rig):
    made = await TEMPLATES.create(zenvia.http, zenvia.account, WELCOME)
    assert (made.name, made.language, made.category, made.state) == ("welcome", "pt_BR", "marketing", "pending")
    header, body, footer, buttons = made.components
    assert (header["format"], header["example"]) == ("IMAGE", {"header_handle": ["https://cdn.x/a.jpg"]})
    assert body["text"] == "Oi {{body_1}}, seu cupom é {{body_2}} !"
    assert body["example"]["body_text_named_params"][1] == {"param_name": "body_2", "example": "BF10"}
    assert footer["text"] == "Loja"
    assert buttons["buttons"][1] == {
        "type": "URL",
        "text": "Ver",
        "url": "https://x.example/{{button_2_1}}",
        "example": ["a"],
    }

    await zenvia.quiet()
    assert (await listed(zenvia, "welcome")).state == "approved"
    form = Form(
        made.provider_id,
        "pt_BR",
        header={"type": "image", "image": {"link": "https://cdn.x/a.jpg"}},
        slots=(
            Slot("body", name="body_1"),
            Slot("body", name="body_2"),
            Slot("button", index=1, sub_type="url", name="button_2_1"),
        ),
    )
    await zenvia.send(form=form, values=("Ana", "BF10", "a"))
    assert (await zenvia.quiet())["delivered"] == 1

    await TEMPLATES.delete(zenvia.http, zenvia.account, made.provider_id, "welcome")
    await TEMPLATES.delete(zenvia.http, zenvia.account, made.provider_id, "welcome")
    with pytest.raises(TemplateProblem):
        await zenvia.send(form=form, values=("Ana", "BF10", "a"))


async def test_one_that_exists_already_is_returned(zenvia: Rig):
    first = await TEMPLATES.create(zenvia.http, zenvia.account, WELCOME)
    again = await TEMPLATES.create(zenvia.http, zenvia.account, WELCOME)
    assert again.provider_id == first.provider_id


def worded(words: str, category: str = "marketing") -> dict[str, Any]:
    body = {"type": "BODY", "text": words}
    return {"name": "wording", "language": "pt_BR", "category": category, "components": [body]}


@pytest.mark.parametrize(
    ("template", "state", "category", "reason"),
    [
        (worded("Tell us your password"), "rejected", "marketing", "SCAM"),
        (worded("Oi {{name}} !"), "rejected", "marketing", "INVALID_FORMAT"),
        (worded("Your verification code is ready", "utility"), "rejected", "utility", "INCORRECT_CATEGORY"),
        (worded("A big discount today", "utility"), "approved", "marketing", ""),
        (worded("Your order left", "utility"), "approved", "utility", ""),
    ],
)
async def test_the_review_has_its_own_rules(
    zenvia: Rig, template: dict[str, Any], state: str, category: str, reason: str
):
    await TEMPLATES.create(zenvia.http, zenvia.account, template)
    await zenvia.quiet()
    found = await listed(zenvia, "wording")
    assert (found.state, found.category) == (state, category)
    assert found.reason.startswith(reason)
    assert bool(found.reason) == (state == "rejected")


async def test_review_takes_its_time_at_zenvia_then_at_meta(make_zenvia: MakeRig):
    rig = await make_zenvia(speed=1)
    await TEMPLATES.create(rig.http, rig.account, worded("Oi"))
    world = rig.simulator.app.world
    [template] = [one for one in rig.simulator.app.faces["zenvia"].accounts["z1"].templates.values() if one.round]
    seen = [template.status]
    world.clock.after(world.settings.review_seconds * 0.75, lambda: seen.append(template.status))
    await rig.control("POST", "settings", {"speed": 100_000})
    await rig.quiet()
    assert [*seen, template.status] == ["WAITING_REVIEW", "WAITING_APPROVAL", "APPROVED"]


async def test_a_changed_wording_is_reviewed_again(zenvia: Rig):
    made = await TEMPLATES.create(zenvia.http, zenvia.account, worded("Tell us your password"))
    await zenvia.quiet()
    changes = {"components": [{"type": "BODY", "text": "Oi"}], "category": "utility"}
    await zenvia.control("POST", "settings", {"speed": 1})
    await TEMPLATES.edit(zenvia.http, zenvia.account, made.provider_id, changes)
    await TEMPLATES.submit(zenvia.http, zenvia.account, made.provider_id)
    assert (await listed(zenvia, "wording")).state == "pending"
    await zenvia.control("POST", "settings", {"speed": 100_000})
    await zenvia.quiet()
    found = await listed(zenvia, "wording")
    assert (found.state, found.category, found.components[0]["text"]) == ("approved", "utility", "Oi")


async def test_an_authentication_template_and_its_code(zenvia: Rig):
    components = [
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 5},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copiar"}]},
    ]
    template = {"name": "code", "language": "pt_BR", "category": "authentication", "components": components}
    made = await TEMPLATES.create(zenvia.http, zenvia.account, template)
    assert list(made.components) == components
    await zenvia.quiet()
    form = Form(made.provider_id, "pt_BR", slots=(Slot("body"), Slot("button", index=0, sub_type="otp")))
    await zenvia.send(form=form, values=("493817", "493817"))
    assert (await zenvia.quiet())["delivered"] == 1


async def test_a_carousel_is_made_and_sent(zenvia: Rig):
    cards = [
        {
            "components": [
                {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://cdn.x/a.jpg"]}},
                {"type": "BODY", "text": "Por {{price}} hoje" if n else "Novo"},
                {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Quero"}]},
            ]
        }
        for n in (0, 1)
    ]
    cards[1]["components"][1]["example"] = {"body_text_named_params": [{"param_name": "price", "example": "R$ 10"}]}
    components = [{"type": "BODY", "text": "Veja"}, {"type": "CAROUSEL", "cards": cards}]
    template = {"name": "carousel", "language": "pt_BR", "category": "marketing", "components": components}
    made = await TEMPLATES.create(zenvia.http, zenvia.account, template)
    assert [part["type"] for part in made.components[1]["cards"][1]["components"]] == ["HEADER", "BODY", "BUTTONS"]
    await zenvia.quiet()
    form = Form.load(
        {
            "name": made.provider_id,
            "language": "pt_BR",
            "cards": [
                {"header": {"type": "image", "image": {"link": "https://cdn.x/a.jpg"}}},
                {
                    "header": {"type": "image", "image": {"link": "https://cdn.x/b.jpg"}},
                    "slots": [{"component": "body", "name": "price"}],
                },
            ],
        }
    )
    await zenvia.send(form=form, values=("R$ 9",))
    assert (await zenvia.quiet())["delivered"] == 1


@pytest.mark.parametrize(
    "component",
    [
        {"type": "LIMITED_TIME_OFFER"},
        {"type": "HEADER", "format": "LOCATION"},
        {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "x"}]},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "ZERO_TAP", "text": "x"}]},
    ],
)
async def test_a_part_that_zenvia_lacks_is_refused_before_the_network(zenvia: Rig, component: dict[str, Any]):
    template = {"name": "x", "language": "pt_BR", "category": "marketing", "components": [component]}
    with pytest.raises(Rejected):
        await TEMPLATES.create(zenvia.http, zenvia.account, template)


async def test_what_zenvia_refuses_of_a_template_is_said_with_its_place(zenvia: Rig):
    with pytest.raises(Rejected) as caught:
        await TEMPLATES.create(zenvia.http, zenvia.account, {**WELCOME, "name": "Not A Name"})
    assert caught.value.failure.code == "VALIDATION_ERROR"
    assert "name: " in caught.value.failure.detail


async def test_hundreds_of_templates_come_page_by_page(make_zenvia: MakeRig):
    body = {"body": {"type": "TEXT_FIXED", "text": "Oi"}}
    many = [{"name": f"t{n}", "locale": "pt_BR", "components": body} for n in range(1_001)]
    rig = await make_zenvia(account={"templates": many})
    found = await TEMPLATES.list_templates(rig.http, rig.account)
    assert len({one.provider_id for one in found}) == 1_001


async def test_a_dead_token_is_told_wherever_it_is_used(zenvia: Rig):
    zenvia.account = msgspec.structs.replace(zenvia.account, credentials={"token": "dead"})
    for call in (
        TEMPLATES.list_templates(zenvia.http, zenvia.account),
        HOOKS.subscribe(zenvia.http, zenvia.account, zenvia.platform.url, "s"),
        MEDIA.upload(zenvia.http, zenvia.account, zenvia.channel, name="a", mime_type="image/png", data=b"x"),
    ):
        with pytest.raises(Suspended):
            await call
