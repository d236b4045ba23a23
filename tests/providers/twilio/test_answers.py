"""What each of Twilio's answers means, and that the simulator got what was meant."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from envoi.core.events import Receipt
from envoi.core.ids import token_of
from envoi.providers.base import (
    ACTIONS,
    Accepted,
    Account,
    Channel,
    Delivery,
    Form,
    Outgoing,
    Rejected,
    SendError,
    Slot,
    Suspended,
    Throttled,
    Uncertain,
    Unreachable,
)
from envoi.providers.http import Client
from envoi.providers.twilio.errors import ERRORS
from tests.simulator.twilio.rig import ANA, SENDER, TOKEN, MakeRig, Rig

from .conftest import Odd, account_at
from .messages import BUTTONS, CHANNEL, KINDS, LINK, TWILIO, TYPES, message, template

# --- Answers -------------------------------------------------------------------------------------------------------

CODES = sorted(int(code) for code in ERRORS)


@pytest.mark.parametrize("code", CODES)
async def test_each_code_of_the_table_is_raised_as_its_action(code: int, odd: Odd, http: Client):
    row = ERRORS[str(code)]
    status = 429 if code == 20429 else 401 if code == 20003 else 400
    body = json.dumps({"code": code, "message": "said", "more_info": "", "status": status}).encode()
    with pytest.raises(ACTIONS[row.action]) as raised:
        await TWILIO.send(http, odd.says(status, body), CHANNEL, TWILIO.body(message("text", {"body": "x"}), CHANNEL))
    failure = raised.value.failure
    assert (failure.code, failure.title, failure.detail, failure.action) == (str(code), row.title, "said", row.action)
    assert (raised.value.after, raised.value.growth) == (row.after, row.growth)
    if isinstance(raised.value, Rejected):
        assert raised.value.opted_out == (row.action == "opted_out")


def test_the_table_has_a_row_for_every_code_of_the_sheet():
    """Twilio sheet, 9, first column: kept here as it stands there."""
    sheet = (Path(__file__).parent / "codes.txt").read_text()
    found: set[str] = set()
    for first, last in re.findall(r"([0-9]{5})(?:–([0-9]{5}))?", sheet):
        found |= {str(code) for code in range(int(first), int(last or first) + 1)}
    assert found == set(ERRORS)
    assert all(row.source for row in ERRORS.values())


@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (400, b'{"code":99999,"message":"new"}', Rejected, "99999"),
        (500, b'{"code":99999,"message":"new"}', Uncertain, "99999"),
        (500, b"<html>", Uncertain, "http_500"),
        (502, b"", Uncertain, "http_502"),
        (429, b"", Throttled, "http_429"),
        (401, b"", Suspended, "http_401"),
        (404, b"<html>not twilio</html>", Suspended, "http_404"),
        (302, b"", Suspended, "http_302"),
        (200, b"<html>", Uncertain, "no_message_id"),
        (201, b"{}", Uncertain, "no_message_id"),
        (201, b"[" * 5000, Uncertain, "no_message_id"),
        (201, b"x" * 2_000_000, Uncertain, "answer_too_long"),
        (400, b'{"code":true}', Suspended, "http_400"),
    ],
)
async def test_an_answer_without_a_known_code(
    odd: Odd, http: Client, status: int, body: bytes, error: type[SendError], code: str
):
    with pytest.raises(error) as raised:
        await TWILIO.send(http, odd.says(status, body), CHANNEL, TWILIO.body(message("text", {"body": "x"}), CHANNEL))
    assert raised.value.failure.code == code


async def test_twilios_own_wait_counts_when_it_is_longer(odd: Odd, http: Client):
    account = odd.says(429, b'{"code":20429}', "retry-after: 17")
    with pytest.raises(Throttled) as raised:
        await TWILIO.send(http, account, CHANNEL, TWILIO.body(message("text", {"body": "x"}), CHANNEL))
    assert raised.value.after == 17


@pytest.mark.parametrize("credentials", [{}, {"auth_token": "a\nb"}, {"api_key": "SK1"}])
async def test_missing_or_damaged_credentials_stop_the_account(http: Client, credentials: dict[str, str]):
    account = Account(provider_id="AC1", credentials=credentials)
    with pytest.raises(Suspended):
        await TWILIO.send(http, account, CHANNEL, TWILIO.body(message("text", {"body": "x"}), CHANNEL))


async def test_nobody_there_means_nothing_left(http: Client):
    account = Account(
        provider_id="AC1", credentials={"auth_token": "x"}, base_url="http://127.0.0.1:1", allow_base_url=True
    )
    for kind, content in (("text", {"body": "x"}), ("interactive", BUTTONS)):
        with pytest.raises(Unreachable):
            await TWILIO.send(http, account, CHANNEL, TWILIO.body(message(kind, content), CHANNEL))


# --- Against the simulator -----------------------------------------------------------------------------------------


async def test_every_kind_arrives_as_meant_and_its_receipts_know_the_message(rig: Rig, http: Client):
    await rig.say(text="oi")
    account = account_at(rig)
    outgoing = [
        message("text", {"body": "olá"}),
        message("image", {"link": LINK, "caption": "olha"}),
        message("location", {"latitude": 1, "longitude": 2, "name": "Loja"}),
        *(message("interactive", interactive) for interactive, _ in KINDS),
        template(Form(rig.sids["promo_nov"], "pt_BR", (Slot("body"),)), "Bia"),
    ]
    sids = []
    for number, one in enumerate(outgoing):
        body = TWILIO.body(
            Outgoing(
                recipient=one.recipient,
                token=token_of(17, number),
                form=one.form,
                values=one.values,
                kind=one.kind,
                content=one.content,
            ),
            CHANNEL,
        )
        accepted = await TWILIO.send(http, account, CHANNEL, body)
        sids.append(accepted.provider_id)
    await rig.quiet()
    rows = await rig.rows()
    assert [row["wamid"] for row in rows] == sids
    assert [row["opaque"] for row in rows] == [token_of(17, number) for number in range(len(outgoing))]
    assert [row["kind"] for row in rows] == ["text", "media", "location", *TYPES, "template"]
    assert not [row for row in rows if row["error"]]
    assert {row["customer"] for row in rows} == {ANA.removeprefix("+")}


async def test_the_same_buttons_need_one_content_resource(rig: Rig, http: Client):
    await rig.say(text="oi")
    for words in ("Quer?", "E agora?"):
        body = TWILIO.body(message("interactive", {**BUTTONS, "body": {"text": words}}), CHANNEL)
        await TWILIO.send(http, account_at(rig), CHANNEL, body)
    _, listed = await rig.call("GET", "/v1/Content")
    names = [content["friendly_name"] for content in listed["contents"]]
    assert len([name for name in names if name.startswith("envoi_session_")]) == 1


async def test_a_read_mark_with_typing(rig: Rig, http: Client):
    sid = await rig.say(text="oi")
    body = TWILIO.body(message("read", {"message_id": sid, "typing": True}), CHANNEL)
    assert await TWILIO.send(http, account_at(rig), CHANNEL, body) == Accepted("")
    gone = TWILIO.body(message("read", {"message_id": "SM0", "typing": True}), CHANNEL)
    with pytest.raises(Rejected):
        await TWILIO.send(http, account_at(rig), CHANNEL, gone)


async def test_an_api_key_and_a_messaging_service(make_rig: MakeRig, http: Client):
    service = "MG" + "a" * 32
    rig = await make_rig(account={"api_keys": {"SKgood": "key-secret"}, "services": {service: [SENDER]}})
    account = account_at(
        rig, auth_token="not used to call", api_key="SKgood", api_key_secret="key-secret", messaging_service_sid=service
    )
    body = TWILIO.body(template(Form(rig.sids["plain"], "pt_BR")), CHANNEL)
    accepted = await TWILIO.send(http, account, CHANNEL, body)
    path = f"/2010-04-01/Accounts/{account.provider_id}/Messages/{accepted.provider_id}.json"
    assert (await rig.call("GET", path))[1]["messaging_service_sid"] == service


async def test_a_refusal_of_the_simulator_means_what_the_table_says(rig: Rig, http: Client):
    wrong = account_at(rig, auth_token="wrong")
    with pytest.raises(Suspended) as raised:
        await TWILIO.send(http, wrong, CHANNEL, TWILIO.body(message("text", {"body": "x"}), CHANNEL))
    assert (raised.value.failure.code, raised.value.scope) == ("20003", "account")
    other = Channel(provider_id="+19998887777")
    with pytest.raises(Suspended) as raised:
        await TWILIO.send(http, account_at(rig), other, TWILIO.body(message("text", {"body": "x"}), other))
    assert (raised.value.failure.code, raised.value.scope) == ("63007", "channel")
    assert TOKEN not in str(raised.value)


async def test_in_a_harsh_world_every_outcome_agrees_with_the_ledger(make_rig: MakeRig, http: Client):
    faults = {"preset": "harsh", "hold_seconds": 0.05}
    rig = await make_rig(faults=faults, seed=11, account={"retry_count": 100, "requests_per_second": 10_000})
    account, outcomes = account_at(rig), {}

    async def deliver(number: int) -> None:
        token = token_of(number, 1)
        outgoing = template(Form(rig.sids["plain"], "pt_BR"), recipient=f"+55119999{number:05}", token=token)
        try:
            outcomes[token] = await TWILIO.send(http, account, CHANNEL, TWILIO.body(outgoing, CHANNEL))
        except SendError as error:
            outcomes[token] = error

    for start in range(0, 300, 20):
        await asyncio.gather(*(deliver(number) for number in range(start, start + 20)))
    await rig.quiet()
    rows = {row["opaque"]: row for row in await rig.rows()}
    seen = Counter(type(outcome).__name__ for outcome in outcomes.values())
    for token, outcome in outcomes.items():
        if isinstance(outcome, Accepted):
            assert rows[token]["wamid"] == outcome.provider_id
        elif not isinstance(outcome, Uncertain):
            assert token not in rows, outcome
    assert set(seen) == {"Accepted", "Uncertain"}
    assert seen["Accepted"] > 200
    assert seen["Uncertain"] > 0

    told = {}
    for post in rig.receiver.posts:
        address, _, query = post.url.partition("?")
        delivery = Delivery.at(address, query=query, headers=post.headers, body=post.body)
        assert TWILIO.verify(delivery, [TOKEN])
        for fact in TWILIO.parse(delivery):
            if isinstance(fact, Receipt):
                assert fact.key is not None
                told[token_of(*fact.key)] = fact.provider_id
    # What no answer told, a receipt did: every accepted message is known by our token.
    assert told == {token: row["wamid"] for token, row in rows.items()}
