"""Twilio's own Python client against the simulator, and its RequestValidator over the simulator's webhooks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator, get_signature_algorithm
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

from tests.simulator.twilio.making import make_rig, rig
from tests.simulator.twilio.rig import ANA, SENDER, SID, TOKEN, MakeRig, Rig

__all__ = ["make_rig", "rig"]

TO, FROM = f"whatsapp:{ANA}", f"whatsapp:{SENDER}"


class ToSimulator(TwilioHttpClient):
    """The client's own transport, with Twilio's hosts exchanged for the simulator's address."""

    def __init__(self, address: str) -> None:
        super().__init__(timeout=20)
        self.address = address
        self.session.trust_env = False

    def request(self, method: str, url: str, *rest: Any, **more: Any) -> Response:
        for host in ("api", "content", "messaging"):
            url = url.replace(f"https://{host}.twilio.com", f"{self.address}/twilio")
        return super().request(method, url, *rest, **more)


def client_of(rig: Rig, password: str = TOKEN) -> Client:
    return Client(SID, password, http_client=ToSimulator(rig.address))


async def called(function: Any, *rest: Any, **more: Any) -> Any:
    """The client blocks, so it runs in a thread beside the simulator."""
    return await asyncio.to_thread(function, *rest, **more)


async def test_messages_of_every_kind_are_recorded_as_meant(rig: Rig):
    await rig.say(text="oi")
    messages = client_of(rig).messages
    callback = f"{rig.receiver.url}?token=e1.17.902"
    text = await called(messages.create, to=TO, from_=FROM, body="olá & tchau", status_callback=callback)
    assert text.sid.startswith("SM")
    assert (text.status, text.direction, text.body, text.to) == ("queued", "outbound-api", "olá & tchau", TO)
    assert text.date_created is not None
    await called(messages.create, to=TO, from_=FROM, media_url=["https://cdn.example.com/a.jpg"], body="olha")
    await called(messages.create, to=TO, from_=FROM, body="Loja", persistent_action=["geo:-23.5,-46.6|Loja"])
    variables = '{"1": "Ana", "2": "img/b.jpg"}'
    await called(messages.create, to=TO, from_=FROM, content_sid=rig.sids["promo_nov"], content_variables=variables)
    await rig.quiet()
    rows = await rig.rows()
    assert [row["kind"] for row in rows] == ["text", "media", "location", "template"]
    assert [row["error"] for row in rows] == [None] * 4
    assert (rows[0]["wamid"], rows[0]["opaque"]) == (text.sid, "e1.17.902")
    assert (rows[3]["template"], rows[3]["category"]) == ("promo_nov", "MARKETING")


async def test_messages_are_fetched_listed_redacted_and_deleted(rig: Rig):
    await rig.say(text="oi")
    messages = client_of(rig).messages
    sids = [(await called(messages.create, to=TO, from_=FROM, body=f"{number}")).sid for number in range(3)]
    await rig.quiet()
    one = await called(messages(sids[0]).fetch)
    assert one.status in ("sent", "delivered", "read")
    assert one.num_media == "0"
    listed = await called(messages.list, to=TO, page_size=2)
    assert [message.sid for message in listed] == sids[::-1]
    assert (await called(messages(sids[1]).update, body="")).body == ""
    assert await called(messages(sids[2]).delete)
    with pytest.raises(TwilioRestException) as gone:
        await called(messages(sids[2]).fetch)
    assert (gone.value.status, gone.value.code) == (404, 20404)


async def test_refusals_come_as_the_clients_own_exception(rig: Rig):
    with pytest.raises(TwilioRestException) as refusal:
        await called(client_of(rig, "wrong").messages.create, to=TO, from_=FROM, body="x")
    assert (refusal.value.status, refusal.value.code) == (401, 20003)
    with pytest.raises(TwilioRestException) as refusal:
        await called(client_of(rig).messages.create, to=TO, from_="whatsapp:+19998887777", body="x")
    assert (refusal.value.status, refusal.value.code) == (400, 63007)
    assert "Channel" in refusal.value.msg


