"""Template calls to a provider over the network, outside of any transaction. It writes nothing."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from ..channels.models import Account
from ..core.events import Failure
from ..core.vault import Unreadable, unseal
from ..providers import base
from ..providers.http import Client
from ..providers.table import PROVIDERS
from .parts import MEDIA

Found = TypeVar("Found")

LARGEST_SAMPLE = 16 * base.MEBIBYTE  # what WhatsApp takes of a video (Meta sheet, B)
SAMPLE_TYPES = ("image/jpeg", "image/png", "video/mp4", "application/pdf")


def ask(account: Account, call: Callable[[base.Templates, base.Http, base.Account], Awaitable[Found]]) -> Found:
    """Run one exchange with the account's provider. Raises a SendError, Suspended when nothing can be asked."""
    api = PROVIDERS[account.provider].templates
    if api is None:
        raise base.Suspended(Failure("no_api", _("The provider has no API for templates")))
    try:
        credentials = unseal(bytes(account.credentials))
    except (Unreadable, ValueError) as error:
        raise base.Suspended(Failure("credentials", _("The account’s credentials can’t be read"))) from error
    at = base.Account(
        provider_id=account.provider_id,
        credentials=credentials,
        base_url=account.base_url,
        allow_base_url=os.environ.get("ENVOI_PROVIDER_URLS") == "1",
    )

    async def exchange() -> Found:
        async with Client(connections=4) as http:
            return await call(api, http, at)

    return asyncio.run(exchange())


async def with_samples(
    api: base.Templates, http: base.Http, account: base.Account, components: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The components with the provider's own handles of sample files, where it wants the file instead of a link.

    An account with an address of its own (simulator, proxy) gets the link: the files of a rehearsal are nowhere.
    """
    if not isinstance(api, base.Samples) or account.address("") != "":
        return components
    return [await _with_sample(api, http, account, part) for part in components]


async def _with_sample(
    api: base.Samples, http: base.Http, account: base.Account, part: dict[str, Any]
) -> dict[str, Any]:
    if "cards" in part:
        cards = []
        for card in part["cards"]:
            cards.append({"components": [await _with_sample(api, http, account, one) for one in card["components"]]})
        return {**part, "cards": cards}
    links = (part.get("example") or {}).get("header_handle") or []
    if str(part.get("format", "")).lower() not in MEDIA or not links or not str(links[0]).startswith("https://"):
        return part
    mime_type, data = await _fetch(http, str(links[0]))
    name = urlsplit(links[0]).path.rpartition("/")[2] or "sample"
    handle = await api.sample(http, account, name=name, mime_type=mime_type, data=data)
    return {**part, "example": {"header_handle": [handle]}}


async def _fetch(http: base.Http, link: str) -> tuple[str, bytes]:
    """A sample file from a public address: never from this machine or its network, whoever asks for it."""
    if not await asyncio.to_thread(is_public, urlsplit(link).hostname or ""):
        raise base.Rejected(Failure("sample", _("The sample’s address leads to no public website"), link))
    answer = await http.request("GET", link, {}, most=LARGEST_SAMPLE)
    mime_type = answer.headers.get("content-type", "").partition(";")[0].strip()
    if answer.status != 200 or mime_type not in SAMPLE_TYPES:
        title = _("The sample’s address does not lead to a JPEG, PNG, MP4 or PDF file")
        raise base.Rejected(Failure("sample", title, f"{answer.status} {mime_type} {link}"))
    return mime_type, answer.body


def is_public(host: str) -> bool:
    """Whether every address of a host is one of the public internet."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, 443, proto=socket.IPPROTO_TCP)}
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(ipaddress.ip_address(str(one).partition("%")[0]).is_global for one in found)
