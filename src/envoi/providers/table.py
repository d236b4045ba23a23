"""Every provider by the name that accounts and webhook addresses use: one line each."""

from __future__ import annotations

from .base import Provider
from .bird import Bird
from .meta import Meta
from .twilio import Twilio
from .zenvia import Zenvia

PROVIDERS: dict[str, Provider] = {
    "bird": Bird(),
    "meta": Meta(),
    "twilio": Twilio(),
    "zenvia": Zenvia(),
}
