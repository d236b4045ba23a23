"""POST /channels/whatsapp/messages: refuse, fail or accept; it refuses to say what becomes of a message.

Zenvia sheet, 2 and 5. It answers at once and asynchronously: that the 24 h window is closed, or the pair rate is
spent, or the template paused, is told by a status later. Of several contents in one call only one life is played.
"""

import time
from typing import TYPE_CHECKING, Any

import msgspec

from envoi.simulator.countries import digits_of
from envoi.simulator.customers import USER_ID, Customer
from envoi.simulator.fates import Subject
from envoi.simulator.http_server import Reply
from envoi.simulator.ledger import Entry
from envoi.simulator.world import BEFORE_ACCEPTANCE
from envoi.simulator.zenvia import kinds, template_sends
from envoi.simulator.zenvia.accounts import Account, Sender, Template, moment
from envoi.simulator.zenvia.errors import ZenviaError, invalid, missing

if TYPE_CHECKING:
    from envoi.simulator.zenvia.face import ZenviaFace

WINDOW_CLOSED = 131047
PAIR_RATE = 131056


def send(face: "ZenviaFace", account: Account, message: dict[str, Any]) -> Reply:
    """Answer one request to send. Raises ZenviaError."""
    world = face.world
    world.ledger.request(str(message.get("from")), time.monotonic())
    _spend_throughput(face, account)
    sender = _sender(account, message.get("from"))
    customer = _recipient(face, sender, message.get("to"))
    opaque = message.get("externalId")
    if opaque is not None and not isinstance(opaque, str):
        raise invalid("externalId", "Should be a text.")
    if "idRef" in message:
        kinds.words(message["idRef"], "idRef")
    content, template = _content(account, sender, message.get("contents"))

    key = world.attempt_key(customer, opaque, sender.id)
    fault = world.fault_for(customer, key)
    if fault:
        world.ledger.faults[fault] += 1
    after = _answer_delay(face, customer, key)
    if fault in BEFORE_ACCEPTANCE:
        return Reply(ending="drop", after=after) if fault == "drop_before" else face.refusal(_down(fault), after=after)

    entry = Entry(
        wamid=face.uuid(),
        opaque=opaque,
        to=str(message["to"]),
        customer=customer.key,
        provider="zenvia",
        phone_number_id=sender.id,
        accepted_at=time.time(),
        kind=str(content["type"]),
        template=template.name if template else None,
        category=template.category if template else "SERVICE",
        fault=fault,
    )
    world.ledger.remember(entry, message)
    _begin_life(face, sender, customer, entry, template, key)
    match fault:
        case "drop_after":
            return Reply(ending="drop", after=after)
        case "timeout_after":
            return Reply(ending="hang_up", after=world.settings.faults.hold_seconds)
        case "error_500_after":
            return face.refusal(_down(fault), after=after)
    told = {"direction": "OUT", "channel": "whatsapp", "timestamp": moment(entry.accepted_at)}
    return Reply(body=msgspec.json.encode({"id": entry.wamid, **message, **told}), after=after)


def _begin_life(
    face: "ZenviaFace", sender: Sender, customer: Customer, entry: Entry, template: Template | None, key: str
) -> None:
    world, now = face.world, face.world.clock.now()
    open_window = customer.window_is_open(sender.id, entry.accepted_at)
    within_pair_rate = not world.settings.pair_limit or world.pairs.allows(sender.id, customer.key, now)
    world.pairs.spend(sender.id, customer.key, now)
    if template is not None and not open_window:
        world.ledger.opened(sender.account.id, customer.key)
    buttons = template.buttons if template else []
    tappable = [button if button.get("type") in ("QUICK_REPLY", "OPT_OUT") else {} for button in buttons]
    subject = Subject(
        key=key,
        number=sender.id,
        is_template=template is not None,
        is_marketing=template is not None and template.category == "MARKETING",
        buttons=tuple(str(button.get("text", "")) for button in tappable),
        payloads=tuple(str(button.get("payload", "")) for button in tappable),
    )
    life = world.accept(entry, customer, subject, face)
    if template is not None and template.status in template_sends.LATE_FAILURES:
        life.end_by(template_sends.LATE_FAILURES[template.status])
    elif template is None and not open_window:
        life.end_by(WINDOW_CLOSED)
    elif not within_pair_rate:
        life.end_by(PAIR_RATE)
    else:
        life.begin()


def _spend_throughput(face: "ZenviaFace", account: Account) -> None:
    """Count the call in the token's last real second, or refuse it (429: K, sheet 5; no code is listed)."""
    now = time.monotonic()
    if not face.world.settings.throughput_limit:
        return
    if account.window.count(now) >= account.spec.throughput:
        raise ZenviaError(429, "", "Too many requests.", headers={"retry-after": "1"})
    account.window.add(now)


def _sender(account: Account, given: Any) -> Sender:
    kinds.words(given, "from", most=64)
    if given not in account.senders:
        raise missing(f"The sender {given}")
    return account.senders[given]


def _recipient(face: "ZenviaFace", sender: Sender, to: Any) -> Customer:
    kinds.words(to, "to", most=64)
    if USER_ID.fullmatch(to):
        return face.world.customer(to)
    if digits_of(to) != to or not 8 <= len(to) <= 15:
        raise invalid("to", "Should be a number in digits, with its country code and without +.")
    if to == sender.id:
        raise invalid("to", "Should not be the sender.")
    return face.world.customer(to)


def _content(account: Account, sender: Sender, contents: Any) -> tuple[dict[str, Any], Template | None]:
    """The first content, all of them checked, and its template if it is one."""
    if not isinstance(contents, list) or not contents:
        raise invalid("contents", "Should have at least one content.")
    templates: list[Template | None] = []
    for index, content in enumerate(contents):
        path = f"contents[{index}]"
        if not isinstance(content, dict):
            raise invalid(path, "Should be an object.")
        if content.get("type") == "template":
            template = template_sends.template_for(account, sender.id, content, path)
            template_sends.check(template, content, path)
            templates.append(template)
        else:
            kinds.check(content, path)
            templates.append(None)
    return contents[0], templates[0]


def _down(fault: str) -> ZenviaError:
    if fault == "error_503":
        return ZenviaError(503, "", "Service unavailable.")
    return ZenviaError(500, "INTERNAL_ERROR", "An internal error has occurred.")


def _answer_delay(face: "ZenviaFace", customer: Customer, key: str) -> float:
    usual = face.world.settings.faults.answer_seconds
    return usual * face.world.draws.between(0.5, 2.0, "answer delay", customer.key, key) if usual else 0.0
