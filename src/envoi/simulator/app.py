"""Routes a request to the control API or to a provider's face; it refuses to know what they do."""

from collections.abc import Awaitable
from dataclasses import replace

from envoi.simulator.bird.steered import Bird
from envoi.simulator.control import PREFIX, Control
from envoi.simulator.faces import MakeFace, PlayedProvider
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply
from envoi.simulator.meta.steered import Meta
from envoi.simulator.twilio.steered import Twilio
from envoi.simulator.world import World
from envoi.simulator.zenvia.steered import Zenvia

# A line each. A face is reached below /<name>; Meta also answers everything that no prefix claims.
FACES: dict[str, MakeFace] = {
    "bird": Bird,
    "meta": Meta,
    "twilio": Twilio,
    "zenvia": Zenvia,
}


class App:
    """One simulated world with all its faces."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faces: dict[str, PlayedProvider] = {name: make(world) for name, make in FACES.items()}
        self.control = Control(world, self.faces)

    def listens_at(self, address: str) -> None:
        """Tell every face how clients reach it."""
        for name, face in self.faces.items():
            face.base_url = address if name == "meta" else f"{address}/{name}"

    def handle(self, request: Request) -> Reply | Awaitable[Reply]:
        if request.path == PREFIX or request.path.startswith(f"{PREFIX}/"):
            return self.control.handle(request)
        name, _, rest = request.path.removeprefix("/").partition("/")
        if name in self.faces:
            return self.faces[name].handle(replace(request, path=f"/{rest}"))
        return self.faces["meta"].handle(request)

    async def stop(self) -> None:
        self.world.clock.clear()
        await self.world.webhooks.stop()
        self.world.ledger.close()
