"""What follows from asking a provider: numbers brought up to date, and an account that can't send is stopped by name.

    answers             -> what had stopped because nobody answered goes on by itself
    refuses (a person   -> suspended until somebody mends it and presses “Try again”
      must act)
    does not answer     -> unreachable: sending waits, and goes on when it answers again

The network is asked outside any transaction; what came of it is written in one.
"""

from __future__ import annotations

import logging
import re
import secrets as random
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core import jobs
from ..core.errors import BadInput
from ..core.phone import e164
from ..core.vault import seal, unseal
from ..providers import base
from ..team.actions import note
from . import proving, wire
from .credentials import PORTFOLIO, opening_key
from .models import Account, Channel

log = logging.getLogger("envoi.channels")

# Numbers in these states can't send (Meta sheet, G.3; Twilio sheet, 8). Others may, or the provider says so itself.
CANT_SEND = {"banned", "deleted", "disconnected", "offline"}
OUT_OF_ORDER = ("missing", "inactive")


def check(account_id: int, *, resume: bool = False) -> None:
    """Look at the account's provider and let follow what follows. resume: a person says that sending may go on."""
    account = Account.objects.get(pk=account_id)
    seen = wire.look(account)
    record(account_id, seen, resume=resume)
    if seen.hooks in OUT_OF_ORDER and account.hooks_set_at and account.state != Account.State.OFF:
        # Zenvia ends a subscription after 500 failures and Bird pauses one (sheets): whoever made it makes it again.
        set_up_hooks(account_id)
        _say(
            account_id,
            _(
                "The provider had stopped its webhooks; they were set up again. What it did not send "
                "meanwhile is lost: replies and receipts of that time may be missing."
            ),
        )


@transaction.atomic
def record(account_id: int, seen: wire.Look, *, resume: bool) -> None:
    """Write what a look found."""
    account = Account.objects.select_for_update().get(pk=account_id)
    account.work, account.work_since, account.checked_at = "", None, timezone.now()
    if seen.error is not None:
        _refused(account, seen.error)
        account.save()
        return
    account.problem = ""
    if seen.hooks is not None:
        account.hooks_state = seen.hooks
    if seen.portfolio and not account.portfolio and re.fullmatch(PORTFOLIO, seen.portfolio):
        # What a person set holds: Meta's agencies see accounts whose business is another.
        account.portfolio = seen.portfolio
        note(None, "account.changed", f"account/{account.pk}", {"portfolio": account.portfolio})
        jobs.defer("contacts.rescope", account_id=account.pk, before="")
    if account.state == Account.State.RESTRICTED and account.state_until and account.state_until <= timezone.now():
        _becomes(account, Account.State.ACTIVE)
    if account.state == Account.State.UNREACHABLE or (resume and account.state == Account.State.SUSPENDED):
        reopened = account.channels.filter(state=Channel.State.SUSPENDED)
        if not resume:
            reopened = reopened.filter(state_reason=account.state_reason)
        _becomes(account, Account.State.ACTIVE)
        reopened.update(state=Channel.State.ACTIVE, state_reason="")
    elif resume and account.state in (Account.State.ACTIVE, Account.State.RESTRICTED):
        # dispatch may have suspended numbers of an account that is well as a whole.
        account.channels.filter(state=Channel.State.SUSPENDED).update(state=Channel.State.ACTIVE, state_reason="")
    account.save()
    if seen.numbers is not None:
        _bring(account, seen.numbers)


def set_up_hooks(account_id: int) -> None:
    """Have the provider send webhooks to us, and keep the secret that it may have made. Problems stay on the account.

    The secret of before stays valid: what is under way was signed with it.
    """
    account = Account.objects.get(pk=account_id)
    try:
        key = opening_key(account.provider)
        secret = _secret(account_id, key)
        made = wire.subscribe(account, secret)
    except base.SendError as error:
        with transaction.atomic():
            account = Account.objects.select_for_update().get(pk=account_id)
            account.problem = _("The webhook could not be set up: %(problem)s") % {"problem": sentence(error)}
            account.work, account.work_since, account.checked_at = "", None, timezone.now()
            account.save()
        return
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account_id)
        if made is not None:
            credentials = unseal(bytes(account.credentials))
            if credentials.get(key):
                credentials[f"{key}_old"] = credentials[key]
            credentials[key] = made
            account.credentials = seal(credentials)
        account.hooks_state, account.hooks_set_at = "active", timezone.now()
        account.work, account.work_since, account.problem = "", None, ""
        account.save()
        note(None, "account.webhook", f"account/{account_id}", {"provider": account.provider})


@transaction.atomic
def _secret(account_id: int, key: str) -> str:
    """What the webhook shall be signed or let in with, made and kept *before* the provider is told of it."""
    account = Account.objects.select_for_update().get(pk=account_id)
    wire.known_to_wire(account)
    credentials: dict[str, Any] = unseal(bytes(account.credentials))
    if not key:
        return ""
    if not credentials.get(key) and not _makes_its_own(account, credentials):
        credentials[key] = random.token_urlsafe(24)
        account.credentials = seal(credentials)
        account.save(update_fields=["credentials"])
    return str(credentials.get(key) or "")


def _makes_its_own(account: Account, credentials: dict[str, Any]) -> bool:
    return account.provider == "bird" and (credentials.get("mode") or "gen3") != "gen2"


def sentence(error: base.SendError) -> str:
    """A provider's refusal for a person: what it is called, its code, and its own words."""
    failure = error.failure
    named = f"{failure.title or failure.code} ({failure.code})" if failure.title else failure.code
    said = " ".join(failure.detail.split())[:300]
    return f"{named}: {said}" if said and said != failure.title else f"{named}."


