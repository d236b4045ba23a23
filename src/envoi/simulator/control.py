"""The control API under /_simulator: set up, steer, inspect; it refuses nothing to who reaches the port.

GET  health                          {"ok": true, "seed", "speed", "simulated_seconds"}
POST reset                           forget customers, messages, counts; with {"accounts": true} accounts, too
GET  settings, POST settings         read, or lay changes over (settings.changed)
POST scenario                        a scenario (customers.Scenario)
GET  ledger                          the judge's figures
GET  ledger/messages                 every accepted send, NDJSON
PUT  meta/accounts/{waba_id}         AccountSpec -> {"handshake": "ok" | "failed: …" | "skipped", "templates"}
POST meta/numbers/{id}               {"throughput" | "quality_rating" | "tier" | "status"}, with its webhook
POST meta/templates/{id or name}     {"status" | "quality", "language"?}, with its webhook
POST customers/{phone}/say           {"text" | "button" | "message", "phone_number_id"} -> {"id"}
POST customers/{phone}/stop, resume  {"phone_number_id"}: the native "stop promotions"
POST customers/{phone}/close_window  as if 24 h had passed since the customer last wrote

In the ledger: `requests` to send; `accepted` of them; `duplicates`: accepted sends beyond the first with the
same opaque id; `customers`: unique recipients of accepted sends; `customers_opened`: by portfolio, those a
template reached outside the 24 h window; `customers_written_twice`: those with more than one accepted
template; `sent` to `replied`: messages that got so far; `refused`: requests by error code; `failures`:
asynchronous ones by code; `faults` by name; `peak_per_second`: most requests in any sliding real second,
refused ones included. `pending_webhooks` updates wait for the receiver, `scheduled` events are still to
happen: the world is quiet when both are 0.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from envoi.simulator.countries import digits_of
from envoi.simulator.customers import USER_ID, Customer, Scenario
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply
from envoi.simulator.meta import steering
from envoi.simulator.meta.accounts import AccountSpec, Number
from envoi.simulator.meta.face import MetaFace
from envoi.simulator.settings import UnknownSetting
from envoi.simulator.world import World

PREFIX = "/_simulator"

Body = TypeVar("Body")
Answer = Reply | Awaitable[Reply]

_encode = msgspec.json.encode


class BadCall(Exception):
    """A control call that can't be carried out; the text says why."""

    def __init__(self, text: str, *, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Control:
    """Answers the control API."""

    def __init__(self, world: World, meta: MetaFace) -> None:
        self.world = world
        self.meta = meta

    def handle(self, request: Request) -> Answer:
        parts = request.path.removeprefix(PREFIX).strip("/").split("/")
        try:
            answer = self._dispatch(request, parts)
        except BadCall as refusal:
            return _refusal(str(refusal), refusal.status)
        except (UnknownSetting, steering.CannotSteer) as refusal:
            return _refusal(str(refusal), 400)
        return answer

    def _dispatch(self, request: Request, parts: list[str]) -> Answer:
        match request.method, parts:
            case "GET", ["health"]:
                return self._health()
            case "POST", ["reset"]:
                return self._reset(request)
            case "GET", ["settings"]:
                return Reply(body=_encode(self.world.settings))
            case "POST", ["settings"]:
                self.world.change_settings(_body(request, dict[str, Any]))
                return Reply(body=_encode(self.world.settings))
            case "POST", ["scenario"]:
                scenario = _body(request, Scenario)
                self.world.play(scenario)
                return _said({"customers": len(scenario.customers)})
            case "GET", ["ledger"]:
                return _said(self.world.report())
            case "GET", ["ledger", "messages"]:
                return Reply(body=self.world.ledger.lines(), content_type="application/x-ndjson")
            case "PUT", ["meta", "accounts", waba_id]:
                return self._put_account(waba_id, _body(request, AccountSpec))
            case "POST", ["meta", "numbers", number_id]:
                changes = _body(request, dict[str, Any])
                return _said(steering.change_number(self.meta, self._number(number_id), changes))
            case "POST", ["meta", "templates", name]:
                return _said(steering.change_templates(self.meta, name, _body(request, dict[str, Any])))
            case "POST", ["customers", identity, verb]:
                return self._customer_call(identity, verb, request)
        raise BadCall(f"There is no {request.method} {request.path} here; see envoi/simulator/control.py.", status=404)

    def _health(self) -> Reply:
        clock = self.world.clock
        body = {
            "ok": True,
            "seed": self.world.draws.seed,
            "speed": clock.speed,
            "simulated_seconds": clock.now(),
        }
        return _said(body)

    async def _reset(self, request: Request) -> Reply:
        asked = _body(request, dict[str, Any]) if request.body else {}
        if asked.get("accounts"):
            await self.meta.reset()
        else:
            steering.forget_traffic(self.meta)
        self.world.reset()
        return _said({"ok": True})

    async def _put_account(self, waba_id: str, spec: AccountSpec) -> Reply:
        return _said(await steering.put_account(self.meta, waba_id, spec))

    def _customer_call(self, identity: str, verb: str, request: Request) -> Reply:
        verbs: dict[str, Callable[[Number, Customer, dict[str, Any]], dict[str, Any]]] = {
            "say": self._say,
            "stop": lambda number, customer, _: steering.prefer(self.meta, number, customer, "stop"),
            "resume": lambda number, customer, _: steering.prefer(self.meta, number, customer, "resume"),
            "close_window": lambda number, customer, _: steering.close_window(number, customer),
        }
        if verb not in verbs:
            raise BadCall(f"A customer can't {verb}: use {', '.join(verbs)}.", status=404)
        asked = _body(request, dict[str, Any]) if request.body else {}
        known = digits_of(identity) or (identity if USER_ID.fullmatch(identity) else "")
        if not known:
            raise BadCall(f"{identity!r} is neither a phone nor a business-scoped user id.")
        number = self._number(str(asked.get("phone_number_id", "")))
        return _said(verbs[verb](number, self.world.customer(known), asked))

    def _say(self, number: Number, customer: Customer, asked: dict[str, Any]) -> dict[str, Any]:
        return steering.say(self.meta, number, customer, asked)

    def _number(self, number_id: str) -> Number:
        """The number with this id; without one, the only number there is."""
        numbers = self.meta.numbers
        if not number_id and len(numbers) == 1:
            return next(iter(numbers.values()))
        if number_id not in numbers:
            raise BadCall(f"There is no number {number_id!r}: say which with phone_number_id.", status=404)
        return numbers[number_id]


def _body(request: Request, shape: type[Body]) -> Body:
    try:
        return msgspec.json.decode(request.body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadCall(str(error)) from None


def _said(answer: Any) -> Reply:
    return Reply(body=_encode(answer))


def _refusal(text: str, status: int) -> Reply:
    return Reply(status, _encode({"error": text}))
