"""What Twilio's face tells the platform, and how it is signed."""

from __future__ import annotations

import asyncio
import base64
import hmac
from typing import Any

import pytest
from pyreqwest.client import ClientBuilder

from .rig import ANA, SENDER, SID, TOKEN, MakeRig, Post, Rig


def signature(post: Post, secret: str, algorithm: str) -> str:
    """The sheet's recipe, written a second time."""
    signed = post.url + "".join(f"{name}{value}" for name, value in sorted(post.params.items()))
    return base64.b64encode(hmac.new(secret.encode(), signed.encode(), algorithm).digest()).decode()


async def test_statuses_come_to_the_address_of_the_message_with_its_query(rig: Rig) -> None:
    callback = f"{rig.receiver.url}?token=e1.17.902"
    sid = await rig.sent(ContentSid=rig.sids["plain"], StatusCallback=callback)
    await rig.quiet()
    assert rig.receiver.statuses(sid)[:2] == ["sent", "delivered"]
    post = rig.receiver.posts[0]
    assert post.url == callback
    assert post.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert post.headers["x-twilio-signature"] == signature(post, TOKEN, "sha1")
    assert post.params["From"] == f"whatsapp:{SENDER}"
    assert post.params["To"] == f"whatsapp:{ANA}"
    assert post.params["AccountSid"] == SID


async def test_a_shared_key_signs_instead_of_the_token(make_rig: MakeRig) -> None:
    rig = await make_rig(account={"shared_key": {"id": "webhooks_sharedkey_1", "secret": "shared"}})
    await rig.say(text="olá & tchau + çedilha")
    await rig.quiet()
    (post,) = rig.receiver.posts
    settings = post.headers["x-twilio-webhooks-signature-settings"]
    assert settings == "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    assert post.headers["x-twilio-signature"] == signature(post, "shared", "sha256")


async def test_a_customer_writes_taps_and_sends_a_picture(rig: Rig) -> None:
    await rig.say(text="oi", referral={"ReferralCtwaClid": "clid"}, context={"id": "SM0"})
    await rig.say(button={"payload": "QUERO", "text": "Quero"})
    sid = await rig.say(image=True)
    await rig.say(message={"MessageType": "location", "Latitude": "1.5", "Longitude": "2"})
    await rig.quiet()
    by_type = {params["MessageType"]: params for params in rig.receiver.inbound()}
    assert by_type["text"]["ReferralCtwaClid"] == "clid"
    assert by_type["text"]["OriginalRepliedMessageSid"] == "SM0"
    assert by_type["button"]["ButtonPayload"] == "QUERO"
    assert by_type["location"]["Latitude"] == "1.5"
    image = by_type["image"]
    assert (image["MessageSid"], image["NumMedia"], image["MediaContentType0"]) == (sid, "1", "image/png")
    assert image["WaId"] == ANA.removeprefix("+")


async def test_a_file_is_behind_a_redirect_that_wants_no_credentials(rig: Rig) -> None:
    await rig.say(image=True)
    await rig.quiet()
    url = rig.receiver.inbound()[0]["MediaUrl0"]
    pair = base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
    first = await rig.client.get(url).header("authorization", f"Basic {pair}").build().send()
    assert first.status == 307
    storage = first.headers["location"]
    assert (await rig.client.get(storage).build().send()).status == 200
    assert (await rig.client.get(storage).header("authorization", f"Basic {pair}").build().send()).status == 400
    async with ClientBuilder().no_proxy().build() as stranger:
        assert (await stranger.get(url).build().send()).status == 401


async def test_who_hides_the_phone_is_known_by_id(make_rig: MakeRig) -> None:
    scenario = {"customers": [{"phone": ANA, "phone_hidden": True, "user_id": "BR.1349", "replies": "sim"}]}
    rig = await make_rig(scenario=scenario)
    await rig.sent(to="BR.1349", ContentSid=rig.sids["plain"])
    await rig.quiet()
    (reply,) = rig.receiver.inbound()
    assert (reply["From"], reply["ExternalUserId"], reply["Body"]) == ("whatsapp:BR.1349", "whatsapp:BR.1349", "sim")
    assert "WaId" not in reply


async def test_a_tap_carries_the_id_of_its_button(make_rig: MakeRig) -> None:
    customers = {"reply_rate": 1, "read_rate": 1, "button_rate": 1, "stop_rate": 0}
    rig = await make_rig(customers=customers)
    sid = await rig.sent(ContentSid=rig.sids["promo_nov"])
    await rig.quiet()
    (reply,) = rig.receiver.inbound()
    assert (reply["MessageType"], reply["ButtonPayload"], reply["Body"]) == ("button", "QUERO", "Quero")
    assert reply["OriginalRepliedMessageSid"] == sid


@pytest.mark.parametrize(("retries", "lost"), [(0, 1), (50, 0)])
async def test_a_webhook_is_repeated_as_often_as_the_account_asks(make_rig: MakeRig, retries: int, lost: int) -> None:
    postage: dict[str, Any] = {"retry_first_seconds": 0.01, "retry_longest_seconds": 0.05}
    rig = await make_rig(account={"retry_count": retries}, webhooks=postage)
    rig.receiver.status = 503
    await rig.say(text="oi")
    async with asyncio.timeout(10):
        while not rig.receiver.refused:
            await asyncio.sleep(0.005)
    rig.receiver.status = 200
    ledger = await rig.quiet()
    assert ledger["webhooks_lost"] == lost
    assert len(rig.receiver.inbound()) == 1 - lost


async def test_typing_marks_only_what_came_in(rig: Rig) -> None:
    sid = await rig.say(text="oi")
    form = [("channel", "whatsapp"), ("messageId", sid)]
    assert await rig.call("POST", "/v2/Indicators/Typing.json", form=form) == (200, {"success": True})
    form = [("channel", "whatsapp"), ("messageId", "SM0")]
    assert (await rig.call("POST", "/v2/Indicators/Typing.json", form=form))[0] == 404


async def test_the_algorithm_of_a_shared_key_is_the_one_it_names(make_rig: MakeRig) -> None:
    key = {"id": "k", "secret": "shared", "algorithm": "HMAC_SHA1"}
    rig = await make_rig(account={"shared_key": key})
    await rig.say(text="oi")
    await rig.quiet()
    (post,) = rig.receiver.posts
    assert post.headers["x-twilio-signature"] == signature(post, "shared", "sha1")
