"""Routes a request to the control API or to a provider's face; it refuses to know either."""

from collections.abc import Awaitable

from envoi.simulator.control import PREFIX, Control
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply
from envoi.simulator.meta.face import MetaFace
from envoi.simulator.world import World


class App:
    """One simulated world with all its faces. Meta answers everything that no prefix claims."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.meta = MetaFace(world)
        self.control = Control(world, self.meta)

    def handle(self, request: Request) -> Reply | Awaitable[Reply]:
        if request.path == PREFIX or request.path.startswith(f"{PREFIX}/"):
            return self.control.handle(request)
        return self.meta.handle(request)

    async def stop(self) -> None:
        self.world.clock.clear()
        await self.world.webhooks.stop()
        self.world.ledger.close()
