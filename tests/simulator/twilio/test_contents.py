"""Templates at Twilio's face: made, reviewed, listed, deleted; and its senders."""

from __future__ import annotations

from typing import Any

import pytest

from .rig import SENDER, MakeRig, Rig

NEW: dict[str, Any] = {
    "friendly_name": "fresh",
    "language": "pt_BR",
    "variables": {"1": "Ana"},
    "types": {"twilio/text": {"body": "Pedido de {{1}} a caminho."}},
}


async def made(rig: Rig, **changes: Any) -> str:
    status, body = await rig.call("POST", "/v1/Content", {**NEW, **changes})
    assert status == 201, body
    return str(body["sid"])


async def verdict(rig: Rig, sid: str, category: str = "UTILITY") -> dict[str, Any]:
    path = f"/v1/Content/{sid}/ApprovalRequests"
    status, body = await rig.call("POST", f"{path}/whatsapp", {"name": "fresh", "category": category})
    assert (status, body["status"]) == (201, "received")
    await rig.quiet()
    return dict((await rig.call("GET", path))[1]["whatsapp"])


async def test_a_template_is_approved_after_its_review(make_rig: MakeRig) -> None:
    rig = await make_rig(speed=100)
    sid = await made(rig)
    assert (await rig.call("GET", f"/v1/Content/{sid}/ApprovalRequests"))[1]["whatsapp"] is None
    about = await verdict(rig, sid)
    assert about["status"] == "approved"
    assert (about["name"], about["category"], about["content_type"]) == ("fresh", "UTILITY", "twilio/text")


@pytest.mark.parametrize(
    ("changes", "status", "category", "reason"),
    [
        ({"variables": {}}, "rejected", "UTILITY", "INVALID_FORMAT"),
        ({"types": {"twilio/text": {"body": "Send us your password"}}}, "rejected", "UTILITY", "SCAM"),
        ({"types": {"twilio/text": {"body": "A discount for you"}}}, "approved", "MARKETING", ""),
    ],
)
async def test_the_review_has_rules_of_its_own(
    rig: Rig, changes: dict[str, Any], status: str, category: str, reason: str
) -> None:
    about = await verdict(rig, await made(rig, **changes))
    assert (about["status"], about["category"]) == (status, category)
    assert about["rejection_reason"].startswith(reason)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"language": None},
        {"types": None},
        {"types": {"twilio/telepathy": {}}},
        {"types": {"twilio/list-picker": {"body": "x"}}},
        {"variables": {"1": 1}},
    ],
)
async def test_a_misshapen_resource_is_refused(rig: Rig, spoiled: dict[str, Any]) -> None:
    status, body = await rig.call("POST", "/v1/Content", {**NEW, **spoiled})
    assert (status, body["code"]) == (400, 20001)


async def test_a_list_picker_can_not_be_approved(rig: Rig) -> None:
    picker = {"twilio/list-picker": {"body": "x", "button": "y", "items": [{"id": "1", "item": "z"}]}}
    sid = await made(rig, types=picker)
    path = f"/v1/Content/{sid}/ApprovalRequests/whatsapp"
    assert (await rig.call("POST", path, {"name": "fresh", "category": "UTILITY"}))[0] == 400


async def test_resources_are_paged_filtered_changed_and_deleted(rig: Rig) -> None:
    _, page = await rig.call("GET", "/v1/ContentAndApprovals?PageSize=3")
    assert [content["approval_requests"]["status"] for content in page["contents"]] == ["approved"] * 3
    following = page["meta"]["next_page_url"].partition("/twilio")[2]
    _, rest = await rig.call("GET", following)
    assert [content["friendly_name"] for content in rest["contents"]] == ["paused"]
    assert rest["meta"]["next_page_url"] is None
    _, named = await rig.call("GET", "/v2/Content?ContentName=plain")
    assert [content["friendly_name"] for content in named["contents"]] == ["plain"]

    path = f"/v1/Content/{rig.sids['plain']}"
    assert (await rig.call("PUT", path, {"types": {"twilio/text": {"body": "Outra coisa"}}}))[0] == 200
    assert (await rig.call("GET", path))[1]["types"] == {"twilio/text": {"body": "Outra coisa"}}
    assert (await rig.call("DELETE", path))[0] == 204
    assert (await rig.call("GET", path))[1]["code"] == 20404


async def test_senders_are_shown_and_told_where_their_webhooks_go(rig: Rig) -> None:
    assert (await rig.call("GET", "/v2/Channels/Senders"))[0] == 400
    _, listed = await rig.call("GET", "/v2/Channels/Senders?Channel=whatsapp")
    (sender,) = listed["senders"]
    assert (sender["sender_id"], sender["status"]) == (f"whatsapp:{SENDER}", "ONLINE")
    assert sender["properties"] == {"quality_rating": "HIGH", "messaging_limit": "10K Customers/24hr"}
    webhook = {"callback_url": f"{rig.receiver.url}/in", "status_callback_url": f"{rig.receiver.url}/st"}
    status, _ = await rig.call("POST", f"/v2/Channels/Senders/{sender['sid']}", {"webhook": webhook})
    assert status == 202
    await rig.say(text="oi")
    await rig.sent(Body="olá")
    await rig.quiet()
    assert {post.url.rpartition("/")[2] for post in rig.receiver.posts} == {"in", "st"}


async def test_the_control_api_moves_senders_and_templates(rig: Rig) -> None:
    assert (await rig.call("POST", "/_simulator/twilio/contents/plain", {"status": "paused"}))[0] == 200
    await rig.sent(ContentSid=rig.sids["plain"])
    assert (await rig.quiet())["failures"] == {"63041": 1}
    assert (await rig.call("POST", f"/_simulator/twilio/numbers/{SENDER}", {"status": "OFFLINE"}))[0] == 200
    assert (await rig.send(ContentSid=rig.sids["needy"]))[1]["code"] == 21606
    assert (await rig.call("POST", "/_simulator/twilio/numbers/+1", {}))[0] == 404
    assert (await rig.call("POST", "/_simulator/reset", {"accounts": True}))[0] == 200
    assert (await rig.send(ContentSid=rig.sids["needy"]))[1]["code"] == 20003
