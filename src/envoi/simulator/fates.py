"""What will become of an accepted message, decided at once; it refuses to look at a clock or to send."""

from dataclasses import dataclass

from envoi.simulator import speech
from envoi.simulator.customers import Customer
from envoi.simulator.draws import Draws
from envoi.simulator.settings import Settings

NOT_ON_WHATSAPP = 131026
MARKETING_CAP = 131049
MARKETING_STOPPED = 131050


@dataclass(slots=True, frozen=True)
class Fate:
    """Simulated seconds after acceptance; None where it never happens.

    `failure` is an error code, and then nothing else happens. `late` names the status whose webhook is sent
    after the one that follows it. `button` is the index of the quick reply tapped, instead of writing
    `reply`.
    """

    failure: int | None = None
    failed_after: float = 0.0
    sent_after: float = 0.0
    delivered_after: float | None = None
    read_after: float | None = None
    reply_after: float | None = None
    reply: str = ""
    button: int | None = None
    late: str | None = None


@dataclass(slots=True, frozen=True)
class Subject:
    """What the fate depends on besides the customer: the message's identity and nature.

    `buttons` are the labels of the quick replies by position, "" for other buttons; `payloads` what a tap
    returns.
    """

    key: str
    number: str
    is_template: bool
    is_marketing: bool
    buttons: tuple[str, ...] = ()
    payloads: tuple[str, ...] = ()


def fate_of(subject: Subject, customer: Customer, draws: Draws, settings: Settings) -> Fate:
    """Decide a message's fate from the seed, the recipient and the message's own key alone."""
    who, key = customer.key, subject.key
    script, faults = customer.script, settings.faults

    failure = _failure(subject, customer, draws, settings)
    if failure:
        return Fate(failure=failure, failed_after=draws.between(0.5, 4.0, "failed after", who, key))

    sent_after = draws.between(0.2, 1.0, "sent after", who, key)
    late = None
    if draws.happens(faults.out_of_order_webhooks, "out of order", who, key):
        late = "sent" if draws.share("which is late", who, key) < 0.6 else "delivered"

    delivered = not draws.happens(faults.never_delivered, "never delivered", who, key)
    if script and script.delivered is not None:
        delivered = script.delivered
    if not delivered:
        return Fate(sent_after=sent_after)
    delivered_after = sent_after + draws.between(0.8, 4.0, "delivered after", who, key)

    reads, replies = _intentions(subject, customer, draws, settings)
    reply_delay = _human_delay("reply after", who, key, draws)
    read_delay = _human_delay("read after", who, key, draws)
    if replies:
        read_delay = reply_delay * draws.between(0.2, 0.9, "read before reply", who, key)
    if script:
        reply_delay = script.reply_after if script.reply_after is not None else reply_delay
        read_delay = min(read_delay, reply_delay) if replies else read_delay
        read_delay = script.read_after if script.read_after is not None else read_delay

    text, button = _answer(subject, customer, draws, settings) if replies else ("", None)
    return Fate(
        sent_after=sent_after,
        delivered_after=delivered_after,
        read_after=delivered_after + read_delay if reads else None,
        reply_after=delivered_after + reply_delay if replies else None,
        reply=text,
        button=button,
        late=late,
    )


def _failure(subject: Subject, customer: Customer, draws: Draws, settings: Settings) -> int | None:
    if customer.script and customer.script.fails_with:
        return customer.script.fails_with
    off_whatsapp = draws.happens(settings.faults.not_on_whatsapp, "not on WhatsApp", customer.key)
    if customer.script and customer.script.on_whatsapp is not None:
        off_whatsapp = not customer.script.on_whatsapp
    if off_whatsapp:
        return NOT_ON_WHATSAPP
    if not subject.is_marketing:
        return None
    if customer.has_stopped_marketing(subject.number):
        return MARKETING_STOPPED
    if settings.us_marketing_paused and customer.iso == "US":
        return MARKETING_CAP
    capped = draws.happens(settings.faults.marketing_cap, "marketing cap", customer.key, subject.key)
    return MARKETING_CAP if capped else None


def _intentions(subject: Subject, customer: Customer, draws: Draws, settings: Settings) -> tuple[bool, bool]:
    """Whether the customer reads, whether the customer replies. Who replies has read."""
    habits, script = settings.customers, customer.script
    rate = habits.reply_rate if subject.is_template else habits.free_reply_rate
    mood = draws.share("mood", customer.key, subject.key)
    reads, replies = mood < max(habits.read_rate, rate), mood < rate
    if script and script.reads is not None:
        reads = script.reads
    if script and script.replies is not None:
        replies = script.replies is not False and customer.replies_given < script.replies_to
        reads = reads or (replies and script.reads is not False)
    return reads, replies


def _human_delay(what: str, who: str, key: str, draws: Draws) -> float:
    """65 % within 3 minutes, 23 % within 30, 12 % later, up to 4 hours (mission M11)."""
    share = draws.share(what, who, key)
    if share < 0.65:
        return 5 + 175 * (share / 0.65)
    if share < 0.88:
        return 180 + 1620 * ((share - 0.65) / 0.23)
    return 1800 + 12600 * ((share - 0.88) / 0.12)


def _answer(subject: Subject, customer: Customer, draws: Draws, settings: Settings) -> tuple[str, int | None]:
    who, key, habits = customer.key, subject.key, settings.customers
    if customer.script and isinstance(customer.script.replies, str):
        return customer.script.replies, None
    wants_out = draws.share("wants out", who, key) < habits.stop_rate
    taps = [i for i, label in enumerate(subject.buttons) if label and speech.is_stop(label) == wants_out]
    if taps and draws.share("taps", who, key) < habits.button_rate:
        return "", draws.one_of(taps, "which button", who, key)
    if wants_out:
        return speech.STOP.get(customer.language, "STOP"), None
    return draws.one_of(speech.YES.get(customer.language, speech.YES["en"]), "words", who, key), None
