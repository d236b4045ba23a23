"""The control API under /_simulator: set up, steer, inspect; it refuses nothing to who reaches the port.

GET  health                          {"ok": true, "seed", "speed", "simulated_seconds"}
POST reset                           forget customers, messages, counts; with {"accounts": true} accounts, too
GET  settings, POST settings         read, or lay changes over (settings.changed)
POST scenario                        a scenario (customers.Scenario)
GET  ledger                          the judge's figures
GET  ledger/messages                 every accepted send, NDJSON
GET  ledger/bodies                   {"bodies": what the last 200 accepted sends asked for, as it came}
PUT  meta/accounts/{waba_id}         AccountSpec -> {"handshake": "ok" | "failed: …" | "skipped", "templates"}
POST meta/numbers/{id}               {"throughput" | "quality_rating" | "tier" | "status"}, with its webhook
POST meta/templates/{id or name}     {"status" | "quality", "language"?}, with its webhook
     The other faces have the same three under their own names where they can: see <name>/steered.py.
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

from typing import Any

import msgspec

from envoi.simulator.countries import digits_of
from envoi.simulator.customers import USER_ID, Scenario
from envoi.simulator.faces import Answer, BadCall, Faces, body_of, refused, said
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply
from envoi.simulator.settings import UnknownSetting
from envoi.simulator.world import World

PREFIX = "/_simulator"
VERBS = ("say", "stop", "resume", "close_window")

_encode = msgspec.json.encode


class Control:
    """Answers the control API."""

    def __init__(self, world: World, faces: Faces) -> None:
        self.world = world
        self.faces = faces

    def handle(self, request: Request) -> Answer:
        parts = request.path.removeprefix(PREFIX).strip("/").split("/")
        try:
            return self._dispatch(request, parts)
        except BadCall as refusal:
            return refused(refusal)
        except UnknownSetting as refusal:
            return refused(BadCall(str(refusal)))

    def _dispatch(self, request: Request, parts: list[str]) -> Answer:
        match request.method, parts:
            case "GET", ["health"]:
                return self._health()
            case "POST", ["reset"]:
                return self._reset(request)
            case "GET", ["settings"]:
                return Reply(body=_encode(self.world.settings))
            case "POST", ["settings"]:
                self.world.change_settings(body_of(request, dict[str, Any]))
                return Reply(body=_encode(self.world.settings))
            case "POST", ["scenario"]:
                scenario = body_of(request, Scenario)
                self.world.play(scenario)
                return said({"customers": len(scenario.customers)})
            case "GET", ["ledger"]:
                return said(self.world.report())
            case "GET", ["ledger", "messages"]:
                return Reply(body=self.world.ledger.lines(), content_type="application/x-ndjson")
            case "GET", ["ledger", "bodies"]:
                return said({"bodies": self.world.ledger.bodies()})
            case "POST", ["customers", identity, verb]:
                return self._customer_act(identity, verb, request)
            case _, [name, *rest] if name in self.faces:
                answer = self.faces[name].steer(request, rest)
                if answer is not None:
                    return answer
        raise BadCall(f"There is no {request.method} {request.path} here; see envoi/simulator/control.py.", status=404)

    def _health(self) -> Reply:
        clock = self.world.clock
        body = {
            "ok": True,
            "seed": self.world.draws.seed,
            "speed": clock.speed,
            "simulated_seconds": clock.now(),
        }
        return said(body)

    async def _reset(self, request: Request) -> Reply:
        try:
            asked = body_of(request, dict[str, Any]) if request.body else {}
        except BadCall as refusal:
            return refused(refusal)
        for face in self.faces.values():
            if asked.get("accounts"):
                await face.reset()
            else:
                face.forget_traffic()
        self.world.reset()
        return said({"ok": True})

    def _customer_act(self, identity: str, verb: str, request: Request) -> Reply:
        if verb not in VERBS:
            raise BadCall(f"A customer can't {verb}: use {', '.join(VERBS)}.", status=404)
        asked = body_of(request, dict[str, Any]) if request.body else {}
        known = digits_of(identity) or (identity if USER_ID.fullmatch(identity) else "")
        if not known:
            raise BadCall(f"{identity!r} is neither a phone nor a business-scoped user id.")
        number_id = str(asked.get("phone_number_id", ""))
        owners = {number: face for face in self.faces.values() for number in face.numbers}
        if not number_id and len(owners) == 1:
            number_id = next(iter(owners))
        if number_id not in owners:
            raise BadCall(f"There is no number {number_id!r}: say which with phone_number_id.", status=404)
        return said(owners[number_id].act(number_id, self.world.customer(known), verb, asked))
