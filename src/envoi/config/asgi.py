"""The one server: provider webhooks to the gateway, everything else to the pages, on one port by path."""

from __future__ import annotations

from . import start  # isort: skip  (Django has to be set up before anything below is imported)

from django.core.asgi import get_asgi_application

from envoi.core.postgres import database_url
from envoi.gateway.asgi import AsgiGateway

__all__ = ["application", "start"]

GATEWAY_PATHS = ("/hooks/", "/health/", "/metrics")

pages = get_asgi_application()
gateway = AsgiGateway(database_url())


async def application(scope, receive, send):
    """ASGI: lifespan and the gateway's paths to the gateway, the rest to Django."""
    if scope["type"] == "lifespan" or scope.get("path", "").startswith(GATEWAY_PATHS):
        await gateway(scope, receive, send)
    else:
        await pages(scope, receive, send)
