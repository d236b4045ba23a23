"""What Twilio's face takes, refuses at once, and fails later."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from pyreqwest.exceptions import PyreqwestError

from .rig import ANA, SENDER, SID, MakeRig, Rig

CALLBACK = "https://app.example.com/hooks/twilio/key?token=e1.17.902"
HUGE = "x" * 1601


async def test_a_template_is_accepted_and_read_back(rig: Rig) -> None:
    sid = await rig.sent(
        ContentSid=rig.sids["promo_nov"], ContentVariables=json.dumps({"1": "Bia"}), StatusCallback=CALLBACK
    )
    await rig.quiet()
    (row,) = await rig.rows()
    assert (row["wamid"], row["opaque"], row["kind"]) == (sid, "e1.17.902", "template")
    assert (row["template"], row["category"], row["provider"]) == ("promo_nov", "MARKETING", "twilio")
    status, body = await rig.call("GET", f"/2010-04-01/Accounts/{SID}/Messages/{sid}.json")
    assert status == 200
    assert body["status"] in ("sent", "delivered", "read")
    assert (body["to"], body["from"]) == (f"whatsapp:{ANA}", f"whatsapp:{SENDER}")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"To": ""}, 400, 21604),
        ({"From": ""}, 400, 21603),
        ({"To": "+5511999990000"}, 400, 21910),
        ({"To": "whatsapp:5511"}, 400, 21211),
        ({"To": f"whatsapp:{SENDER}"}, 400, 63031),
        ({"From": "whatsapp:+19998887777"}, 400, 63007),
        ({"From": "+19998887777"}, 400, 21910),
        ({"MessagingServiceSid": "MG1"}, 400, 21705),
        ({"StatusCallback": "https://my_host.example.com/x"}, 400, 21609),
        ({"StatusCallback": "nowhere"}, 400, 21609),
        ({"Body": ""}, 400, 21602),
        ({"Body": HUGE}, 400, 21617),
        ({"MediaUrl": "ftp://x"}, 400, 21620),
        ({"ContentSid": "HX1"}, 400, 21655),
        ({"ContentSid": "HX" + "0" * 32}, 400, 21655),
        ({"ContentVariables": "[1]"}, 400, 21656),
        ({"ContentVariables": '{"1":2}'}, 400, 21656),
        ({"ContentVariables": "{"}, 400, 21656),
    ],
)
async def test_what_twilio_knows_is_refused_at_once(rig: Rig, fields: dict[str, str], status: int, code: int) -> None:
    await rig.say(text="oi")
    got, body = await rig.send(**{"Body": "olá", **fields})
    assert (got, body["code"], body["status"]) == (status, code, status)
    assert body["more_info"].endswith(str(code))
    ledger = await rig.quiet()
    assert ledger["refused"] == {str(code): 1}
    assert not ledger["accepted"]


async def failure_of(rig: Rig, **fields: str) -> Any:
    sid = await rig.sent(**fields)
    await rig.quiet()
    row = next(row for row in await rig.rows() if row["wamid"] == sid)
    return row["error"]


async def test_what_whatsapp_finds_out_fails_later(rig: Rig) -> None:
    assert await failure_of(rig, Body="olá") == 63016
    assert await failure_of(rig, ContentSid=rig.sids["needy"]) == 63028
    assert await failure_of(rig, ContentSid=rig.sids["paused"]) == 63041
    assert rig.receiver.statuses() == ["failed"] * 3
    await rig.say(text="oi")
    assert await failure_of(rig, Body="olá") is None
    assert await failure_of(rig, Body="aqui", PersistentAction="geo:1,2|loja") is None
    assert await failure_of(rig, Body="aqui", PersistentAction="over there") == 63021


async def test_fates_have_twilios_codes(make_rig: MakeRig) -> None:
    scenario = {
        "customers": [
            {"phone": "+5511999990001", "on_whatsapp": False},
            {"phone": "+5511999990002", "stopped_marketing": True},
            {"phone": "+5511999990003", "fails_with": 63033},
        ]
    }
    rig = await make_rig(scenario=scenario)
    sids = [await rig.sent(to=f"+551199999000{n}", ContentSid=rig.sids["plain"]) for n in (1, 2, 3)]
    ledger = await rig.quiet()
    assert ledger["failures"] == {"63024": 1, "63049": 1, "63033": 1}
    assert [rig.receiver.statuses(sid) for sid in sids] == [["undelivered"], ["undelivered"], ["failed"]]


async def test_too_many_requests_are_refused_and_too_fast_messages_queued(make_rig: MakeRig) -> None:
    rig = await make_rig(account={"requests_per_second": 3})
    answers = [await rig.send(ContentSid=rig.sids["plain"], to=f"+55119999900{n:02}") for n in range(6)]
    assert sorted(status for status, _ in answers) == [201, 201, 201, 429, 429, 429]
    assert answers[-1][1]["code"] == 20429

    slow = await make_rig(speed=1, account={"senders": [{"sender": SENDER, "throughput": 1}]})
    for n in range(3):
        await slow.sent(ContentSid=slow.sids["plain"], to=f"+55119999900{n:02}")
    assert (await slow.ledger())["accepted"] == 3
    assert (await slow.ledger())["scheduled"] == 3


async def test_a_service_picks_from_its_pool(make_rig: MakeRig) -> None:
    services = {"MG" + "a" * 32: [SENDER], "MG" + "b" * 32: []}
    rig = await make_rig(account={"services": services})
    await rig.say(text="oi")
    status, body = await rig.send(From="", MessagingServiceSid="MG" + "a" * 32, Body="olá")
    assert (status, body["from"], body["messaging_service_sid"]) == (201, f"whatsapp:{SENDER}", "MG" + "a" * 32)
    status, body = await rig.send(MessagingServiceSid="MG" + "b" * 32, Body="olá")
    assert body["code"] == 21703


async def test_advanced_opt_out_blocks_until_start(make_rig: MakeRig) -> None:
    rig = await make_rig(account={"advanced_opt_out": True})
    await rig.say(text="STOP")
    status, body = await rig.send(Body="olá")
    assert (status, body["code"]) == (400, 21610)
    await rig.say(text="START")
    assert (await rig.send(Body="olá"))[0] == 201
    await rig.quiet()
    assert [params.get("OptOutType") for params in rig.receiver.inbound()] == ["STOP", "START"]


@pytest.mark.parametrize(
    ("user", "password", "status", "code"),
    [(SID, "wrong", 401, 20003), ("AC" + "2" * 32, "x", 401, 20003), ("SKgood", "key-secret", 404, 20404)],
)
async def test_credentials_open_their_own_account_only(
    make_rig: MakeRig, user: str, password: str, status: int, code: int
) -> None:
    rig = await make_rig(account={"api_keys": {"SKgood": "key-secret"}})
    path = f"/2010-04-01/Accounts/{SID}/Messages/SM1.json"
    got, body = await rig.call("GET", path, user=user, password=password)
    assert (got, body["code"]) == (status, code)


@pytest.mark.parametrize(
    ("fault", "status", "code", "accepted"),
    [("error_500", 500, 20500, 0), ("error_503", 503, 20503, 0), ("error_500_after", 500, 20500, 1)],
)
async def test_server_errors_say_nothing_about_acceptance(
    make_rig: MakeRig, fault: str, status: int, code: int, accepted: int
) -> None:
    rig = await make_rig(faults={fault: 1})
    got, body = await rig.send(ContentSid=rig.sids["plain"], StatusCallback=CALLBACK.replace("https", "http"))
    assert (got, body["code"]) == (status, code)
    ledger = await rig.ledger()
    assert (ledger["accepted"], ledger["faults"], ledger["refused"]) == (accepted, {fault: 1}, {})


@pytest.mark.parametrize(("fault", "accepted"), [("drop_before", 0), ("drop_after", 1), ("timeout_after", 1)])
async def test_a_connection_without_an_answer_may_hide_an_acceptance(
    make_rig: MakeRig, fault: str, accepted: int
) -> None:
    rig = await make_rig(faults={fault: 1, "hold_seconds": 0.3})
    began = time.monotonic()
    with pytest.raises(PyreqwestError):
        await rig.send(ContentSid=rig.sids["plain"])
    assert (time.monotonic() - began >= 0.3) == (fault == "timeout_after")
    assert (await rig.quiet())["accepted"] == accepted


async def test_messages_are_listed_redacted_and_deleted(rig: Rig) -> None:
    await rig.say(text="oi")
    sids = [await rig.sent(Body=f"olá {n}") for n in range(3)]
    path = f"/2010-04-01/Accounts/{SID}/Messages"
    _, page = await rig.call("GET", f"{path}.json?PageSize=2&To=whatsapp%3A%2B5511999990000")
    assert [message["sid"] for message in page["messages"]] == [sids[2], sids[1]]
    _, rest = await rig.call("GET", page["next_page_uri"])
    assert ([message["sid"] for message in rest["messages"]], rest["next_page_uri"]) == ([sids[0]], None)
    _, redacted = await rig.call("POST", f"{path}/{sids[0]}.json", form=[("Body", "")])
    assert redacted["body"] == ""
    assert (await rig.call("POST", f"{path}/{sids[0]}.json", form=[("Status", "canceled")]))[0] == 400
    assert (await rig.call("DELETE", f"{path}/{sids[0]}.json"))[0] == 204
    assert (await rig.call("GET", f"{path}/{sids[0]}.json"))[0] == 404


ODD = ["", "\x00", "x" * 5000, "[", "whatsapp:", "whatsapp:+", "whatsapp:US.", "http://[", "é", "-1"]
NAMES = "To From Body MediaUrl ContentSid ContentVariables StatusCallback PersistentAction MessagingServiceSid".split()


async def test_a_spoiled_form_never_breaks_the_simulator(rig: Rig) -> None:
    await rig.say(text="oi")
    for name in NAMES:
        for odd in ODD:
            status, body = await rig.send((name, odd), Body="olá")
            assert status in (201, 400), (name, odd, body)
            assert status == 201 or body["code"], (name, odd)
    for path in ("/v1/Content", "/v1/Content/HX1", "/v2/Channels/Senders", "/x", "/2010-04-01/Accounts"):
        for odd in (b"", b"[]", b"{", b'{"language":1}', b'{"language":"pt","types":{"twilio/text":[]}}'):
            status, body = await rig.call("POST", path, odd)
            assert (status in (400, 404), bool(body["code"])) == (True, True)
