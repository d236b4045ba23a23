"""Templates from creation to deletion."""

from typing import Any

import pytest

from tests.simulator.rig import WABA, MakeRig, Rig, template

PATH = f"/v25.0/{WABA}/message_templates"


def wording(name: str, body: str, *, category: str = "MARKETING", **more: Any) -> dict[str, Any]:
    component = {"type": "BODY", "text": body, **more}
    return {"name": name, "language": "fr", "category": category, "components": [component]}


async def test_a_new_template_is_pending_then_approved_and_can_be_sent(rig: Rig) -> None:
    await rig.set(review_seconds=1e6)
    asked = wording("spring", "Bonjour {{1}}, le printemps arrive.", example={"body_text": [["Ana"]]})
    status, created = await rig.call("POST", PATH, asked)
    assert (status, created["status"], created["category"]) == (200, "PENDING", "MARKETING")
    refused = await rig.send(template("+33639980001", "spring"))
    assert refused[1]["error"]["code"] == 132001
    await rig.set(speed=1e9)
    await rig.until(lambda: rig.platform.changes("message_template_status_update"))
    (update,) = rig.platform.changes("message_template_status_update")
    assert (update["event"], update["message_template_name"]) == ("APPROVED", "spring")
    assert update["message_template_id"] == int(created["id"])
    assert rig.platform.posts[0]["entry"][0]["time"]
    _, read = await rig.call("GET", f"/v25.0/{created['id']}?fields=name,status,quality_score,components")
    assert (read["status"], read["quality_score"]["score"]) == ("APPROVED", "UNKNOWN")
    assert read["components"] == asked["components"]


async def test_a_promotional_utility_template_is_approved_as_marketing(rig: Rig) -> None:
    await rig.call("POST", PATH, wording("receipt", "Merci ! Profitez de 20 % de réduction.", category="UTILITY"))
    await rig.quiet()
    (change,) = rig.platform.changes("template_category_update")
    assert (change["previous_category"], change["new_category"]) == ("UTILITY", "MARKETING")
    (update,) = rig.platform.changes("message_template_status_update")
    assert (update["event"], update["message_template_category"]) == ("APPROVED", "MARKETING")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("Bonjour {{1}}, à bientôt chez nous.", "INVALID_FORMAT"),
        ("Send us your card number to win a prize today.", "SCAM"),
        ("Your verification code is waiting for you.", "INCORRECT_CATEGORY"),
    ],
)
async def test_a_bad_wording_is_rejected_with_its_reason(rig: Rig, body: str, reason: str) -> None:
    _, created = await rig.call("POST", PATH, wording("bad", body))
    await rig.quiet()
    (update,) = rig.platform.changes("message_template_status_update")
    assert (update["event"], update["reason"]) == ("REJECTED", reason)
    assert update["rejection_info"]["recommendation"]
    _, read = await rig.call("GET", f"/v25.0/{created['id']}?fields=status,rejected_reason")
    assert (read["status"], read["rejected_reason"]) == ("REJECTED", reason)


@pytest.mark.parametrize(
    ("asked", "subcode"),
    [
        (wording("x", "{{1}} bonjour à vous"), 2388299),
        (wording("x", "bonjour à vous {{1}}"), 2388299),
        (wording("x", "a {{1}} b {{2}} c"), 2388293),
        (wording("x", "bonjour à vous {{2}} et aux autres"), 2388072),
        (wording("X y", "bonjour"), 2388023),
        (wording("x", "y" * 1025), 2388039),
        (wording("plain", "bonjour"), 2388024),
    ],
)
async def test_a_malformed_template_is_refused_at_once(rig: Rig, asked: dict[str, Any], subcode: int) -> None:
    status, body = await rig.call("POST", PATH, asked)
    assert (status, body["error"]["code"], body["error"]["error_subcode"]) == (400, 100, subcode)
    assert body["error"]["error_user_title"]


@pytest.mark.parametrize(
    "asked", [{}, {"name": 1}, wording("x", "b") | {"components": 3}, wording("x", "b") | {"components": [1]}]
)
async def test_nonsense_is_error_100(rig: Rig, asked: dict[str, Any]) -> None:
    status, body = await rig.call("POST", PATH, asked)
    assert (status, body["error"]["code"]) == (400, 100)