def stop(account: Account, state: str, reason: str) -> None:
    """Suspend the account's active numbers and say why, in the caller's transaction; what waits stays queued."""
    if account.state != state:
        # The same for the same cause: it is told once, though each answer has a trace id of its own.
        account.channels.filter(state=Channel.State.SUSPENDED, state_reason=account.state_reason or reason).update(
            state_reason=reason
        )
        _becomes(account, state, reason)
    active = account.channels.filter(state=Channel.State.ACTIVE)
    active.update(state=Channel.State.SUSPENDED, state_reason=account.state_reason)


def _refused(account: Account, error: base.SendError) -> None:
    account.problem = sentence(error)
    if account.state == Account.State.OFF or isinstance(error, base.Throttled):
        return  # "too fast" says that the account is well
    if isinstance(error, base.Unreachable | base.Uncertain):
        # A person who has to act keeps having to: silence takes nothing back.
        if account.state != Account.State.SUSPENDED:
            stop(account, Account.State.UNREACHABLE, account.problem)
        return
    stop(account, Account.State.SUSPENDED, account.problem)


def _becomes(account: Account, state: str, reason: str = "") -> None:
    account.state, account.state_reason, account.state_until = state, reason, None
    note(None, f"account.{state}", f"account/{account.pk}", {"reason": reason} if reason else {})
    log.info("account %s is %s: %s", account.pk, state, reason or "-")


def _bring(account: Account, numbers: Sequence[base.RemoteNumber]) -> None:
    """Make our numbers what the provider lists. None is deleted: its messages are the company's memory."""
    known = list(account.channels.select_for_update())
    met: set[int] = set()
    for number in numbers:
        found = _ours(known, number)
        if found is None:
            _add(account, number)
            continue
        met.add(found.pk)
        _follow(found, number)
    for channel in known:
        if channel.pk not in met:
            reason = _("The provider lists no number with the id %(id)s.") % {"id": channel.provider_id}
            channel.problems = [reason]
            if channel.state == Channel.State.ACTIVE:
                channel.state, channel.state_reason = Channel.State.SUSPENDED, reason
                note(None, "channel.suspended", f"channel/{channel.pk}", {"reason": reason})
            channel.save()


def _ours(known: Sequence[Channel], number: base.RemoteNumber) -> Channel | None:
    return next((one for one in known if one.provider_id == number.provider_id), None)


def _add(account: Account, number: base.RemoteNumber) -> None:
    try:
        address = e164(number.address)
    except BadInput:
        return  # without its phone nobody knows which number it is; it can be added by hand
    channel = Channel(
        account=account,
        name=(number.name or address)[:120],
        address=address,
        provider_id=number.provider_id[:120],
        throughput_per_second=number.throughput_per_second or 80,
        state=Channel.State.ACTIVE if account.state == Account.State.ACTIVE else Channel.State.SUSPENDED,
        state_reason="" if account.state == Account.State.ACTIVE else account.state_reason,
    )
    _follow(channel, number)
    note(None, "channel.add", f"channel/{channel.pk}", {"address": address, "per_minute": channel.per_minute})


def _follow(channel: Channel, number: base.RemoteNumber) -> None:
    before = (channel.quality, channel.tier, channel.throughput_per_second, channel.provider_state)
    channel.quality, channel.tier = number.quality[:12] or channel.quality, number.tier[:24] or channel.tier
    if channel.pk is None:
        proving.begin(channel)
    else:
        proving.follow_tier(channel)
    channel.provider_state = number.state.lower()[:40]
    channel.problems = list(number.problems)
    if number.throughput_per_second and number.throughput_per_second != channel.provider_throughput:
        # What a person set holds until the provider's own figure changes.
        if channel.provider_throughput is not None or channel.pk is None:
            channel.throughput_per_second = number.throughput_per_second
        channel.provider_throughput = number.throughput_per_second
    if channel.provider_state in CANT_SEND:
        reason = _("The provider says that this number is %(state)s.") % {"state": channel.provider_state}
        channel.problems = channel.problems or [reason]
        if channel.state == Channel.State.ACTIVE:
            channel.state, channel.state_reason = Channel.State.SUSPENDED, reason
    made = channel.pk is None
    channel.save()
    after = (channel.quality, channel.tier, channel.throughput_per_second, channel.provider_state)
    if not made and before != after:
        names = ("quality", "tier", "throughput_per_second", "provider_state")
        moved = {name: new for name, old, new in zip(names, before, after, strict=True) if old != new}
        note(None, "channel.changed", f"channel/{channel.pk}", moved)


@transaction.atomic
def _say(account_id: int, words: str) -> None:
    Account.objects.filter(pk=account_id).update(said=words, said_at=timezone.now())


def failed(account_id: int, error: Exception) -> None:
    """A job broke in a way that nobody foresaw: the page says so instead of waiting for ever."""
    words = _("The check broke off: %(error)s") % {"error": f"{type(error).__name__}: {error}"[:300]}
    Account.objects.filter(pk=account_id).update(
        work="", work_since=None, problem=words.replace("\x00", ""), checked_at=timezone.now()
    )


def due() -> list[int]:
    """Accounts that the regular look is for: all that are connected."""
    return list(Account.objects.exclude(state=Account.State.OFF).order_by("pk").values_list("pk", flat=True))


def waiting() -> list[int]:
    """Accounts that somebody waits for: nobody answered there, or a restriction has just ended."""
    ended = Q(state=Account.State.RESTRICTED, state_until__lte=timezone.now())
    return list(
        Account.objects.filter(Q(state=Account.State.UNREACHABLE) | ended).order_by("pk").values_list("pk", flat=True)
    )
