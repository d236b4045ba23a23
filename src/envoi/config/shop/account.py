"""The demo's account at the simulated provider: the same facts for both sides."""

from __future__ import annotations

from . import wording

WABA = "100000000000001"
NUMBER_ID = "100000000000002"
ADDRESS = "+33639980000"
TOKEN = "demo-token"  # noqa: S105  (of the simulator, which nobody else reaches)
APP_SECRET = "demo-app-secret"  # noqa: S105
VERIFY_TOKEN = "demo-verify-token"  # noqa: S105


def simulator_account(*, callback_url: str, throughput: int) -> dict[str, object]:
    """The same account as the simulator is told of it (PUT /_simulator/meta/accounts/{waba})."""
    return {
        "token": TOKEN,
        "app_secret": APP_SECRET,
        "callback_url": callback_url,
        "verify_token": VERIFY_TOKEN,
        "numbers": [
            {
                "id": NUMBER_ID,
                "display_phone_number": ADDRESS.removeprefix("+"),
                "verified_name": "Record shop",
                "throughput": throughput,
            }
        ],
        "templates": [
            {
                "name": wording.NAME,
                "language": wording.LANGUAGE,
                "category": "MARKETING",
                "status": "APPROVED",
                "parameter_format": "NAMED",
                "components": wording.COMPONENTS,
            }
        ],
    }
