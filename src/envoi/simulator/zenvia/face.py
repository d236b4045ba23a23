"""Zenvia's front door: who may call, which call it is, what the world tells of messages; it refuses to do the work.

Zenvia sheet, 1 (token, signature), 4 (events), 5 (errors).
"""

import hashlib
import hmac
import secrets
import time
import uuid
from base64 import b64encode
from collections.abc import Awaitable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from envoi.simulator.customers import Customer
from envoi.simulator.fates import Fate, Subject
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply
from envoi.simulator.ledger import Entry
from envoi.simulator.webhooks import Mailbox
from envoi.simulator.world import World
from envoi.simulator.zenvia import files, notices, sending, subscriptions, templates
from envoi.simulator.zenvia.accounts import Account, File, Sender
from envoi.simulator.zenvia.errors import ZenviaError, invalid, missing

Answer = Reply | Awaitable[Reply]
MESSAGES = "channels/whatsapp/messages"
SIGNED_HOST = "api.zenvia.com"
OLDEST_SIGNATURE = 180.0


class ZenviaFace:
    """Zenvia's API v2 over the world's accounts; the control API fills `accounts` and `numbers`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.accounts: dict[str, Account] = {}
        self.numbers: dict[str, Sender] = {}
        self.files: dict[str, File] = {}
        self.base_url = "http://127.0.0.1/zenvia"

    # -- what a request means

    def handle(self, request: Request) -> Answer:
        if request.method == "GET" and request.path.startswith(files.CONTENT):
            token = request.headers.get("x-api-token", "")
            return files.download(self, request.path.removeprefix(files.CONTENT), token)
        try:
            answer = self._dispatch(request)
        except ZenviaError as error:
            if request.path.endswith(MESSAGES):
                self.world.ledger.refused[error.code or str(error.status)] += 1
            return self.refusal(error)
        return answer

    def refusal(self, error: ZenviaError, *, after: float = 0.0) -> Reply:
        return Reply(error.status, error.body(), headers=error.headers, after=after)

    def _dispatch(self, request: Request) -> Answer:
        account = self._account_of(request)
        version, _, path = request.path.strip("/").partition("/")
        if version != "v2":
            raise missing(request.path)
        if (request.method, path) == ("POST", MESSAGES):
            return sending.send(self, account, arguments(request))
        resource, *rest = path.split("/")
        match resource:
            case "templates":
                return self._templates(account, request, rest)
            case "subscriptions":
                return self._subscriptions(account, request, rest)
            case "files":
                return self._files(request, rest)
        raise missing(request.path)

    def _account_of(self, request: Request) -> Account:
        """The account that the token opens. A normal token must not be signed, a signature token always must."""
        token = request.headers.get("x-api-token", "").encode("latin-1", "replace")
        for account in self.accounts.values():
            if secrets.compare_digest(account.spec.token.encode(), token):
                if account.spec.token_secret:
                    _check_signature(account.spec.token_secret, request)
                elif "x-api-signature" in request.headers:
                    raise unauthenticated("This token must not be signed.")
                return account
        raise unauthenticated("No authentication information was found, or it is not valid.")

    def _templates(self, account: Account, request: Request, rest: list[str]) -> Answer:
        if not rest:
            match request.method:
                case "GET":
                    return templates.listing(account, request.query)
                case "POST":
                    return templates.create(self, account, arguments(request))
            raise missing(request.path)
        template = account.templates.get(rest[0])
        if template is None:
            raise missing(f"Template {rest[0]}")
        match request.method, rest[1:]:
            case "GET", []:
                return templates.shown(template)
            case "PATCH", []:
                return templates.change(self, template, arguments(request))
            case "DELETE", []:
                del account.templates[template.id]
                return Reply(204)
            case "GET", ["comments"]:
                return Reply(body=msgspec.json.encode(template.comments))
            case "POST", ["comments"]:
                return templates.comment(template, arguments(request))
        raise missing(request.path)

    def _subscriptions(self, account: Account, request: Request, rest: list[str]) -> Answer:
        if not rest:
            match request.method:
                case "GET":
                    return subscriptions.listing(account)
                case "POST":
                    return subscriptions.create(self, account, arguments(request))
            raise missing(request.path)
        subscription = account.subscriptions.get(rest[0])
        if subscription is None or len(rest) > 1:
            raise missing(f"Subscription {rest[0]}")
        match request.method:
            case "GET":
                return subscriptions.shown(subscription)
            case "PATCH":
                return subscriptions.change(subscription, arguments(request))
            case "DELETE":
                return subscriptions.end(self, account, subscription)
        raise missing(request.path)

    def _files(self, request: Request, rest: list[str]) -> Answer:
        match request.method, rest:
            case "POST", []:
                return files.create(self, request)
            case "GET", []:
                return Reply(body=msgspec.json.encode([files.plain(self, file) for file in self.files.values()]))
            case "GET", [file_id] if file_id in self.files:
                return Reply(body=msgspec.json.encode(files.plain(self, self.files[file_id])))
            case "DELETE", [file_id] if file_id in self.files:
                del self.files[file_id]
                return Reply(204)
        raise missing(request.path)

    # -- what the world tells us (world.Face)

    def status_update(
        self, entry: Entry, customer: Customer, status: str, at: int
    ) -> tuple[Mailbox, dict[str, Any]] | None:
        sender = self.numbers.get(entry.phone_number_id)
        if sender is None:
            return None
        event = notices.status(self.uuid(), sender, entry, status, at)
        return self._post(sender, event, "OUT", entry.wamid, status)

    def reply_update(
        self, entry: Entry, customer: Customer, subject: Subject, fate: Fate, at: int
    ) -> tuple[Mailbox, dict[str, Any]] | None:
        sender = self.numbers.get(entry.phone_number_id)
        if sender is None:
            return None
        if fate.button is None:
            return self.inbound(sender, customer, [{"type": "text", "text": fate.reply}], at, {})[1]
        content = {"type": "text", "text": subject.buttons[fate.button]}
        if payload := subject.payloads[fate.button]:
            content["payload"] = payload
        return self.inbound(sender, customer, [content], at, {"idRef": entry.wamid})[1]

    def inbound(
        self, sender: Sender, customer: Customer, contents: list[dict[str, Any]], at: int, more: dict[str, Any]
    ) -> tuple[str, tuple[Mailbox, dict[str, Any]] | None]:
        """A customer's message: its id, and the event or None when nobody listens. Opens the 24 h window."""
        customer.written_at[sender.id] = time.time()
        address = self.world.people.user_id_of(customer, sender.account.id) if customer.phone_hidden else customer.key
        message_id = self.uuid()
        event = notices.inbound(self.uuid(), message_id, sender, customer, address, contents, at, more)
        return message_id, self._post(sender, event, "IN", message_id, "inbound")

    def _post(
        self, sender: Sender, event: dict[str, Any], direction: str, *about: str
    ) -> tuple[Mailbox, dict[str, Any]] | None:
        """To the first subscription by the world's own way, to a second one at once."""
        listening = [one for one in sender.account.subscriptions.values() if one.hears(event["type"], direction)]
        for other in listening[1:]:
            self.world.emit((other.mailbox, event), other.id, *about)
        return (listening[0].mailbox, event) if listening else None

    # -- small things the calls need

    def uuid(self) -> str:
        """An identity as Zenvia's look; unlike any of another run."""
        return str(uuid.uuid4())

    def forget_traffic(self) -> None:
        """Forget what waits for receivers and what the limits counted."""
        for account in self.accounts.values():
            account.window = type(account.window)()
            for subscription in account.subscriptions.values():
                self.world.webhooks.forget(subscription.mailbox)

    async def reset(self) -> None:
        """Forget accounts, and what was still to be told about them."""
        mailboxes = [one.mailbox for account in self.accounts.values() for one in account.subscriptions.values()]
        self.accounts.clear()
        self.numbers.clear()
        self.files.clear()
        for mailbox in mailboxes:
            await self.world.webhooks.close(mailbox)


