"""Numbers, media and the control API."""

import hashlib
import json
from typing import Any

import pytest
from pyreqwest.multipart import FormBuilder, PartBuilder

from tests.simulator.rig import NUMBER, TOKEN, WABA, MakeRig, Rig, template

ANA = "+33639980001"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


async def upload(rig: Rig, content: bytes = PNG, mime_type: str = "image/png") -> tuple[int, Any]:
    part = PartBuilder.from_bytes(content).file_name("a.png").mime(mime_type)
    form = FormBuilder().text("messaging_product", "whatsapp").text("type", mime_type).part("file", part)
    request = rig.client.post(f"{rig.address}/v25.0/{NUMBER}/media").bearer_auth(TOKEN).multipart(form)
    response = await request.build().send()
    return response.status, json.loads(bytes(await response.bytes()))


async def test_media_goes_up_and_comes_down_and_goes(make_rig: MakeRig) -> None:
    rig = await make_rig(speed=1)
    status, uploaded = await upload(rig)
    assert status == 200
    _, medium = await rig.call("GET", f"/v25.0/{uploaded['id']}")
    assert (medium["mime_type"], medium["file_size"]) == ("image/png", len(PNG))
    assert medium["sha256"] == hashlib.sha256(PNG).hexdigest()

    assert (await rig.client.get(medium["url"]).build().send()).status == 401
    response = await rig.client.get(medium["url"]).bearer_auth(TOKEN).build().send()
    assert bytes(await response.bytes()) == PNG

    await rig.say(ANA, text="bonjour")
    await rig.sent({"to": ANA, "type": "image", "image": {"id": uploaded["id"]}})
    await rig.set(speed=1e6)
    await rig.until(lambda: rig.simulator.app and rig.simulator.app.world.clock.now() > 600)
    stale = await rig.client.get(medium["url"]).bearer_auth(TOKEN).build().send()
    assert stale.status == 404
    await rig.set(speed=1)
    assert await rig.call("DELETE", f"/v25.0/{uploaded['id']}") == (200, {"success": True})
    assert (await rig.call("GET", f"/v25.0/{uploaded['id']}"))[1]["error"]["error_subcode"] == 33


@pytest.mark.parametrize(("content", "mime_type", "code"), [(PNG, "image/gif", 100), (b"", "image/png", 131053)])
async def test_media_that_meta_does_not_take_is_refused(rig: Rig, content: bytes, mime_type: str, code: int) -> None:
    status, body = await upload(rig, content, mime_type)
    assert (status, body["error"]["code"]) == (400, code)


async def test_a_picture_from_a_customer_can_be_fetched(make_rig: MakeRig) -> None:
    rig = await make_rig(speed=1)
    await rig.say(ANA, image=True)
    await rig.until(rig.platform.messages)
    picture = rig.platform.messages()[0]["image"]
    response = await rig.client.get(picture["url"]).bearer_auth(TOKEN).build().send()
    assert hashlib.sha256(bytes(await response.bytes())).hexdigest() == picture["sha256"]


async def test_a_header_sample_gets_a_handle(rig: Rig) -> None:
    _, begun = await rig.call("POST", "/v25.0/333/uploads?file_name=a.png&file_length=9&file_type=image/png")
    request = rig.client.post(f"{rig.address}/v25.0/{begun['id']}").header("authorization", f"OAuth {TOKEN}")
    response = await request.header("file_offset", "0").body_bytes(PNG).build().send()
    assert json.loads(bytes(await response.bytes()))["h"].startswith("4::")


async def test_a_number_tells_its_limits_and_announces_a_change(rig: Rig) -> None:
    path = f"/v25.0/{NUMBER}?fields=throughput,quality_rating,status,whatsapp_business_manager_messaging_limit"
    assert (await rig.call("GET", path))[1] == {
        "throughput": {"level": "STANDARD"},
        "quality_rating": "GREEN",
        "status": "CONNECTED",
        "whatsapp_business_manager_messaging_limit": "TIER_10K",
        "id": NUMBER,
    }
    await rig.call("POST", f"/_simulator/meta/numbers/{NUMBER}", {"throughput": 1000, "tier": "TIER_UNLIMITED"})
    assert (await rig.call("GET", path))[1]["throughput"] == {"level": "HIGH"}
    await rig.quiet()
    assert rig.platform.changes("phone_number_quality_update")[0]["event"] == "THROUGHPUT_UPGRADE"
    assert rig.platform.changes("business_capability_update")[0]["max_daily_conversations_per_business"] == -1
    _, numbers = await rig.call("GET", f"/v25.0/{WABA}/phone_numbers")
    assert [row["id"] for row in numbers["data"]] == [NUMBER]
    assert (await rig.call("GET", f"/v25.0/{NUMBER}?fields=shoe_size"))[1]["error"]["code"] == 100
    assert (await rig.call("GET", f"/v25.0/{WABA}?fields=name,currency"))[1]["currency"] == "EUR"


async def test_a_reset_forgets_the_traffic_and_keeps_the_accounts(rig: Rig) -> None:
    await rig.sent(template(ANA))
    await rig.call("POST", "/_simulator/reset")
    ledger = await rig.ledger()
    assert (ledger["accepted"], ledger["scheduled"], ledger["peak_per_second"]) == (0, 0, {})
    await rig.sent(template(ANA))
    await rig.call("POST", "/_simulator/reset", {"accounts": True})
    assert (await rig.send(template(ANA)))[0] == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "settings", {"faults": "catastrophic"}),
        ("POST", "settings", {"faults": {"error_500": 2}}),
        ("POST", "settings", {"speed": 0}),
        ("POST", "settings", {"nonsense": 1}),
        ("POST", "settings", [1]),
        ("PUT", "meta/accounts/9", {"token": "x"}),
        ("POST", "meta/templates/none", {"status": "PAUSED"}),
        ("POST", f"meta/numbers/{NUMBER}", {"throughput": "fast"}),
        ("POST", "customers/nobody/say", {"text": "x"}),
        ("POST", f"customers/{ANA}/say", {}),
        ("POST", "scenario", {"customers": [{"phone": ANA, "sings": True}]}),
        ("POST", "scenario", {"customers": [{"phone": ANA, "fault": "earthquake"}]}),
    ],
)
async def test_a_control_call_that_makes_no_sense_is_refused(rig: Rig, method: str, path: str, body: object) -> None:
    status, answer = await rig.call(method, f"/_simulator/{path}", body)
    assert status == 400
    assert answer["error"]


async def test_settings_change_while_it_runs(rig: Rig) -> None:
    await rig.set(faults="harsh", speed=3, customers={"reply_rate": 0.5})
    _, settings = await rig.call("GET", "/_simulator/settings")
    assert settings["faults"]["error_500"] == 0.02
    assert (settings["speed"], settings["customers"]["reply_rate"], settings["customers"]["read_rate"]) == (
        3,
        0.5,
        0.65,
    )
    assert (await rig.call("GET", "/_simulator/health"))[1]["speed"] == 3
