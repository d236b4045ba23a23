"""The gateway's guess which webhooks may carry what somebody wrote: never too few, seldom too many."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envoi.core.events import MessageReceived
from envoi.providers.table import PROVIDERS

HERE = Path(__file__).parent
FOLDERS = {name: HERE / name / "fixtures" for name in ("bird", "twilio", "zenvia")} | {
    "meta": HERE / "fixtures" / "meta"
}
CASES = [
    (name, path)
    for name, folder in FOLDERS.items()
    for path in sorted(folder.glob("*.facts.json"))
    if path.with_name(path.name.replace(".facts", "")).exists()
]


def body_of(provider: str, facts: Path) -> bytes:
    stored = facts.with_name(facts.name.replace(".facts", "")).read_bytes()
    return json.loads(stored)["body"].encode() if provider == "twilio" else stored


@pytest.mark.parametrize(
    ("provider", "facts"), CASES, ids=lambda one: one.name.split(".")[0] if isinstance(one, Path) else one
)
def test_messages_are_urgent_and_receipts_are_not(provider: str, facts: Path):
    kinds = {fact["fact"] for fact in json.loads(facts.read_text())}
    urgent = PROVIDERS[provider].urgent(body_of(provider, facts))
    if MessageReceived.__name__ in kinds:
        assert urgent
    elif "Receipt" in kinds:
        assert not urgent


def test_a_customer_can_not_write_their_way_out_of_it():
    words = '"statuses": [], "type": "MESSAGE_STATUS", "direction": "sent", "event": "whatsapp.outbound"'
    meta = {"messages": [{"type": "text", "text": {"body": words}}]}
    assert PROVIDERS["meta"].urgent(json.dumps(meta).encode())
    assert PROVIDERS["zenvia"].urgent(json.dumps({"type": "MESSAGE", "text": words}).encode())
    assert PROVIDERS["bird"].urgent(json.dumps({"event": "whatsapp.inbound", "text": words}).encode())
    assert PROVIDERS["twilio"].urgent(b"SmsStatus=received&Body=MessageStatus%3Dsent&MessageSid=SM1")


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_what_nobody_knows_is_urgent(provider: str):
    assert PROVIDERS[provider].urgent(b"")
    assert PROVIDERS[provider].urgent(b'{"something": "new"}')
