"""POST /{phone_number_id}/messages: refuse, fail or accept; it refuses to say what becomes of a message.

Meta fact sheet, A.1 to A.5, E.1. Order: the number's throughput, the message's own validity, the window, the
pair rate, then chance. What a limit or a check refused never uses up a draw, so timing does not change fates.
"""

import time
from typing import TYPE_CHECKING, Any

import msgspec

from envoi.simulator.countries import digits_of
from envoi.simulator.customers import USER_ID, Customer
from envoi.simulator.fates import Subject
from envoi.simulator.http_server import Reply
from envoi.simulator.ledger import Entry
from envoi.simulator.meta import kinds, pacing, template_sends
from envoi.simulator.meta.accounts import Number, Template
from envoi.simulator.meta.errors import GraphError
from envoi.simulator.world import BEFORE_ACCEPTANCE

if TYPE_CHECKING:
    from envoi.simulator.meta.face import MetaFace

LONGEST_OPAQUE = 512
UNSENDABLE = {
    "PENDING": 133010,
    "DISCONNECTED": 133010,
    "BANNED": 131031,
    "RESTRICTED": 368,
    "RATE_LIMITED": 131048,
}
SUCCESS = Reply(body=b'{"success":true}')

_encode = msgspec.json.encode


def send(face: "MetaFace", number: Number, message: dict[str, Any], *, marketing_only: bool = False) -> Reply:
    """Answer one request to send or to mark as read."""
    world = face.world
    if "status" not in message:
        world.ledger.request(number.id, time.monotonic())
    if message.get("messaging_product") != "whatsapp":
        raise GraphError(100, "The parameter messaging_product is required and must be whatsapp.")
    if "status" in message:
        return _mark_read(face, message)

    _spend_throughput(face, number)
    if number.spec.status in UNSENDABLE:
        raise GraphError(UNSENDABLE[number.spec.status], f"The phone number is {number.spec.status}.")
    opaque = _opaque(message)
    asked, customer, by_user_id = _recipient(face, number, message)
    kind = message.get("type", "text")
    template = None
    payloads: list[str] = []
    now = world.clock.now()

    def media(media_id: str) -> bool:
        return number.account.has_medium(media_id, now)

    if kind == "template":
        template, sent = template_sends.template_for(number.account, message)
        payloads = template_sends.check(template, sent, media)
        if by_user_id and template.category == "AUTHENTICATION":
            raise GraphError(131062, "Authentication templates need a phone number.")
    else:
        kinds.check(str(kind), message, media)
    if marketing_only and (template is None or template.category != "MARKETING"):
        raise GraphError(134100, "This endpoint sends marketing templates only.")
    if customer is None:
        return _swallow(face, number, asked, opaque, str(kind))
    if template is None and not customer.window_is_open(number.id, time.time()):
        raise GraphError(131047, "More than 24 hours have passed since the customer last replied to this number.")
    if world.settings.pair_limit and not world.pairs.allows(number.id, customer.key, now):
        raise GraphError(131056, "Too many messages from this number to the same user in a short time.")

    key = world.attempt_key(customer, opaque, number.id)
    fault = world.fault_for(customer, key)
    if fault:
        world.ledger.faults[fault] += 1
    if fault in BEFORE_ACCEPTANCE:
        return _fail_before(face, fault, customer, key)

    entry = Entry(
        wamid=face.wamid(),
        opaque=opaque,
        to=asked,
        customer=customer.key,
        provider="meta",
        phone_number_id=number.id,
        accepted_at=time.time(),
        kind=str(kind),
        template=template.name if template else None,
        category=template.category if template else "SERVICE",
        fault=fault,
    )
    world.ledger.remember(entry, message)
    world.pairs.spend(number.id, customer.key, now)
    if template is None:
        number.service_messages += 1
    elif not customer.window_is_open(number.id, entry.accepted_at):
        world.ledger.opened(number.account.spec.portfolio_id, customer.key)
    subject = Subject(
        key=key,
        number=number.id,
        is_template=template is not None,
        is_marketing=template is not None and template.category == "MARKETING",
        buttons=_quick_replies(template),
        payloads=tuple(payloads),
    )
    life = world.accept(entry, customer, subject, face)
    if template is not None and pacing.holds(face, template):
        pacing.hold(face, template, life)
    else:
        life.begin()
    return _answer(face, entry, customer, by_user_id, fault, key)


def _quick_replies(template: Template | None) -> tuple[str, ...]:
    """The labels of the template's quick replies by position, "" for its other buttons."""
    if template is None:
        return ()
    return tuple(
        str(button.get("text", "")) if str(button.get("type", "")).upper() == "QUICK_REPLY" else ""
        for button in template.buttons
    )


