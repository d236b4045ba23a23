"""Meta's front door: who may call, which object is meant, which call it is; it refuses to do any of the work.

Meta fact sheet, A.1 (envelope and errors), A.7, B, C.1, G.
"""

import re
import secrets
import time
from collections.abc import Awaitable
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from envoi.simulator.customers import Customer
from envoi.simulator.fates import Fate, Subject
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply
from envoi.simulator.ledger import Entry
from envoi.simulator.meta import account_calls, media, notices, sending, templates
from envoi.simulator.meta.accounts import Account, Medium, Number, Template
from envoi.simulator.meta.errors import GraphError, unknown_object
from envoi.simulator.webhooks import Mailbox
from envoi.simulator.world import World

VERSION = re.compile(r"^/v\d+\.\d+(?=/)")
PLAIN_SUCCESSES = ("deregister", "request_code", "verify_code")

Answer = Reply | Awaitable[Reply]


class MetaFace:
    """The Graph API over the world's accounts; `accounts` and `numbers` are filled by the control API."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.accounts: dict[str, Account] = {}
        self.numbers: dict[str, Number] = {}
        self.inbound_ids: set[str] = set()
        self.base_url = "http://127.0.0.1"  # where downloads of inbound media are; main.py knows better

    # -- what a request means

    def handle(self, request: Request) -> Answer:
        try:
            answer = self._dispatch(request)
        except GraphError as error:
            return self._refuse(request, error)
        return answer if isinstance(answer, Reply) else self._shielded(answer)

    async def _shielded(self, promised: Awaitable[Reply]) -> Reply:
        try:
            return await promised
        except GraphError as error:
            return self.refusal(error)

    def _refuse(self, request: Request, error: GraphError) -> Reply:
        if request.method == "POST" and request.path.endswith("messages"):
            self.world.ledger.refused[str(error.code)] += 1
        return self.refusal(error)

    def refusal(self, error: GraphError, *, after: float = 0.0) -> Reply:
        return Reply(error.status, error.body(f"A{self.world.identity()}"), after=after)

    def _dispatch(self, request: Request) -> Answer:
        path = VERSION.sub("", request.path).strip("/")
        accounts = self._accounts_of_bearer(request)
        if f"/{path}" == media.DOWNLOAD_PATH:
            return self._download(accounts, request)
        node, _, edge = path.partition("/")
        number = self.numbers.get(node)
        if number and number.account in accounts:
            return self._number_call(number, edge, request)
        account = self.accounts.get(node)
        if account in accounts and account is not None:
            return self._account_call(account, edge, request)
        for owner in accounts:
            if node in owner.templates:
                return self._template_call(owner, owner.templates[node], edge, request)
            if owner.has_medium(node, self.world.clock.now()) and not edge:
                return self._medium_call(owner, owner.media[node], request)
            if node == owner.spec.app_id and edge == "uploads" and request.method == "POST":
                return media.start_upload(self, owner, request)
            if node in owner.uploads and request.method == "POST":
                return media.finish_upload(self, node, request)
        raise unknown_object(node, request.method)

    def _accounts_of_bearer(self, request: Request) -> list[Account]:
        """The accounts this token opens; 401 when it opens none."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in ("bearer", "oauth") or not token:
            raise GraphError(
                0,
                "An access token is required to request this resource.",
                message="Authentication Error",
            )
        accounts = [a for a in self.accounts.values() if secrets.compare_digest(a.spec.token, token.strip())]
        if not accounts:
            text = "Invalid OAuth access token - Cannot parse access token"
            raise GraphError(190, text, message=text)
        return accounts

    def _number_call(self, number: Number, edge: str, request: Request) -> Answer:
        match request.method, edge:
            case "POST", "messages":
                return sending.send(self, number, arguments(request))
            case "POST", "marketing_messages":
                return sending.send(self, number, arguments(request), marketing_only=True)
            case "POST", "media":
                return media.upload(self, number.account, request)
            case "GET", "":
                return account_calls.read_number(number, request.query.get("fields"))
            case "POST", "register":
                return account_calls.register(number, arguments(request))
            case "GET", "whatsapp_business_profile":
                return account_calls.business_profile(number, None)
            case "POST", "whatsapp_business_profile":
                return account_calls.business_profile(number, arguments(request))
            case "POST", name if name in PLAIN_SUCCESSES:
                return sending.SUCCESS
        raise unsupported(request, edge)

    def _account_call(self, account: Account, edge: str, request: Request) -> Answer:
        match request.method, edge:
            case "GET", "":
                return account_calls.read_account(account, request.query.get("fields"))
            case "GET", "phone_numbers":
                return account_calls.list_numbers(account, request.query.get("fields"))
            case "POST", "subscribed_apps":
                return account_calls.subscribe(self, account, arguments(request))
            case "GET", "subscribed_apps":
                return account_calls.subscriptions(account)
            case "DELETE", "subscribed_apps":
                return account_calls.unsubscribe(self, account)
            case "POST", "message_templates":
                return templates.create(self, account, arguments(request))
            case "GET", "message_templates":
                return templates.listing(account, request.query)
            case "DELETE", "message_templates":
                return templates.delete(account, request.query)
        raise unsupported(request, edge)

    def _template_call(self, account: Account, template: Template, edge: str, request: Request) -> Answer:
        match request.method, edge:
            case "GET", "":
                fields = request.query.get("fields", templates.DEFAULT_FIELDS)
                return Reply(body=msgspec.json.encode(templates.shown(template, fields)))
            case "POST", "":
                return templates.edit(self, account, template, arguments(request))
            case "POST", "unpause":
                return templates.unpause(self, account, template)
        raise unsupported(request, edge)

    def _medium_call(self, account: Account, medium: Medium, request: Request) -> Answer:
        match request.method:
            case "GET":
                return media.describe(self, medium, request)
            case "DELETE":
                return media.delete(account, medium)
        raise unsupported(request, "")

    def _download(self, accounts: list[Account], request: Request) -> Answer:
        wanted = request.query.get("mid", "")
        owner = next((account for account in accounts if wanted in account.media), accounts[0])
        return media.download(self, owner, request)

    # -- what the world tells us (world.Face)

    def status_update(
        self, entry: Entry, customer: Customer, status: str, at: int
    ) -> tuple[Mailbox, notices.NumberUpdate] | None:
        number = self.numbers.get(entry.phone_number_id)
        mailbox = number.account.messages_mailbox() if number else None
        if number is None or mailbox is None:
            return None
        user_id = self.world.people.user_id_of(customer, number.account.spec.portfolio_id)
        return mailbox, notices.status(number, entry, customer, user_id, status, at)

    def reply_update(
        self, entry: Entry, customer: Customer, subject: Subject, fate: Fate, at: int
    ) -> tuple[Mailbox, notices.NumberUpdate] | None:
        number = self.numbers.get(entry.phone_number_id)
        if number is None:
            return None
        if fate.button is None:
            return self.inbound(number, customer, {"type": "text", "text": {"body": fate.reply}}, at)[1]
        label = subject.buttons[fate.button]
        payload = subject.payloads[fate.button] or label
        content = {
            "context": {"from": number.digits, "id": entry.wamid},
            "type": "button",
            "button": {"payload": payload, "text": label},
        }
        return self.inbound(number, customer, content, at)[1]

    def inbound(
        self, number: Number, customer: Customer, content: dict[str, Any], at: int
    ) -> tuple[str, tuple[Mailbox, notices.NumberUpdate] | None]:
        """A customer's message: its id, and the update or None when nobody listens. Opens the 24 h window."""
        customer.written_at[number.id] = time.time()
        if self.world.settings.throughput_counts_inbound:
            number.window.add(time.monotonic())
        message_id = self.wamid()
        self.inbound_ids.add(message_id)
        mailbox = number.account.messages_mailbox()
        if mailbox is None:
            return message_id, None
        user_id = self.world.people.user_id_of(customer, number.account.spec.portfolio_id)
        return message_id, (mailbox, notices.inbound(number, customer, user_id, message_id, content, at))

    # -- small things the calls need

    def wamid(self) -> str:
        return f"wamid.HBg{self.world.identity()}"

    def digits_id(self) -> str:
        return str(10**15 + secrets.randbelow(9 * 10**15))

    def open_mailbox(self, account: Account, url: str) -> Mailbox:
        return self.world.webhooks.open(url, lambda updates: notices.parcel(updates, account.spec.app_secret))

    async def reset(self) -> None:
        """Forget accounts, and what was still to be told about them."""
        for account in self.accounts.values():
            for mailbox in (account.app_mailbox, account.override_mailbox):
                if mailbox:
                    await self.world.webhooks.close(mailbox)
        self.accounts.clear()
        self.numbers.clear()
        self.inbound_ids.clear()


def arguments(request: Request) -> dict[str, Any]:
    """The call's parameters: the query, then a JSON object or a form."""
    found: dict[str, Any] = dict(request.query) if request.query_string else {}
    if not request.body:
        return found
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return found | dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise GraphError(100, f"The body is not valid JSON: {error}") from None
    if not isinstance(body, dict):
        raise GraphError(100, "The body must be a JSON object.")
    return found | body


def unsupported(request: Request, edge: str) -> GraphError:
    text = f"Unknown path components: /{edge}" if edge else f"Unsupported {request.method.lower()} request."
    return GraphError(2500, text, message=text)