CARD = {
    "friendly_name": "promo",
    "language": "pt_BR",
    "variables": {"1": "Ana", "2": "17"},
    "types": {
        "whatsapp/card": {
            "body": "Oi {{1}}, veja os discos novos",
            "footer": "Responda PARAR para sair",
            "actions": [
                {"type": "QUICK_REPLY", "title": "Quero", "id": "QUERO"},
                {"type": "URL", "title": "Ver", "url": "https://x.example/o/{{2}}"},
            ],
        }
    },
}


async def test_a_content_template_is_made_approved_sent_and_deleted(rig: Rig):
    client = client_of(rig)
    contents = client.content.v1.contents
    made = await called(contents.create, ContentList.ContentCreateRequest(CARD))
    assert made.sid.startswith("HX")
    assert (made.friendly_name, made.language, made.variables) == ("promo", "pt_BR", CARD["variables"])
    ask = ApprovalCreateList.ContentApprovalRequest({"name": "promo", "category": "MARKETING"})
    approval = await called(contents(made.sid).approval_create.create, ask)
    assert (approval.status, approval.name) == ("received", "promo")
    await rig.quiet()
    fetched = await called(contents(made.sid).approval_fetch().fetch)
    assert (fetched.whatsapp["status"], fetched.whatsapp["category"]) == ("approved", "MARKETING")

    message = await called(
        client.messages.create, to=TO, from_=FROM, content_sid=made.sid, content_variables='{"1": "Bia"}'
    )
    await rig.quiet()
    (row,) = await rig.rows()
    assert (row["wamid"], row["template"], row["error"]) == (message.sid, "promo", None)

    listed = await called(client.content.v1.content_and_approvals.list, page_size=2)
    assert {content.friendly_name: content.approval_requests["status"] for content in listed}["promo"] == "approved"
    assert await called(contents(made.sid).delete)
    assert made.sid not in [content.sid for content in await called(contents.list)]


async def test_the_types_of_a_content_come_back_whole(rig: Rig):
    contents = client_of(rig).content.v1.contents
    made = await called(contents.create, ContentList.ContentCreateRequest(CARD))
    assert (await called(contents(made.sid).fetch)).types == CARD["types"]


async def test_senders_and_services_are_seen(make_rig: MakeRig):
    service = "MG" + "a" * 32
    rig = await make_rig(account={"services": {service: [SENDER]}})
    client = client_of(rig)
    (sender,) = await called(client.messaging.v2.channels_senders.list, channel="whatsapp")
    assert (sender.sender_id, sender.status) == (FROM, "ONLINE")
    assert (await called(client.messaging.v1.services(service).fetch)).sid == service


@pytest.mark.parametrize("shared_key", [None, {"id": "webhooks_sharedkey_1", "secret": "shared"}])
async def test_its_validator_takes_the_simulators_webhooks_and_no_changed_ones(
    make_rig: MakeRig, shared_key: dict[str, str] | None
):
    rig = await make_rig(account={"shared_key": shared_key})
    await rig.say(text="olá & tchau + 👋")
    await rig.say(image=True)
    await rig.say(button={"payload": "QUERO", "text": "Quero"})
    callback = f"{rig.receiver.url}?token=e1.17.902&shop=um"
    messages = client_of(rig).messages
    await called(messages.create, to=TO, from_=FROM, body="olá", status_callback=callback)
    await rig.quiet()
    assert len(rig.receiver.posts) >= 5
    validator = RequestValidator(shared_key["secret"] if shared_key else TOKEN)
    for post in rig.receiver.posts:
        signature = post.headers["x-twilio-signature"]
        algorithm = get_signature_algorithm(post.headers.get("x-twilio-webhooks-signature-settings", ""))
        assert algorithm == ("HMAC_SHA256" if shared_key else "HMAC_SHA1")
        assert validator.validate(post.url, post.params, signature, algorithm)
        assert not validator.validate(f"{post.url}&x=1", post.params, signature, algorithm)
        assert not validator.validate(post.url, {**post.params, "From": "whatsapp:+1"}, signature, algorithm)
