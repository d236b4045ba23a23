"""The simulated Zenvia alone: nonsense, the control API, a reset."""

from __future__ import annotations

from typing import Any

import pytest

from envoi.providers.base import Form, Suspended

from .rig import SENDER, ZENVIA, Rig

CALLS = [
    ("POST", "channels/whatsapp/messages"),
    ("POST", "templates"),
    ("PATCH", "templates/plain-id"),
    ("POST", "templates/plain-id/comments"),
    ("POST", "subscriptions"),
    ("GET", "templates?page=x"),
    ("GET", "templates?size=501"),
    ("PUT", "templates"),
    ("GET", "nothing/here"),
    ("DELETE", "files/none"),
]
NONSENSE: list[Any] = [
    None,
    [],
    {},
    {"from": SENDER, "to": "5511999990000", "contents": [[]]},
    {"from": SENDER, "to": ["x"], "contents": {}},
    {"from": [SENDER], "to": 5, "contents": []},
    {"from": SENDER, "to": "+5511999990000", "contents": [{"type": "text", "text": "x"}]},
    {"from": SENDER, "to": "5511999990000", "contents": [{"type": ["text"]}]},
    {"from": SENDER, "to": "5511999990000", "contents": [{"type": "template", "templateId": "promo-id", "fields": []}]},
    {
        "name": "a",
        "locale": "b",
        "channel": "WHATSAPP",
        "senderId": [1],
        "category": "MARKETING",
        "components": {"a": 1},
    },
    {"category": ["x"], "components": {"header": {"type": ["MEDIA_IMAGE"]}, "body": {"type": "TEXT_FIXED", "text": 7}}},
    {"components": {"body": {"type": "TEXT_FIXED", "text": "x"}, "header": {"type": ["MEDIA_IMAGE"]}}},
    {"components": {"body": {"type": "TEXT_FIXED", "text": "x"}, "buttons": {"type": "ACTIONS", "items": [{}]}}},
    {"eventType": ["MESSAGE"], "criteria": 7, "webhook": 1},
    {"eventType": "MESSAGE", "criteria": {"channel": "whatsapp", "direction": []}, "webhook": {"url": 1}},
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_no_nonsense_makes_the_simulator_fail(zenvia: Rig, method: str, path: str):
    for nonsense in NONSENSE:
        body = None if method == "GET" else nonsense
        status, said = await zenvia.call(method, f"/zenvia/v2/{path}", body)
        assert status in (400, 404), (nonsense, said)
        assert said["code"] in ("VALIDATION_ERROR", "NOT_FOUND")
    assert (await zenvia.call(method, f"/zenvia/v2/{path}", raw=b"{"))[0] in (400, 404)
    assert (await zenvia.call(method, f"/zenvia/v2/{path}", token="wrong"))[0] == 401


async def test_settings_of_an_account_that_cannot_be_are_refused(zenvia: Rig):
    assert (await zenvia.control("PUT", "zenvia/accounts/z2", {"token": "t", "senders": [{"id": SENDER}]}))[0] == 400
    assert (await zenvia.control("PUT", "zenvia/accounts/z2", {"no": "token"}))[0] == 400
    assert (await zenvia.control("POST", "zenvia/templates/none", {"status": "PAUSED"}))[0] == 404
    assert (await zenvia.control("POST", "zenvia/templates/promo", {"status": "GONE"}))[0] == 400
    assert (await zenvia.control("GET", "zenvia/none"))[0] == 404


async def test_a_template_is_paused_by_the_control_api(zenvia: Rig):
    assert (await zenvia.control("POST", "zenvia/templates/plain", {"status": "PAUSED", "qualityScore": "RED"}))[
        0
    ] == 200
    assert ZENVIA.templates is not None
    templates = await ZENVIA.templates.list_templates(zenvia.http, zenvia.account)
    [found] = [one for one in templates if one.name == "plain"]
    assert (found.state, found.quality) == ("paused", "red")


async def test_a_reset_forgets_accounts_when_asked(zenvia: Rig):
    await zenvia.send(form=Form("plain-id", "pt_BR"))
    await zenvia.control("POST", "reset", {})
    assert (await zenvia.ledger())["accepted"] == 0
    await zenvia.send(form=Form("plain-id", "pt_BR"))
    await zenvia.control("POST", "reset", {"accounts": True})
    with pytest.raises(Suspended):
        await zenvia.send(form=Form("plain-id", "pt_BR"))
