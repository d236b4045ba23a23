"""Twilio's front doors behind one address: who may call, which call it is; it refuses to do any of the work.

api.twilio.com, content.twilio.com and messaging.twilio.com have no path in common, so one address serves all three
(Twilio fact sheet, 1).
"""

import base64
import secrets
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from envoi.simulator.customers import Customer
from envoi.simulator.fates import Fate, Subject
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply
from envoi.simulator.ledger import Entry
from envoi.simulator.speech import STOP_WORDS
from envoi.simulator.twilio import contents, messages, notices, sending
from envoi.simulator.twilio.accounts import Account, Sender
from envoi.simulator.twilio.errors import TwilioError
from envoi.simulator.webhooks import Mailbox
from envoi.simulator.world import World

UNDELIVERED = (63024, 63049)
SUCCESSES = tuple(range(200, 300))

Posted = tuple[Mailbox, notices.Notice] | None


class TwilioFace:
    """The APIs over the world's accounts; `accounts` and `numbers` are filled by the control API."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.accounts: dict[str, Account] = {}
        self.numbers: dict[str, Sender] = {}
        self.base_url = "http://127.0.0.1/twilio"

    # -- what a request means

    def handle(self, request: Request) -> Reply:
        if request.path.startswith(messages.STORAGE):
            return messages.stored(self, request)
        try:
            return self._dispatch(request)
        except TwilioError as error:
            if request.method == "POST" and request.path.endswith("/Messages.json"):
                self.world.ledger.refused[str(error.code)] += 1
            return self.refusal(error)

    def refusal(self, error: TwilioError, *, after: float = 0.0) -> Reply:
        return Reply(error.status, error.body(), after=after)

    def _dispatch(self, request: Request) -> Reply:
        account = self._account(request)
        match request.path.strip("/").split("/"):
            case ["2010-04-01", "Accounts", sid, *rest]:
                if sid != account.sid:
                    raise TwilioError(20003 if sid in self.accounts else 20404)
                return self._api(account, rest, request)
            case ["v1" | "v2" as version, "Content" | "ContentAndApprovals" as what, *rest]:
                return self._content(account, version, what, rest, request)
            case ["v2", "Channels", "Senders", *rest]:
                return self._senders(account, rest, request)
            case ["v1", "Services", sid] if sid in account.spec.services:
                if request.method == "POST":
                    account.services.setdefault(sid, {}).update(form_of(request))
                return Reply(body=msgspec.json.encode({"sid": sid, "account_sid": account.sid}))
            case ["v2", "Indicators", "Typing.json"] if request.method == "POST":
                fields = dict(form_of(request))
                if fields.get("channel") != "whatsapp" or fields.get("messageId") not in account.inbound_sids:
                    raise TwilioError(20404)
                return Reply(body=b'{"success":true}')
        raise TwilioError(20404)

    def _account(self, request: Request) -> Account:
        """The account that these credentials open; 401 when they open none."""
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            raise TwilioError(20003) from None
        for account in self.accounts.values():
            secret = account.secret_of(user)
            if scheme.lower() == "basic" and secret and secrets.compare_digest(secret.encode(), password.encode()):
                return account
        raise TwilioError(20003)

    def _api(self, account: Account, rest: list[str], request: Request) -> Reply:
        match request.method, rest:
            case "POST", ["Messages.json"]:
                return sending.send(self, account, form_of(request))
            case "GET", ["Messages.json"]:
                return messages.listing(account, request.query)
            case (("GET" | "POST" | "DELETE"), ["Messages", name]) if name.endswith(".json"):
                fields = dict(form_of(request))
                return messages.one(account, name.removesuffix(".json"), request.method, fields)
            case "GET", ["Messages", sid, "Media.json"]:
                return messages.files(self, account, request, [sid, "Media"])
            case (("GET" | "DELETE"), ["Messages", sid, "Media", name]):
                return messages.files(self, account, request, [sid, "Media", name])
        raise TwilioError(20404)

    def _content(self, account: Account, version: str, what: str, rest: list[str], request: Request) -> Reply:
        match request.method, what, rest:
            case "GET", "Content", []:
                path = f"/{version}/Content"
                return contents.listing(self, account, path, request.query, contents.shown)
            case "GET", "ContentAndApprovals", []:
                path = f"/{version}/ContentAndApprovals"
                return contents.listing(self, account, path, request.query, contents.shown_with_approval)
            case "POST", "Content", []:
                return contents.create(self, account, json_of(request))
        content = account.contents.get(rest[0]) if rest and what == "Content" and version == "v1" else None
        if content is None:
            raise TwilioError(20404)
        match request.method, rest[1:]:
            case "GET", []:
                return Reply(body=msgspec.json.encode(contents.shown(account, content)))
            case "PUT", []:
                return contents.update(account, content, json_of(request))
            case "DELETE", []:
                del account.contents[content.sid]
                return Reply(204)
            case "GET", ["ApprovalRequests"]:
                return contents.approvals(account, content)
            case "POST", ["ApprovalRequests", "whatsapp"]:
                return contents.submit(self, content, json_of(request))
        raise TwilioError(20404)

    def _senders(self, account: Account, rest: list[str], request: Request) -> Reply:
        if request.method == "GET" and not rest:
            if request.query.get("Channel") != "whatsapp":
                raise TwilioError(20001, "Channel is required.")
            rows = [notices.shown_sender(sender) for sender in account.senders.values()]
            return Reply(body=msgspec.json.encode({"senders": rows, "meta": {"key": "senders", "next_page_url": None}}))
        sender = next((one for one in account.senders.values() if rest == [one.sid]), None)
        if sender is None or request.method not in ("GET", "POST"):
            raise TwilioError(20404)
        if request.method == "POST":
            webhook = json_of(request).get("webhook")
            asked = webhook if isinstance(webhook, dict) else {}
            sender.callback_url = str(asked.get("callback_url") or sender.callback_url)
            sender.status_callback_url = str(asked.get("status_callback_url") or sender.status_callback_url)
            return Reply(202, msgspec.json.encode(notices.shown_sender(sender)))
        return Reply(body=msgspec.json.encode(notices.shown_sender(sender)))

    # -- what the world tells us (world.Face)

    def status_update(self, entry: Entry, customer: Customer, status: str, at: int) -> Posted:
        sender = self.numbers.get(entry.phone_number_id)
        message = sender.account.messages.get(entry.wamid) if sender else None
        if sender is None or message is None:
            return None
        if status == "failed" and entry.error in UNDELIVERED:
            status = message.final = "undelivered"
        account = sender.account
        url = message.status_callback or sender.status_callback_url or account.spec.status_callback_url
        if not url or account.mailbox is None:
            return None
        return account.mailbox, notices.status(sender, entry, customer, self._user_id(account, customer), status, url)

    def reply_update(self, entry: Entry, customer: Customer, subject: Subject, fate: Fate, at: int) -> Posted:
        sender = self.numbers.get(entry.phone_number_id)
        if sender is None:
            return None
        if fate.button is None:
            return self.inbound(sender, customer, {"MessageType": "text", "Body": fate.reply})[1]
        label = subject.buttons[fate.button]
        content = {
            "MessageType": "button",
            "Body": label,
            "ButtonText": label,
            "ButtonPayload": subject.payloads[fate.button] or label,
            "OriginalRepliedMessageSid": entry.wamid,
            "OriginalRepliedMessageSender": f"whatsapp:{sender.id}",
        }
        return self.inbound(sender, customer, content)[1]

    def inbound(
        self, sender: Sender, customer: Customer, content: dict[str, str], *, sid: str = ""
    ) -> tuple[str, Posted]:
        """A customer's message: its SID, and the update or None when nobody listens. Opens the 24 h window."""
        account = sender.account
        customer.written_at[sender.id] = time.time()
        sid = sid or self.sid("MM" if content.get("MediaUrl0") else "SM")
        account.inbound_sids.add(sid)
        if account.spec.advanced_opt_out:
            content = content | self._opt_out(sender, customer, content.get("Body", ""))
        url = sender.callback_url or account.spec.callback_url
        if not url or account.mailbox is None:
            return sid, None
        user_id = self._user_id(account, customer)
        return sid, (account.mailbox, notices.inbound(sender, customer, user_id, sid, content, url))

    def _opt_out(self, sender: Sender, customer: Customer, words: str) -> dict[str, str]:
        """Advanced Opt-Out: STOP blocks later sends with 21610 until START (Twilio fact sheet, 11)."""
        said = words.strip().casefold()
        if said in STOP_WORDS:
            sender.opted_out.add(customer.key)
            return {"OptOutType": "STOP"}
        if said == "start":
            sender.opted_out.discard(customer.key)
            return {"OptOutType": "START"}
        return {"OptOutType": "HELP"} if said == "help" else {}

    # -- small things the calls need

    def sid(self, prefix: str) -> str:
        """A SID that no other call in any run returns."""
        return f"{prefix}{self.world.identity().lower():0>32.32}"

    def _user_id(self, account: Account, customer: Customer) -> str:
        return self.world.people.user_id_of(customer, account.spec.portfolio_id)

    def open_mailbox(self, account: Account) -> Mailbox:
        wrap: Callable[..., Any] = partial(notices.mailbox_wrap, account)
        retries = account.spec.retry_count
        return self.world.webhooks.open("", wrap, largest=1, retries=retries, successes=SUCCESSES)

    async def reset(self) -> None:
        """Forget accounts, and what was still to be told about them."""
        for account in self.accounts.values():
            if account.mailbox:
                await self.world.webhooks.close(account.mailbox)
        self.accounts.clear()
        self.numbers.clear()


def form_of(request: Request) -> sending.Form:
    """The form's pairs in order, names that repeat included."""
    return parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)


def json_of(request: Request) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TwilioError(20001, f"The body is not valid JSON: {error}") from None
    if not isinstance(body, dict):
        raise TwilioError(20001, "The body must be a JSON object.")
    return body
