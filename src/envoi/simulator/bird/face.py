"""Bird's front door: which API is spoken, whose key it is, which call it is; it refuses to do any of the work.

Keys tell the APIs apart: `Bearer` is the Bird API, `AccessKey` one of the two older ones (Bird fact sheet, 0).
"""

import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any

from envoi.simulator.bird import conversations_api, gen2_api, gen3_api, media, notices
from envoi.simulator.bird.accounts import Account, Channel, Endpoint, Record
from envoi.simulator.bird.errors import Refusal, bird, crm, messagebird
from envoi.simulator.bird.notices import Notice
from envoi.simulator.customers import Customer
from envoi.simulator.faces import Answer
from envoi.simulator.fates import Fate, Subject
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply
from envoi.simulator.ledger import Entry
from envoi.simulator.speech import is_stop
from envoi.simulator.webhooks import Mailbox, Parcel
from envoi.simulator.world import World

Posted = tuple[Mailbox, Notice] | None
SUCCESSES = (200, 201, 202, 204)


class BirdFace:
    """Bird over the world's accounts; `accounts` and `numbers` are filled by the control API."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.base_url = "http://127.0.0.1/bird"
        self.accounts: dict[str, Account] = {}
        self.channels: dict[str, Channel] = {}
        self.objects: dict[str, media.Stored] = {}

    @property
    def numbers(self) -> Mapping[str, Channel]:
        return self.channels

    # -- what a request means

    def handle(self, request: Request) -> Answer:
        try:
            return self._dispatch(request)
        except Refusal as refusal:
            if request.method == "POST" and request.path.endswith(("/messages", "/send")):
                self.world.ledger.refused[refusal.code] += 1
            return Reply(refusal.status, refusal.body, headers=refusal.headers)

    def _dispatch(self, request: Request) -> Answer:
        parts = request.path.strip("/").split("/")
        if parts[0] == "storage":
            return media.storage(self, request, parts[1:])
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if parts[0] in ("workspaces", "organizations"):
            account = self._account("AccessKey", scheme, key, "gen2")
            if account is None:
                raise crm(401, "Unauthorized", "The access key is not valid.")
            return gen2_api.answer(self, account, request, parts)
        if parts[:1] == ["v2"] or scheme.lower() == "accesskey":
            account = self._account("AccessKey", scheme, key, "conversations")
            if account is None:
                raise messagebird(2, "Request not allowed (incorrect access_key)", "access_key")
            return conversations_api.answer(self, account, request, parts)
        account = self._account("Bearer", scheme, key, "gen3")
        if account is None:
            raise bird("auth", "The API key is missing or not valid.")
        return gen3_api.answer(self, account, request, parts)

    def _account(self, wanted: str, scheme: str, key: str, mode: str) -> Account | None:
        if scheme.lower() != wanted.lower() or not key:
            return None
        ours = [one for one in self.accounts.values() if one.mode == mode]
        same = [one for one in ours if secrets.compare_digest(one.spec.access_key.encode(), key.strip().encode())]
        return same[0] if same else None

    # -- what the world tells us (lives.Face)

    def status_update(self, entry: Entry, customer: Customer, status: str, at: int) -> Posted:
        channel = self.channels.get(entry.phone_number_id)
        record = channel.account.records.get(entry.wamid) if channel else None
        if channel is None or record is None:
            return None
        record.times[status] = notices.moment(at)
        user_id = self.user_id(channel, customer)
        match channel.account.mode:
            case "gen3":
                refused = status == "failed" and notices.BIRD_CODES.get(entry.error or 0) == "recipient_suppressed"
                name = f"whatsapp.{'rejected' if refused else status}"
                return self.tell(channel, name, notices.gen3_event(channel, name, entry.wamid, record, user_id, at))
            case "gen2":
                if status == "read":
                    return self.tell(
                        channel, "whatsapp.interaction", gen2_api.read_mark(channel, entry.wamid, record, at)
                    )
                event = notices.crm_event("whatsapp.outbound", channel, entry.wamid, record, user_id, at)
                told = (
                    notices.crm_failure(entry.error) if status == "failed" else {"status": notices.CRM_STATES[status]}
                )
                event["payload"] |= told
                return self.tell(channel, "whatsapp.outbound", event)
        event = notices.conversations_event("message.updated", channel, entry.wamid, record, status, at)
        return self.tell(channel, "message.updated", event)

    def reply_update(self, entry: Entry, customer: Customer, subject: Subject, fate: Fate, at: int) -> Posted:
        channel = self.channels.get(entry.phone_number_id)
        if channel is None:
            return None
        if fate.button is None:
            said: dict[str, Any] = {"text": fate.reply}
        else:
            label = subject.buttons[fate.button]
            said = {"button": {"payload": label, "text": label}}
        return self.inbound(channel, customer, said, at, reply_to=entry.wamid)[1]

    def inbound(
        self, channel: Channel, customer: Customer, said: dict[str, Any], at: float, *, reply_to: str = ""
    ) -> tuple[str, Posted]:
        """A customer's message: its id, and the update or None when nobody listens. Opens the 24 h window.

        A word that asks for no more puts the customer on the suppression list by itself (Bird fact sheet, 3.7).
        """
        customer.written_at[channel.id] = time.time()
        account = channel.account
        identity = self.message_id(account)
        record = Record(channel, customer, {}, notices.moment(at), inbound=True)
        account.records[identity] = record
        user_id = self.user_id(channel, customer)
        if account.mode == "gen3":
            record.content = gen3_api.inbound_content(self, account, said)
            if reply_to:
                record.content["in_reply_to_message_id"] = reply_to
            words = str(said.get("text") or (said.get("button") or {}).get("text") or "")
            if is_stop(words):
                self.suppress(account, customer, at)
            event = notices.gen3_inbound(channel, customer, user_id, identity, record.content, at)
            return identity, self.tell(channel, "whatsapp.received", event)
        if account.mode == "gen2":
            record.content = {"body": gen2_api.inbound_body(self, account, said)}
            if reply_to:
                record.content["replyTo"] = {"id": reply_to, "type": "message"}
            event = notices.crm_event("whatsapp.inbound", channel, identity, record, user_id, at)
            return identity, self.tell(channel, "whatsapp.inbound", event)
        record.content = conversations_api.inbound_content(self, account, said)
        event = notices.conversations_event("message.created", channel, identity, record, "received", at)
        return identity, self.tell(channel, "message.created", event)

    def suppress(self, account: Account, customer: Customer, at: float) -> None:
        """Add to the suppression list, and tell (gen3)."""
        customer.stopped_marketing.update(account.channels)
        address = f"+{customer.key}" if customer.key.isdigit() else customer.key
        if address in account.suppressed:
            return
        identity = f"was_{self.world.identity().lower()}"
        row = {"id": identity, "address": address, "waba": None, "reason": "manual", "origin": "keyword"}
        account.suppressed[address] = {**row, "applies_to": "all", "created_at": notices.moment(at)}
        data = {"suppression_id": identity, "address": address, "waba": None, "reason": "manual"}
        data["workspace_id"] = f"ws_{identity[4:]}"
        event = {"type": "whatsapp_suppression.created", "timestamp": notices.moment(at), "data": data}
        channel = next(iter(account.channels.values()))
        self.world.emit(self.tell(channel, "whatsapp_suppression.created", event), customer.key, identity)

    # -- receivers

    def tell(self, channel: Channel, event: str, body: dict[str, Any]) -> Posted:
        """The first receiver's update; those of the others leave at once."""
        notice = Notice(f"msg_{self.world.identity().lower()}", event, body)
        listening = [
            one
            for one in channel.account.endpoints.values()
            if one.status == "active" and event in one.events and one.channel_id in ("", channel.id)
        ]
        for other in listening[1:]:
            self.world.webhooks.post(other.mailbox, notice)
        return (listening[0].mailbox, notice) if listening else None

    def open_endpoint(self, account: Account, url: str, events: list[str], secret: str, **more: Any) -> Endpoint:
        def wrap(batch: Any) -> Parcel:
            match account.mode:
                case "gen3":
                    return notices.standard(batch, endpoint.secret)
                case "gen2":
                    return notices.addressed(batch, endpoint.secret, endpoint.url)
            return notices.jwt(batch, endpoint.secret, endpoint.url)

        mailbox = self.world.webhooks.open(url, wrap, largest=1, successes=SUCCESSES)
        identity = more.pop("id", "") or f"whk_{self.world.identity().lower()}"
        endpoint = Endpoint(identity, url, events, secret, mailbox, **more)
        account.endpoints[identity] = endpoint
        return endpoint

    async def close_endpoint(self, account: Account, endpoint: Endpoint) -> None:
        account.endpoints.pop(endpoint.id, None)
        await self.world.webhooks.close(endpoint.mailbox)

    # -- small things the calls need

    def user_id(self, channel: Channel, customer: Customer) -> str:
        return self.world.people.user_id_of(customer, channel.account.spec.portfolio_id)

    def message_id(self, account: Account) -> str:
        """wam_… (26 base32 letters), a UUID, or 32 hexadecimal digits."""
        digits = self.world.identity().lower()
        match account.mode:
            case "gen3":
                return f"wam_{digits}"
            case "gen2":
                return str(uuid.UUID(hex=f"a1b2c3{digits}"))
        return f"a1b2c3{digits}"

    def forget_traffic(self) -> None:
        """Forget what waits for receivers and what the limits counted; accounts stay."""
        for account in self.accounts.values():
            for endpoint in account.endpoints.values():
                self.world.webhooks.forget(endpoint.mailbox)
            account.records.clear()
            account.replays.clear()
            account.suppressed.clear()
            for key, channel in list(account.channels.items()):
                account.channels[key] = self.channels[key] = Channel(channel.spec, account, channel.wan)

    async def reset(self) -> None:
        """Forget accounts, too."""
        for account in list(self.accounts.values()):
            for endpoint in list(account.endpoints.values()):
                await self.close_endpoint(account, endpoint)
        self.accounts.clear()
        self.channels.clear()
        self.objects.clear()
