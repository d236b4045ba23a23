"""What Meta tells the platform, and what it does when the platform does not listen."""

import asyncio
import time

from tests.simulator.rig import SECRET, TEMPLATES, TOKEN, WABA, MakeRig, Platform, Rig, template

ANA = "+33639980001"
READS = {"phone": ANA, "on_whatsapp": True, "delivered": True, "reads": True, "read_after": 2, "replies": False}


async def test_a_message_is_sent_delivered_and_read_with_its_price_and_our_own_id(make_rig: MakeRig) -> None:
    rig = await make_rig(scenario={"customers": [READS]}, speed=100)
    wamid = await rig.sent(template(ANA, opaque="cmp:1|rcp:2"))
    await rig.quiet()

    assert rig.platform.names(wamid) == ["sent", "delivered", "read"]
    sent, delivered, read = rig.platform.statuses(wamid)
    assert sent["recipient_id"] == "33639980001"
    assert all(status["biz_opaque_callback_data"] == "cmp:1|rcp:2" for status in (sent, delivered, read))
    price = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"}
    assert sent["pricing"] == delivered["pricing"] == price
    assert "pricing" not in read
    assert abs(int(read["timestamp"]) - time.time()) < 30
    value = rig.platform.changes("messages")[0]
    assert value["metadata"] == {"display_phone_number": "33170000000", "phone_number_id": "111"}
    assert value["contacts"][0]["wa_id"] == "33639980001"
    assert "username" not in value["contacts"][0]["profile"]
    assert rig.platform.posts[0]["entry"][0]["id"] == WABA
    assert "time" not in rig.platform.posts[0]["entry"][0]
    assert rig.platform.bad_signatures == 0


async def test_a_number_that_is_not_on_whatsapp_is_accepted_and_then_fails(make_rig: MakeRig) -> None:
    rig = await make_rig(scenario={"customers": [{"phone": ANA, "on_whatsapp": False}]})
    wamid = await rig.sent(template(ANA))
    ledger = await rig.quiet()
    failed = rig.platform.statuses(wamid)
    assert [status["status"] for status in failed] == ["failed"]
    assert failed[0]["errors"][0]["code"] == 131026
    assert {"title", "message", "error_data", "href"} < set(failed[0]["errors"][0])
    assert "contacts" not in rig.platform.changes("messages")[0]
    assert (ledger["failed"], ledger["failures"]) == (1, {"131026": 1})


async def test_only_marketing_meets_the_marketing_cap(make_rig: MakeRig) -> None:
    utility = {"name": "receipt", "language": "fr", "category": "UTILITY", "components": TEMPLATES[1]["components"]}
    rig = await make_rig(faults={"marketing_cap": 1}, account={"templates": [*TEMPLATES, utility]})
    marketing, service = await rig.sent(template(ANA)), await rig.sent(template(ANA, "receipt"))
    await rig.quiet()
    assert rig.platform.statuses(marketing)[0]["errors"][0]["code"] == 131049
    assert rig.platform.names(service)[0] == "sent"


async def test_marketing_to_the_united_states_is_not_delivered_but_canada_is(rig: Rig) -> None:
    us, canada = await rig.sent(template("+1 212 555 0100")), await rig.sent(template("+1 514 555 0100"))
    await rig.quiet()
    assert rig.platform.statuses(us)[0]["errors"][0]["code"] == 131049
    assert rig.platform.names(canada)[:2] == ["sent", "delivered"]


async def test_a_customer_who_pressed_stop_gets_no_marketing_until_resumed(rig: Rig) -> None:
    await rig.call("POST", f"/_simulator/customers/{ANA}/stop", {})
    refused = await rig.sent(template(ANA))
    await rig.quiet()
    await rig.call("POST", f"/_simulator/customers/{ANA}/resume", {})
    welcome = await rig.sent(template(ANA))
    await rig.quiet()
    preferences = rig.platform.changes("user_preferences")
    assert [value["user_preferences"][0]["value"] for value in preferences] == ["stop", "resume"]
    assert rig.platform.statuses(refused)[0]["errors"][0]["code"] == 131050
    assert rig.platform.names(welcome)[0] == "sent"


async def test_a_scenario_prescribes_the_reply_and_the_reply_opens_the_window(make_rig: MakeRig) -> None:
    script = {"phone": ANA, "on_whatsapp": True, "reads": True, "read_after": 2, "replies": "STOP", "reply_after": 3}
    rig = await make_rig(scenario={"customers": [script]})
    await rig.sent(template(ANA))
    ledger = await rig.quiet()
    (reply,) = rig.platform.messages()
    assert (reply["from"], reply["type"], reply["text"]) == ("33639980001", "text", {"body": "STOP"})
    assert reply["from_user_id"].startswith("FR.")
    assert (ledger["delivered"], ledger["read"], ledger["replied"]) == (1, 1, 1)
    status, _ = await rig.send({"to": ANA, "type": "text", "text": {"body": "d'accord"}})
    assert status == 200