def _spend_throughput(face: "MetaFace", number: Number) -> None:
    """Count the request in the number's last real second, or refuse it; a refused one is not counted."""
    now = time.monotonic()
    if not face.world.settings.throughput_limit:
        return
    if number.window.count(now) >= number.spec.throughput:
        raise GraphError(130429, "Message failed to send because there were too many messages sent in a short time.")
    number.window.add(now)


def _opaque(message: dict[str, Any]) -> str | None:
    opaque = message.get("biz_opaque_callback_data")
    if opaque is None:
        return None
    if not isinstance(opaque, str) or len(opaque) > LONGEST_OPAQUE:
        raise GraphError(100, f"Param biz_opaque_callback_data must be at most {LONGEST_OPAQUE} characters long.")
    return opaque


def _recipient(face: "MetaFace", number: Number, message: dict[str, Any]) -> tuple[str, Customer | None, bool]:
    """What was asked, whom it means, and if by user id. No customer: a user id in `to`; Meta loses it."""
    if message.get("recipient_type", "individual") != "individual":
        raise GraphError(100, "Param recipient_type must be individual; groups are not simulated.")
    to, recipient = message.get("to"), message.get("recipient")
    if to is None and recipient is None:
        raise GraphError(100, "The parameter to is required.")
    if to is None:
        if not isinstance(recipient, str) or not USER_ID.fullmatch(recipient):
            raise GraphError(131009, "Parameter recipient is not a business-scoped user id.")
        return recipient, face.world.customer(recipient), True
    if not isinstance(to, str):
        raise GraphError(100, "Param to must be a string.")
    if USER_ID.fullmatch(to):
        return to, None, False
    digits = digits_of(to)
    if face.world.settings.prefix_country_code and not to.strip().startswith("+"):
        digits = number.calling_code + digits if digits else ""
    if not 8 <= len(digits) <= 15:
        raise GraphError(131009, "Parameter to is not a valid phone number.")
    if digits == number.digits:
        raise GraphError(131021, "Recipient phone number can't be the sender's.")
    return to, face.world.customer(digits), False


def _mark_read(face: "MetaFace", message: dict[str, Any]) -> Reply:
    if message["status"] != "read":
        raise GraphError(100, "Param status must be read.")
    if str(message.get("message_id")) not in face.inbound_ids:
        raise GraphError(100, "Param message_id is not a message that a customer sent.")
    typing = message.get("typing_indicator")
    if typing is not None and kinds.mapping(typing, "typing_indicator").get("type") != "text":
        raise GraphError(100, "Param typing_indicator['type'] must be text.")
    return SUCCESS


def _swallow(face: "MetaFace", number: Number, asked: str, opaque: str | None, kind: str) -> Reply:
    """A user id in `to` is answered 200 and never heard of again (Meta fact sheet, the ten things, 3)."""
    entry = Entry(
        wamid=face.wamid(),
        opaque=opaque,
        to=asked,
        customer=asked,
        provider="meta",
        phone_number_id=number.id,
        accepted_at=time.time(),
        kind=kind,
        fault="user_id_in_to",
        state="lost",
    )
    face.world.ledger.faults["user_id_in_to"] += 1
    face.world.ledger.accept(entry)
    body = {
        "messaging_product": "whatsapp",
        "contacts": [{"input": asked, "wa_id": asked}],
        "messages": [{"id": entry.wamid}],
    }
    return Reply(body=_encode(body))


def _fail_before(face: "MetaFace", fault: str, customer: Customer, key: str) -> Reply:
    after = _answer_delay(face, customer, key)
    if fault == "drop_before":
        return Reply(ending="drop", after=after)
    return face.refusal(_server_error(fault), after=after)


def _server_error(fault: str) -> GraphError:
    if fault == "error_503":
        return GraphError(2, "The service is temporarily unavailable.", transient=True)
    return GraphError(131000, "Message failed to send due to an unknown error.")


def _answer(
    face: "MetaFace",
    entry: Entry,
    customer: Customer,
    by_user_id: bool,
    fault: str | None,
    key: str,
) -> Reply:
    after = _answer_delay(face, customer, key)
    if fault == "drop_after":
        return Reply(ending="drop", after=after)
    if fault == "timeout_after":
        return Reply(ending="hang_up", after=face.world.settings.faults.hold_seconds)
    if fault == "error_500_after":
        return face.refusal(_server_error(fault), after=after)
    contact: dict[str, str] = {"input": entry.to}
    if by_user_id:
        contact["user_id"] = entry.to
    else:
        contact["wa_id"] = customer.key
    message: dict[str, str] = {"id": entry.wamid}
    if entry.kind == "template":
        message["message_status"] = "held_for_quality_assessment" if entry.state == "held" else "accepted"
    body = {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}
    return Reply(body=_encode(body), after=after)


def _answer_delay(face: "MetaFace", customer: Customer, key: str) -> float:
    usual = face.world.settings.faults.answer_seconds
    return usual * face.world.draws.between(0.5, 2.0, "answer delay", customer.key, key) if usual else 0.0