async def test_the_list_comes_in_pages(rig: Rig) -> None:
    names: list[str] = []
    after = ""
    for _ in range(10):
        _, page = await rig.call("GET", f"{PATH}?limit=2&fields=name,status&after={after}")
        names += [row["name"] for row in page["data"]]
        if "next" not in page["paging"]:
            break
        after = page["paging"]["cursors"]["after"]
    assert names == ["hello", "plain", "order", "paused", "disabled"]
    _, approved = await rig.call("GET", f"{PATH}?status=APPROVED")
    assert len(approved["data"]) == 3
    assert (await rig.call("GET", f"{PATH}?after=nonsense"))[1]["error"]["code"] == 100


async def test_an_edit_goes_back_to_review_and_a_deletion_is_final(rig: Rig) -> None:
    _, page = await rig.call("GET", f"{PATH}?name=plain")
    template_id = page["data"][0]["id"]
    edit = {"components": [{"type": "BODY", "text": "Du nouveau en boutique."}]}
    assert (await rig.call("POST", f"/v25.0/{template_id}", edit))[1]["success"] is True
    await rig.quiet()
    assert rig.platform.changes("message_template_status_update")[0]["event"] == "APPROVED"
    assert await rig.call("DELETE", f"{PATH}?name=plain") == (200, {"success": True})
    assert (await rig.send(template("+33639980001")))[1]["error"]["code"] == 132001
    assert (await rig.call("DELETE", f"{PATH}?name=plain"))[0] == 400


async def test_a_pause_by_the_control_api_is_announced_and_can_be_lifted(rig: Rig) -> None:
    _, moved = await rig.call("POST", "/_simulator/meta/templates/plain", {"status": "PAUSED", "quality": "RED"})
    template_id = next(iter(moved["templates"]))
    assert (await rig.send(template("+33639980001")))[1]["error"]["code"] == 132015
    assert (await rig.call("POST", f"/v25.0/{template_id}/unpause"))[0] == 200
    assert (await rig.send(template("+33639980001")))[0] == 200
    await rig.quiet()
    events = [update["event"] for update in rig.platform.changes("message_template_status_update")]
    assert sorted(events) == ["APPROVED", "PAUSED"]
    assert rig.platform.changes("message_template_quality_update")[0]["new_quality_score"] == "RED"


FRESH = {"name": "fresh", "language": "fr", "quality": "UNKNOWN", "components": [{"type": "BODY", "text": "Nouveau"}]}


@pytest.mark.parametrize(("quality", "end"), [("GREEN", "delivered"), ("RED", "failed")])
async def test_a_new_template_is_held_after_the_first_and_released_or_dropped(
    make_rig: MakeRig, quality: str, end: str
) -> None:
    rig = await make_rig(
        account={"templates": [FRESH]}, speed=100, pacing_after=2, customers={"read_rate": 0, "reply_rate": 0}
    )
    answers = [await rig.send(template(f"+3363998{i:04d}", "fresh", opaque=f"{i}")) for i in range(5)]
    said = [body["messages"][0]["message_status"] for _, body in answers]
    assert said == ["accepted"] * 2 + ["held_for_quality_assessment"] * 3
    assert (await rig.ledger())["held"] == 3
    if quality == "RED":
        await rig.call("POST", "/_simulator/meta/templates/fresh", {"quality": "RED", "status": "PAUSED"})
    await rig.set(speed=1_000_000)
    await rig.quiet()
    assert [row["state"] for row in await rig.rows()] == ["delivered"] * 2 + [end] * 3
    if end == "failed":
        assert {row["error"] for row in await rig.rows()} == {None, 132015}


async def test_a_one_time_code_goes_into_the_body_and_the_button(make_rig: MakeRig) -> None:
    components = [
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
    ]
    code = {"name": "code", "language": "fr", "category": "AUTHENTICATION", "components": components}
    rig = await make_rig(account={"templates": [code]})
    value = [{"type": "text", "text": "493817"}]
    sent = [
        {"type": "body", "parameters": value},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": value},
    ]
    wamid = await rig.sent(template("+33639980001", "code", components=sent))
    await rig.quiet()
    assert rig.platform.statuses(wamid)[0]["pricing"]["category"] == "authentication"
    by_user_id = template("", "code", components=sent) | {"recipient": "FR.123"}
    del by_user_id["to"]
    assert (await rig.send(by_user_id))[1]["error"]["code"] == 131062
    assert (await rig.send(template("+33639980001", "code", components=sent[:1])))[1]["error"]["code"] == 131008