def arguments(request: Request) -> dict[str, Any]:
    """The JSON object of a call. Raises ZenviaError."""
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ZenviaError(400, "VALIDATION_ERROR", f"The body is not valid JSON: {error}") from None
    if not isinstance(body, dict):
        raise invalid("", "Should be an object.")
    return body


def unauthenticated(message: str) -> ZenviaError:
    return ZenviaError(401, "AUTHENTICATION_ERROR", message)


def _check_signature(secret: str, request: Request) -> None:
    """Six lines under an HMAC, not older than three minutes and not of the future (sheet, 1)."""
    date, kind = request.headers.get("date", ""), request.headers.get("content-type", "")
    try:
        age = (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError):
        raise unauthenticated("A signed call needs its Date.") from None
    if not -2 <= age <= OLDEST_SIGNATURE:
        raise unauthenticated("The Date is not of the last three minutes.")
    body = files.signed_part(request)
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest() if body else ""
    path = request.path + (f"?{request.query_string}" if request.query_string else "")
    words = "\n".join((request.method, digest, kind, date, SIGNED_HOST, path))
    right = b64encode(hmac.digest(secret.encode(), words.encode(), "sha256"))
    if not hmac.compare_digest(right, request.headers.get("x-api-signature", "").encode("latin-1", "replace")):
        raise unauthenticated("The signature is not right.")
