"""Meta's face with what the control API may do to it; the doing is in steering."""

from typing import Any

from envoi.simulator.customers import Customer
from envoi.simulator.faces import Answer, BadCall, body_of, said, said_later
from envoi.simulator.http_request import Request
from envoi.simulator.meta import steering
from envoi.simulator.meta.accounts import AccountSpec, Number
from envoi.simulator.meta.face import MetaFace


class Meta(MetaFace):
    """What simulator.app.FACES holds for Meta."""

    def steer(self, request: Request, parts: list[str]) -> Answer | None:
        match request.method, parts:
            case "PUT", ["accounts", waba_id]:
                return said_later(steering.put_account(self, waba_id, body_of(request, AccountSpec)))
            case "POST", ["numbers", number_id]:
                changes = body_of(request, dict[str, Any])
                return said(steering.change_number(self, self._number(number_id), changes))
            case "POST", ["templates", name]:
                return said(steering.change_templates(self, name, body_of(request, dict[str, Any])))
        return None

    def act(self, number_id: str, customer: Customer, verb: str, asked: dict[str, Any]) -> dict[str, Any]:
        number = self._number(number_id)
        match verb:
            case "say":
                return steering.say(self, number, customer, asked)
            case "close_window":
                return steering.close_window(number, customer)
        return steering.prefer(self, number, customer, verb)

    def forget_traffic(self) -> None:
        steering.forget_traffic(self)

    def _number(self, number_id: str) -> Number:
        if number_id not in self.numbers:
            raise BadCall(f"There is no number {number_id!r}.", status=404)
        return self.numbers[number_id]
