"""What the control API does to Meta's side, accounts, states, customers' acts; it refuses to send.

Every change that Meta would announce is announced (Meta fact sheet, D.7).
"""

import time
from typing import Any

import msgspec

from envoi.simulator.customers import Customer
from envoi.simulator.faces import BadCall
from envoi.simulator.meta import account_calls, media, notices, templates
from envoi.simulator.meta.accounts import Account, AccountSpec, Number, NumberSpec, Template
from envoi.simulator.meta.face import MetaFace

TIERS = ("TIER_50", "TIER_250", "TIER_2K", "TIER_10K", "TIER_100K", "TIER_UNLIMITED")
DAILY: dict[str, int] = {
    "TIER_50": 50,
    "TIER_250": 250,
    "TIER_2K": 2000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
}
STATUSES = ("APPROVED", "REJECTED", "PENDING", "PAUSED", "DISABLED", "FLAGGED", "IN_APPEAL")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003"
    "010100c9fe92ef0000000049454e44ae426082"
)


class CannotSteer(BadCall):
    """The control call asks for something that can't be; the text says why."""


async def put_account(face: MetaFace, waba_id: str, spec: AccountSpec) -> dict[str, Any]:
    """Set an account up, or change it. A callback that fails its handshake is not saved, as at Meta."""
    account = face.accounts.get(waba_id) or Account(waba_id, spec)
    account.spec = spec
    for number_spec in spec.numbers:
        owner = face.numbers.get(number_spec.id)
        if owner and owner.account is not account:
            raise CannotSteer(f"The number {number_spec.id} belongs to account {owner.account.id}.")
    kept = {number.id: number for number in account.numbers.values()}
    account.numbers = {}
    for number_spec in spec.numbers:
        number = kept.pop(number_spec.id, None) or Number(number_spec, account)
        number.spec = number_spec
        account.numbers[number.id] = face.numbers[number.id] = number
    for number_id in kept:
        face.numbers.pop(number_id, None)
    account.templates = {}
    for template_spec in spec.templates:
        template = templates.from_spec(face, account, template_spec)
        account.templates[template.id] = template
    face.accounts[waba_id] = account

    outcome = "skipped"
    if spec.callback_url and spec.handshake:
        outcome = await account_calls.handshake(face, spec.callback_url, spec.verify_token)
    if spec.callback_url and not outcome.startswith("failed"):
        account.subscribed = True
        if account.app_mailbox:
            account.app_mailbox.url = spec.callback_url
        else:
            account.app_mailbox = face.open_mailbox(account, spec.callback_url)
    return {
        "handshake": outcome,
        "templates": {f"{t.name}/{t.language}": t.id for t in account.templates.values()},
    }


def forget_traffic(face: MetaFace) -> None:
    """Forget what waits for receivers and what the limits counted; accounts stay."""
    face.inbound_ids.clear()
    for account in face.accounts.values():
        for mailbox in (account.app_mailbox, account.override_mailbox):
            if mailbox:
                face.world.webhooks.forget(mailbox)
        for template in account.templates.values():
            template.accepted, template.held = 0, []
    for number_id, number in list(face.numbers.items()):
        fresh = Number(number.spec, number.account, number.settings)
        number.account.numbers[number_id] = face.numbers[number_id] = fresh


def change_number(face: MetaFace, number: Number, changes: dict[str, Any]) -> dict[str, Any]:
    """Change a number's limits, quality or status, and announce it."""
    before = number.spec
    try:
        number.spec = msgspec.convert({**msgspec.to_builtins(before), **changes, "id": before.id}, NumberSpec)
    except msgspec.ValidationError as error:
        raise CannotSteer(str(error)) from None
    after = number.spec
    event = _number_event(before, after)
    if event:
        value = {
            "display_phone_number": number.digits,
            "event": event,
            "current_limit": after.tier,
            "max_daily_conversations_per_business": after.tier,
        }
        _announce(face, number.account, "phone_number_quality_update", value)
    if before.tier != after.tier:
        capability: dict[str, Any] = {
            "max_daily_conversations_per_business": DAILY.get(after.tier, -1),
            "max_phone_numbers_per_business": 20,
            "max_phone_numbers_per_waba": 20,
        }
        _announce(face, number.account, "business_capability_update", capability)
    number_now: dict[str, Any] = msgspec.to_builtins(after)
    return number_now


