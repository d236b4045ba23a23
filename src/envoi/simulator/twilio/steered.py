"""Twilio's face with what the control API may do to it; it refuses to send.

PUT  twilio/accounts/{AC…}            accounts.AccountSpec -> {"contents": {"name/language": "HX…"}}
POST twilio/numbers/{E.164}           {"throughput" | "quality_rating" | "messaging_limit" | "status"}
POST twilio/contents/{HX… or name}    {"status" | "rejection_reason"}
POST customers/{phone}/say            {"text" | "button": {"payload", "text"} | "image": true | "message": {parameters},
                                      "context": {"id"}, "referral": {parameters}, "phone_number_id": E.164}
POST customers/{phone}/stop, resume   the native control in WhatsApp: later promotions fail with 63049
"""

import time
from typing import Any

import msgspec

from envoi.simulator.customers import Customer
from envoi.simulator.faces import Answer, BadCall, body_of, said, said_later
from envoi.simulator.http_request import Request
from envoi.simulator.twilio import contents, messages
from envoi.simulator.twilio.accounts import Account, AccountSpec, Sender, SenderSpec
from envoi.simulator.twilio.errors import TwilioError
from envoi.simulator.twilio.face import TwilioFace

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003"
    "010100c9fe92ef0000000049454e44ae426082"
)


class Twilio(TwilioFace):
    """What simulator.app.FACES holds for Twilio."""

    def steer(self, request: Request, parts: list[str]) -> Answer | None:
        match request.method, parts:
            case "PUT", ["accounts", sid]:
                return said_later(self._put_account(sid, body_of(request, AccountSpec)))
            case "POST", ["numbers", number_id]:
                return said(self._change_number(self._number(number_id), body_of(request, dict[str, Any])))
            case "POST", ["contents", name]:
                return said(self._change_contents(name, body_of(request, dict[str, Any])))
        return None

    def act(self, number_id: str, customer: Customer, verb: str, asked: dict[str, Any]) -> dict[str, Any]:
        sender = self._number(number_id)
        match verb:
            case "say":
                return self._say(sender, customer, asked)
            case "stop":
                customer.stopped_marketing.add(sender.id)
            case "resume":
                customer.stopped_marketing.discard(sender.id)
            case _:
                customer.written_at.pop(sender.id, None)
        return {"value": verb}

    def forget_traffic(self) -> None:
        for account in self.accounts.values():
            if account.mailbox:
                self.world.webhooks.forget(account.mailbox)
            account.messages.clear()
            account.media.clear()
            account.inbound_sids.clear()
            account.window = type(account.window)()
            for sender in account.senders.values():
                sender.busy_until = 0.0
                sender.opted_out.clear()

    async def _put_account(self, sid: str, spec: AccountSpec) -> dict[str, Any]:
        """Set an account up, or change it; its contents are replaced."""
        known = self.accounts.get(sid)
        account = known or Account(sid, spec)
        for sender_spec in spec.senders:
            owner = self.numbers.get(sender_spec.sender)
            if owner and owner.account is not account:
                raise BadCall(f"The sender {sender_spec.sender} belongs to account {owner.account.sid}.")
        try:
            made = [contents.from_spec(account, content) for content in spec.contents]
        except TwilioError as error:
            raise BadCall(error.text) from None
        account.spec = spec
        account.contents = {content.sid: content for content in made}
        kept, account.senders = account.senders, {}
        for sender_spec in spec.senders:
            sender = kept.pop(sender_spec.sender, None) or Sender(sender_spec, account)
            sender.spec = sender_spec
            account.senders[sender.id] = self.numbers[sender.id] = sender
        for gone in kept:
            self.numbers.pop(gone, None)
        self.accounts[sid] = account
        if account.mailbox is None:
            account.mailbox = self.open_mailbox(account)
        account.mailbox.retries = spec.retry_count
        return {"contents": {f"{content.friendly_name}/{content.language}": content.sid for content in made}}

    def _change_number(self, sender: Sender, changes: dict[str, Any]) -> dict[str, Any]:
        try:
            merged = {**msgspec.to_builtins(sender.spec), **changes, "sender": sender.id}
            sender.spec = msgspec.convert(merged, SenderSpec)
        except msgspec.ValidationError as error:
            raise BadCall(str(error)) from None
        now: dict[str, Any] = msgspec.to_builtins(sender.spec)
        return now

    def _change_contents(self, name: str, changes: dict[str, Any]) -> dict[str, Any]:
        found = [
            content
            for account in self.accounts.values()
            for content in account.contents.values()
            if name in (content.sid, content.name)
        ]
        if not found:
            raise BadCall(f"There is no content {name!r}.", status=404)
        for content in found:
            content.status = str(changes.get("status", content.status))
            content.rejection_reason = str(changes.get("rejection_reason", content.rejection_reason))
        return {"contents": {content.sid: content.status for content in found}}

    def _say(self, sender: Sender, customer: Customer, asked: dict[str, Any]) -> dict[str, Any]:
        """Make the customer write now."""
        sid = self.sid("SM")
        button = asked.get("button")
        if isinstance(asked.get("message"), dict):
            content = {str(name): str(value) for name, value in asked["message"].items()}
        elif isinstance(button, dict):
            label = str(button.get("text", ""))
            payload = str(button.get("payload", label))
            content = {"MessageType": "button", "Body": label, "ButtonText": label, "ButtonPayload": payload}
        elif asked.get("image"):
            sid = self.sid("MM")
            url = messages.keep(self, sender.account, sid, PIXEL, "image/png")
            content = {"MessageType": "image", "NumMedia": "1", "MediaUrl0": url, "MediaContentType0": "image/png"}
        elif isinstance(asked.get("text"), str):
            content = {"MessageType": "text", "Body": asked["text"]}
        else:
            raise BadCall("Say what the customer writes: text, button, image or message.")
        context, referral = asked.get("context"), asked.get("referral")
        if isinstance(context, dict):
            content["OriginalRepliedMessageSid"] = str(context.get("id", ""))
            content["OriginalRepliedMessageSender"] = f"whatsapp:{sender.id}"
        if isinstance(referral, dict):
            content |= {str(name): str(value) for name, value in referral.items()}
        sid, posted = self.inbound(sender, customer, content, sid=sid)
        self.world.emit(posted, customer.key, sid, str(time.time()))
        return {"id": sid, "delivered_to": posted[1].url if posted else None}

    def _number(self, number_id: str) -> Sender:
        if number_id not in self.numbers:
            raise BadCall(f"There is no number {number_id!r}.", status=404)
        return self.numbers[number_id]
