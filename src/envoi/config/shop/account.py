"""The demo's account at each simulated provider: the same facts for both sides, ours and the simulator's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...providers.twilio.components import content_of
from ...providers.zenvia.wordings import to_zenvia
from . import wording

ADDRESS = "+33639980000"
DIGITS = ADDRESS.removeprefix("+")
# Of the simulator, which nobody else reaches.
TOKEN = "demo-token"  # noqa: S105
APP_SECRET = "demo-app-secret"  # noqa: S105
VERIFY_TOKEN = "demo-verify-token"  # noqa: S105
HOOK_SECRET = "demo-hook-secret"  # noqa: S105
SIGNING_KEY = "whsec_ZGVtby1zaWduaW5nLWtleS1vZi10aGUtc2hvcA=="

WABA = "100000000000001"
NUMBER_ID = "100000000000002"

Spec = Callable[[str, int], dict[str, Any]]


@dataclass(frozen=True)
class Played:
    """One provider as the demo plays it.

    account_id, channel_id, template_id: the provider's ids, as we keep them. path: where the simulator plays it. tier:
    what it says of the number's daily limit ("" for Zenvia, which says nothing).
    control: what names the account in the simulator's control API. spec(callback_url, throughput): the account as the
    simulator is told of it (PUT /_simulator/<provider>/accounts/<control>).
    """

    provider: str
    account_id: str
    channel_id: str
    credentials: dict[str, str]
    control: str
    spec: Spec
    path: str = ""
    tier: str = ""
    template_id: str = ""


def _meta(callback_url: str, throughput: int) -> dict[str, Any]:
    return {
        "token": TOKEN,
        "app_secret": APP_SECRET,
        "callback_url": callback_url,
        "verify_token": VERIFY_TOKEN,
        "numbers": [
            {
                "id": NUMBER_ID,
                "display_phone_number": DIGITS,
                "verified_name": "Record shop",
                "throughput": throughput,
                "tier": "TIER_100K",
            }
        ],
        "templates": [_approved() | {"parameter_format": "NAMED"}],
    }


def _twilio(callback_url: str, throughput: int) -> dict[str, Any]:
    types, variables = content_of(wording.COMPONENTS, "marketing")
    content = {"name": wording.NAME, "language": wording.LANGUAGE, "types": types, "variables": variables}
    return {
        "auth_token": TOKEN,
        "callback_url": callback_url,
        "status_callback_url": callback_url,
        # Twilio drops a webhook that fails; the demo's server may still be starting.
        "retry_count": 20,
        "requests_per_second": 1000,
        "senders": [{"sender": ADDRESS, "throughput": throughput, "messaging_limit": "100K Customers/24hr"}],
        "contents": [content | {"sid": CONTENT_SID}],
    }


def _bird(callback_url: str, throughput: int) -> dict[str, Any]:
    return {
        "access_key": TOKEN,
        "waba": "workspace",
        "signing_key": SIGNING_KEY,
        "callback_url": callback_url,
        "channels": [{"phone_number": ADDRESS, "throughput": throughput, "messaging_limit": "tier_100k"}],
        "templates": [_approved() | {"parameter_format": "NAMED"}],
    }


def _zenvia(callback_url: str, throughput: int) -> dict[str, Any]:
    components, examples = to_zenvia(wording.COMPONENTS, "MARKETING")
    template = {"id": "demo-template", "name": wording.NAME, "locale": wording.LANGUAGE}
    return {
        "token": TOKEN,
        "throughput": throughput,
        "callback_url": callback_url,
        "hook_headers": {"X-Hook-Secret": HOOK_SECRET},
        "senders": [{"id": DIGITS}],
        "templates": [template | {"components": components, "examples": examples}],
    }


def _approved() -> dict[str, Any]:
    return {
        "name": wording.NAME,
        "language": wording.LANGUAGE,
        "category": "MARKETING",
        "status": "APPROVED",
        "components": wording.COMPONENTS,
    }


ACCOUNT_SID = "AC" + "d" * 32
CONTENT_SID = "HX" + "d" * 32

PLAYED: dict[str, Played] = {
    one.provider: one
    for one in (
        Played(
            provider="meta",
            account_id=WABA,
            channel_id=NUMBER_ID,
            credentials={"token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN},
            control=WABA,
            spec=_meta,
            tier="TIER_100K",
        ),
        Played(
            provider="twilio",
            account_id=ACCOUNT_SID,
            channel_id=ADDRESS,
            credentials={"auth_token": TOKEN},
            control=ACCOUNT_SID,
            spec=_twilio,
            path="/twilio",
            tier="TIER_100K",
            template_id=CONTENT_SID,
        ),
        Played(
            provider="bird",
            account_id="workspace",
            channel_id=ADDRESS,
            credentials={"access_key": TOKEN, "signing_key": SIGNING_KEY, "region": "eu1"},
            control="demo",
            spec=_bird,
            path="/bird",
            tier="tier_100k",
        ),
        Played(
            provider="zenvia",
            account_id=DIGITS,
            channel_id=DIGITS,
            credentials={"token": TOKEN, "hook_secret": HOOK_SECRET},
            control="demo",
            spec=_zenvia,
            path="/zenvia",
            template_id="demo-template",
        ),
    )
}