async def test_a_customer_may_tap_a_quick_reply(make_rig: MakeRig) -> None:
    buttons = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Je viens"}]}
    invite = {"name": "invite", "language": "fr", "components": [{"type": "BODY", "text": "Venez !"}, buttons]}
    rig = await make_rig(account={"templates": [invite]}, customers={"reply_rate": 1, "button_rate": 1, "stop_rate": 0})
    value = [{"type": "payload", "payload": "coming"}]
    payload = {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": value}
    wamid = await rig.sent(template(ANA, "invite", components=[payload]))
    await rig.quiet()
    (tap,) = rig.platform.messages()
    assert tap["button"] == {"payload": "coming", "text": "Je viens"}
    assert tap["context"] == {"from": "33170000000", "id": wamid}


async def test_a_customer_without_a_phone_is_named_by_user_id_alone(make_rig: MakeRig) -> None:
    rig = await make_rig(scenario={"customers": [{**READS, "phone_hidden": True, "replies": "oui"}]})
    await rig.sent(template(ANA))
    await rig.quiet()
    assert all("recipient_id" not in status for status in rig.platform.statuses())
    assert "from" not in rig.platform.messages()[0]
    assert all("wa_id" not in c for value in rig.platform.changes("messages") for c in value["contacts"])


async def test_nothing_is_lost_while_the_platform_refuses_or_is_down(make_rig: MakeRig) -> None:
    rig = await make_rig(customers={"reply_rate": 0, "read_rate": 0}, webhooks={"retry_first_seconds": 0.01})
    rig.platform.status = 503
    wamids = [await rig.sent(template(f"+3363998{i:04d}")) for i in range(30)]
    await rig.until(lambda: rig.platform.refused > 3)
    assert (await rig.ledger())["pending_webhooks"] > 0
    port = rig.platform.port
    await rig.platform.stop()
    await rig.sent(template(ANA))
    rig.platform.status = 200
    await rig.platform.start(port)
    ledger = await rig.quiet()
    assert all(rig.platform.names(wamid) == ["sent", "delivered"] for wamid in wamids)
    assert ledger["webhooks_refused"] > 3
    assert rig.platform.bad_signatures == 0


async def test_a_full_queue_stops_the_world_and_loses_nothing(make_rig: MakeRig) -> None:
    rig = await make_rig(
        customers={"reply_rate": 0, "read_rate": 0},
        webhooks={"queue_bound": 10, "batch": 5, "retry_first_seconds": 0.01},
    )
    rig.platform.status = 500
    for i in range(40):
        await rig.sent(template(f"+3363998{i:04d}"))
    await rig.until(lambda: rig.platform.refused > 3)
    ledger = await rig.ledger()
    assert ledger["pending_webhooks"] <= 11
    assert ledger["scheduled"] >= 30
    rig.platform.status = 200
    ledger = await rig.quiet()
    assert len(rig.platform.statuses()) == 80


async def test_statuses_travel_in_batches(make_rig: MakeRig) -> None:
    rig = await make_rig(webhooks={"flush_seconds": 0.2, "connections": 1}, customers={"reply_rate": 0})
    await asyncio.gather(*(rig.sent(template(f"+3363998{i:04d}")) for i in range(50)))
    await rig.quiet()
    assert len(rig.platform.posts) <= 5
    assert len({status["id"] for status in rig.platform.statuses()}) == 50


async def test_duplicates_and_disorder_come_at_the_set_rate(make_rig: MakeRig) -> None:
    rig = await make_rig(
        faults={"duplicate_webhooks": 1, "out_of_order_webhooks": 1},
        customers={"read_rate": 1, "reply_rate": 0},
        webhooks={"connections": 1},
    )
    wamids = [await rig.sent(template(f"+3363998{i:04d}")) for i in range(20)]
    ledger = await rig.quiet()
    assert ledger["webhooks_duplicated"] == 60
    for wamid in wamids:
        assert sorted(rig.platform.names(wamid)) == ["delivered"] * 2 + ["read"] * 2 + ["sent"] * 2
        firsts = list(dict.fromkeys(rig.platform.names(wamid)))
        assert firsts in (["delivered", "sent", "read"], ["sent", "read", "delivered"], ["delivered", "read", "sent"])


async def test_a_handshake_that_fails_saves_no_callback(make_rig: MakeRig) -> None:
    rig = await make_rig(account={"callback_url": "", "handshake": True})
    spec = {"token": TOKEN, "app_secret": SECRET, "callback_url": rig.platform.url, "verify_token": "wrong"}
    _, answer = await rig.call("PUT", f"/_simulator/meta/accounts/{WABA}", spec)
    assert answer["handshake"] == "failed: the callback answered 403"
    _, answer = await rig.call("PUT", f"/_simulator/meta/accounts/{WABA}", spec | {"verify_token": "verify"})
    assert answer["handshake"] == "ok"


async def test_an_override_takes_the_messages_and_unsubscribing_ends_them(rig: Rig) -> None:
    other = Platform()
    await other.start()
    path = f"/v25.0/{WABA}/subscribed_apps"
    override = {"override_callback_uri": other.url, "verify_token": "wrong"}
    assert (await rig.call("POST", path, override))[1]["error"]["code"] == 2200
    assert await rig.call("POST", path, override | {"verify_token": "verify"}) == (200, {"success": True})
    assert (await rig.call("GET", path))[1]["data"][0]["override_callback_uri"] == other.url
    await rig.sent(template(ANA))
    await rig.quiet()
    assert other.statuses()
    assert not rig.platform.statuses()
    assert await rig.call("DELETE", path) == (200, {"success": True})
    before = len(other.posts)
    await rig.sent(template(ANA))
    await rig.quiet()
    assert (len(other.posts), rig.platform.statuses()) == (before, [])
    assert (await rig.call("GET", path))[1] == {"data": []}
    await other.stop()