def _number_event(before: NumberSpec, after: NumberSpec) -> str | None:
    if after.throughput > before.throughput:
        return "THROUGHPUT_UPGRADE"
    if before.tier != after.tier and before.tier in TIERS and after.tier in TIERS:
        return "UPGRADE" if TIERS.index(after.tier) > TIERS.index(before.tier) else "DOWNGRADE"
    flagged_before = before.status == "FLAGGED" or before.quality_rating == "RED"
    flagged_after = after.status == "FLAGGED" or after.quality_rating == "RED"
    if flagged_before != flagged_after:
        return "FLAGGED" if flagged_after else "UNFLAGGED"
    return None


def change_templates(face: MetaFace, name: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Move a template, or every language of a name, to a status or a quality, and announce it."""
    status, quality, language = changes.get("status"), changes.get("quality"), changes.get("language")
    if status is not None and status not in STATUSES:
        raise CannotSteer(f"A template can't be {status!r}: use {', '.join(STATUSES)}.")
    found: list[tuple[Account, Template]] = [
        (account, template)
        for account in face.accounts.values()
        for template in account.templates.values()
        if name in (template.id, template.name) and language in (None, template.language)
    ]
    if not found:
        raise CannotSteer(f"There is no template {name!r}.")
    for account, template in found:
        if quality is not None:
            templates.set_quality(face, account, template, str(quality))
        if status is not None:
            templates.set_status(face, account, template, status)
    return {"templates": {template.id: template.status for _, template in found}}


def say(face: MetaFace, number: Number, customer: Customer, asked: dict[str, Any]) -> dict[str, Any]:
    """Make the customer write now: `text`, `button` {payload, text}, `image` true, or a raw `message`."""
    if isinstance(asked.get("message"), dict):
        content = dict(asked["message"])
    elif isinstance(asked.get("button"), dict):
        content = {"type": "button", "button": asked["button"]}
    elif asked.get("image"):
        content = {"type": "image", "image": _picture(face, number)}
    elif isinstance(asked.get("text"), str):
        content = {"type": "text", "text": {"body": asked["text"]}}
    else:
        raise CannotSteer("Say what the customer writes: text, button, image or message.")
    for extra in ("context", "referral"):
        if isinstance(asked.get(extra), dict):
            content[extra] = asked[extra]
    message_id, update = face.inbound(number, customer, content, int(time.time()))
    face.world.emit(update, customer.key, message_id)
    return {"id": message_id, "delivered_to": update[0].url if update else None}


def _picture(face: MetaFace, number: Number) -> dict[str, Any]:
    medium = media.keep(face, number.account, PIXEL, "image/png", life=media.INBOUND_ID_LIFE)
    url = media.address(face, medium, face.base_url)
    return {"id": medium.id, "mime_type": medium.mime_type, "sha256": medium.sha256, "url": url}


def prefer(face: MetaFace, number: Number, customer: Customer, value: str) -> dict[str, Any]:
    """The native control in the customer's app: stop or resume marketing from this number."""
    if value == "stop":
        customer.stopped_marketing.add(number.id)
    else:
        customer.stopped_marketing.discard(number.id)
    mailbox = number.account.messages_mailbox()
    if mailbox:
        user_id = face.world.people.user_id_of(customer, number.account.spec.portfolio_id)
        update = notices.preference(number, customer, user_id, value, int(time.time()))
        face.world.emit((mailbox, update), customer.key, value, face.world.identity())
    return {"value": value}


def close_window(number: Number, customer: Customer) -> dict[str, Any]:
    customer.written_at.pop(number.id, None)
    return {"window": "closed"}


def _announce(face: MetaFace, account: Account, field: str, value: dict[str, Any]) -> None:
    mailbox = account.fields_mailbox()
    if mailbox:
        now = int(time.time())
        face.world.emit((mailbox, notices.FieldUpdate(account.id, field, value, now)), account.id, field, str(now))
