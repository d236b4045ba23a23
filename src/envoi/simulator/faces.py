"""The providers that the simulator plays, one line each; it refuses to know what any of them says.

A face answers what comes in below /<name>/ (with that prefix taken off), and Meta what no other face claims. The
control API hands it what it does not answer itself: /_simulator/<name>/… and customers' acts at its numbers.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from envoi.simulator.customers import Customer
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply
from envoi.simulator.world import World

Body = TypeVar("Body")
Answer = Reply | Awaitable[Reply]


class BadCall(Exception):
    """A control call that can't be carried out; the text says why."""

    def __init__(self, text: str, *, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class PlayedProvider(Protocol):
    """What the table's classes must be able to do. `base_url` is where clients reach this face, set once known."""

    base_url: str

    def __init__(self, world: World) -> None: ...

    @property
    def numbers(self) -> Mapping[str, Any]:
        """Its business numbers by their ids, which no other face may use."""

    def handle(self, request: Request) -> Answer:
        """Answer a client's call."""

    def steer(self, request: Request, parts: list[str]) -> Answer | None:
        """Answer /_simulator/<name>/<parts>, None for what does not exist. Raises BadCall."""

    def act(self, number_id: str, customer: Customer, verb: str, asked: dict[str, Any]) -> dict[str, Any]:
        """A customer's act at one of its numbers: say, stop, resume or close_window. Raises BadCall."""

    def forget_traffic(self) -> None:
        """Forget what waits for receivers and what the limits counted; accounts stay."""

    async def reset(self) -> None:
        """Forget accounts, too."""


def body_of(request: Request, shape: type[Body]) -> Body:
    """The JSON body of a control call. Raises BadCall."""
    try:
        return msgspec.json.decode(request.body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadCall(str(error)) from None


def said(answer: Any) -> Reply:
    return Reply(body=msgspec.json.encode(answer))


async def said_later(answer: Awaitable[Any]) -> Reply:
    """The reply to a control call that takes time; a BadCall in between is a refusal, too."""
    try:
        return said(await answer)
    except BadCall as refusal:
        return refused(refusal)


def refused(refusal: BadCall) -> Reply:
    return Reply(refusal.status, msgspec.json.encode({"error": str(refusal)}))


Faces = Mapping[str, PlayedProvider]
MakeFace = Callable[[World], PlayedProvider]
