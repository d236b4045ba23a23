"""POST …/Messages.json: refuse, fail or accept; it refuses to say what becomes of a message.

Twilio fact sheet, 2, 5, 9, 10. What Twilio itself knows is refused at once; what WhatsApp finds out (63xxx) is
accepted and fails later. What is too fast is queued, four hours at most, and only then refused.
"""

import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from envoi.simulator.customers import USER_ID, Customer
from envoi.simulator.fates import Subject
from envoi.simulator.http_server import Reply
from envoi.simulator.ledger import Entry
from envoi.simulator.twilio.accounts import Account, Content, Message, Sender
from envoi.simulator.twilio.errors import FROM_META, TwilioError
from envoi.simulator.twilio.messages import shown
from envoi.simulator.world import BEFORE_ACCEPTANCE

if TYPE_CHECKING:
    from envoi.simulator.twilio.face import TwilioFace

LONGEST_BODY = 1600
LONGEST_QUEUE_SECONDS = 4 * 3600.0
CONTENT_SID = re.compile(r"HX[0-9a-fA-F]{32}")
PHONE = re.compile(r"\+[1-9][0-9]{7,14}")
PLACE = re.compile(r"geo:-?[0-9.]+,-?[0-9.]+(\|.*)?", re.DOTALL)
VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
UNAPPROVED = {"rejected": 63040, "paused": 63041, "disabled": 63041}

Form = list[tuple[str, str]]


def send(face: "TwilioFace", account: Account, form: Form) -> Reply:
    """Answer one request to send."""
    world, fields = face.world, dict(form)
    sender = _sender(account, fields)
    world.ledger.request(sender.id, time.monotonic())
    _spend(face, account)
    customer = _recipient(face, sender, fields.get("To", ""))
    callback = _callback(fields.get("StatusCallback", ""))
    content = _content(account, fields)
    media = [value for name, value in form if name == "MediaUrl"]
    body = fields.get("Body", "")
    if content is None and not body and not media:
        raise TwilioError(21602)
    if len(body) > LONGEST_BODY:
        raise TwilioError(21617)
    if not all(_host(url) for url in media):
        raise TwilioError(21620)
    if customer.key in sender.opted_out:
        raise TwilioError(21610)

    key = world.attempt_key(customer, _opaque(callback), sender.id)
    fault = world.fault_for(customer, key)
    if fault:
        world.ledger.faults[fault] += 1
    if fault in BEFORE_ACCEPTANCE:
        return _fail_before(face, fault, customer, key)

    wait = _queued_for(face, sender)
    is_template = content is not None and bool(content.name)
    entry = Entry(
        wamid=face.sid("MM" if media else "SM"),
        opaque=_opaque(callback),
        to=fields["To"].removeprefix("whatsapp:"),
        customer=customer.key,
        provider="twilio",
        phone_number_id=sender.id,
        accepted_at=time.time(),
        kind="template" if is_template else _kind(content, media, fields),
        template=content.name if content and is_template else None,
        category=content.category if content and is_template else "SERVICE",
        fault=fault,
    )
    world.ledger.remember(entry, fields)
    late = _refused_by_whatsapp(face, sender, customer, content, fields)
    now = world.clock.now()
    world.pairs.spend(sender.id, customer.key, now)
    if is_template and not customer.window_is_open(sender.id, entry.accepted_at):
        world.ledger.opened(account.spec.portfolio_id, customer.key)
    replies = _quick_replies(content)
    subject = Subject(
        key=key,
        number=sender.id,
        is_template=is_template,
        is_marketing=entry.category == "MARKETING",
        buttons=tuple(label for label, _ in replies),
        payloads=tuple(payload for _, payload in replies),
    )
    message = Message(entry, body, callback, fields.get("MessagingServiceSid", ""), len(media))
    account.messages[entry.wamid] = message
    life = world.accept(entry, customer, subject, face)
    if life.fate.failure:
        life.fate = replace(life.fate, failure=FROM_META.get(life.fate.failure, life.fate.failure))
    if late:
        life.end_by(late)
    elif wait:
        world.clock.after(wait, life.begin)
    else:
        life.begin()
    return _answer(face, account, message, customer, fault, key)


def _sender(account: Account, fields: dict[str, str]) -> Sender:
    """From, or any sender of the service; with both, From must be in its pool."""
    service, wanted = fields.get("MessagingServiceSid"), fields.get("From", "")
    pool = list(account.senders)
    if service is not None:
        if service not in account.spec.services:
            raise TwilioError(21705)
        pool = account.spec.services[service]
        if not pool:
            raise TwilioError(21703)
        wanted = wanted or f"whatsapp:{pool[0]}"
    if not wanted:
        raise TwilioError(21603)
    if not wanted.startswith("whatsapp:"):
        raise TwilioError(21910 if fields.get("To", "").startswith("whatsapp:") else 21606)
    sender = account.senders.get(wanted.removeprefix("whatsapp:"))
    if sender is None or sender.id not in pool:
        raise TwilioError(63007)
    if not sender.spec.status.startswith("ONLINE"):
        raise TwilioError(21606, f"The sender is {sender.spec.status}.")
    return sender


def _spend(face: "TwilioFace", account: Account) -> None:
    now = time.monotonic()
    if face.world.settings.throughput_limit:
        if account.window.count(now) >= account.spec.requests_per_second:
            raise TwilioError(20429)
        account.window.add(now)


def _recipient(face: "TwilioFace", sender: Sender, to: str) -> Customer:
    if not to:
        raise TwilioError(21604)
    channel, _, who = to.partition(":")
    if channel != "whatsapp":
        raise TwilioError(21910)
    if who == sender.id:
        raise TwilioError(63031)
    if PHONE.fullmatch(who):
        return face.world.customer(who.removeprefix("+"))
    if USER_ID.fullmatch(who):
        return face.world.customer(who)
    raise TwilioError(21211, f"The 'To' number {to} is not a valid phone number.")


def _callback(url: str) -> str:
    if not url:
        return ""
    host = _host(url)
    if not host or "_" in host:
        raise TwilioError(21609, f"The StatusCallback URL {url} is not a valid URL.")
    return url


def _host(url: str) -> str:
    """The host of a web address, "" for anything else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in ("http", "https") else ""


def _opaque(callback: str) -> str | None:
    """The sender's own id: the query of its StatusCallback, or the one value in it."""
    query = urlsplit(callback).query
    values = dict(parse_qsl(query))
    return values.get("token") or values.get("mid") or query or None


def _content(account: Account, fields: dict[str, str]) -> Content | None:
    """The Content resource a message names, its variables checked for their shape."""
    given = fields.get("ContentVariables")
    if given:
        try:
            variables = json.loads(given)
        except (ValueError, RecursionError):
            variables = None
        if (
            not isinstance(variables, dict)
            or len(variables) > 100
            or not all(isinstance(value, str) for value in variables.values())
        ):
            raise TwilioError(21656)
    sid = fields.get("ContentSid")
    if not sid:
        return None
    if not CONTENT_SID.fullmatch(sid) or sid not in account.contents:
        raise TwilioError(21655)
    return account.contents[sid]


def _refused_by_whatsapp(
    face: "TwilioFace", sender: Sender, customer: Customer, content: Content | None, fields: dict[str, str]
) -> int | None:
    """The code with which WhatsApp will refuse what Twilio accepted, None when it won't."""
    world = face.world
    if content is not None and content.status in UNAPPROVED:
        return UNAPPROVED[content.status]
    approved = content is not None and content.status == "approved"
    if not approved and not customer.window_is_open(sender.id, time.time()):
        return 63016
    if world.settings.pair_limit and not world.pairs.allows(sender.id, customer.key, world.clock.now()):
        return 63018
    if content is not None:
        given = json.loads(fields.get("ContentVariables") or "{}")
        wanted = set(VARIABLE.findall(json.dumps(content.types, ensure_ascii=False)))
        if any(not (given.get(name) or content.variables.get(name)) for name in wanted):
            return 63028
    place = fields.get("PersistentAction")
    return 63021 if place and not PLACE.fullmatch(place) else None


def _quick_replies(content: Content | None) -> list[tuple[str, str]]:
    """Label and payload of every quick reply, "" for other buttons."""
    actions: Any = content.types[content.kind].get("actions") if content else None
    found = []
    for action in actions if isinstance(actions, list) else []:
        is_reply = isinstance(action, dict) and action.get("type", "QUICK_REPLY") == "QUICK_REPLY"
        label = str(action.get("title") or "") if is_reply else ""
        found.append((label, str(action.get("id") or label) if is_reply else ""))
    return found


def _kind(content: Content | None, media: list[str], fields: dict[str, str]) -> str:
    if content is not None:
        return content.kind
    if media:
        return "media"
    return "location" if fields.get("PersistentAction") else "text"


def _queued_for(face: "TwilioFace", sender: Sender) -> float:
    """Simulated seconds that this message waits behind the others of its sender. Raises 21611 for a full queue."""
    if not face.world.settings.throughput_limit:
        return 0.0
    now = time.monotonic()
    wait = max(0.0, sender.busy_until - now)
    if wait > LONGEST_QUEUE_SECONDS:
        raise TwilioError(21611)
    sender.busy_until = now + wait + 1.0 / sender.spec.throughput
    return wait * face.world.clock.speed


def _fail_before(face: "TwilioFace", fault: str, customer: Customer, key: str) -> Reply:
    after = _answer_delay(face, customer, key)
    if fault == "drop_before":
        return Reply(ending="drop", after=after)
    return face.refusal(TwilioError(20503 if fault == "error_503" else 20500), after=after)


def _answer(
    face: "TwilioFace", account: Account, message: Message, customer: Customer, fault: str | None, key: str
) -> Reply:
    after = _answer_delay(face, customer, key)
    if fault == "drop_after":
        return Reply(ending="drop", after=after)
    if fault == "timeout_after":
        return Reply(ending="hang_up", after=face.world.settings.faults.hold_seconds)
    if fault == "error_500_after":
        return face.refusal(TwilioError(20500), after=after)
    return Reply(201, shown(account, message), after=after)


def _answer_delay(face: "TwilioFace", customer: Customer, key: str) -> float:
    usual = face.world.settings.faults.answer_seconds
    return usual * face.world.draws.between(0.5, 2.0, "answer delay", customer.key, key) if usual else 0.0
