"""What people may do about unknown outcomes: consider sent, send again, give up; and the safe repetition."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Literal

from django.db import transaction
from django.utils.translation import gettext as _

from ..channels.models import Channel
from ..contacts.models import Contact
from ..core.errors import BadInput
from ..core.vault import Unreadable, unseal
from ..providers.repeats import SAFE_FOR, TRIES, repeats_safely
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .actions import ledger_db
from .ledger import settlement

log = logging.getLogger("envoi.messaging")

Choice = Literal["sent", "again", "give_up"]
Key = tuple[int, int]
MOST = 5_000  # messages in one transaction

CHOICES: dict[str, Callable[..., int]] = {
    "sent": settlement.consider_sent,
    "again": settlement.send_again,
    "give_up": settlement.give_up,
}


def settle(
    keys: Sequence[Key],
    *,
    choice: str,
    by: Staff | None,
    given_up: Callable[[Sequence[Key]], None] | None = None,
) -> int:
    """Settle these messages by a person's choice; returns how many were still uncertain when it was done.

    What a receipt has settled meanwhile is left as the receipt says. given_up: what follows for messages that count as
    failed from now on, in the transaction that says so. Raises BadInput for an unknown choice or nobody.
    """
    require(by, "messages.settle")
    if choice not in CHOICES:
        raise BadInput(_("Choose what to do with them: consider sent, send again or give up."))
    if not keys:
        raise BadInput(_("Pick at least one message."))
    done = 0
    for start in range(0, len(keys), MOST):
        done += _settle(keys[start : start + MOST], choice=choice, by=by, given_up=given_up)
    return done


@transaction.atomic
def _settle(
    keys: Sequence[Key], *, choice: str, by: Staff | None, given_up: Callable[[Sequence[Key]], None] | None
) -> int:
    follows = given_up if choice == "give_up" else None
    if follows is not None:
        # The contacts before their messages, as intake holds them.
        people = Contact.objects.select_for_update(no_key=True).filter(pk__in={key[0] for key in keys})
        list(people.order_by("pk").values_list("pk"))
    done = CHOICES[choice](ledger_db(), keys, by=str(by) if by else _("the operator"))
    note(by, "messages.settle", f"messages/{choice}", {"asked": len(keys), "settled": done, "first": list(keys[0])})
    if follows is not None:
        follows(keys)
    return done


def repeat_safely() -> int:
    """Send again whatever is uncertain at a provider that knows a repetition; returns how many. Asked each minute."""
    done = 0
    for channel in Channel.objects.select_related("account").filter(state=Channel.State.ACTIVE):
        try:
            credentials = unseal(bytes(channel.account.credentials))
        except (Unreadable, ValueError):
            continue
        if not repeats_safely(channel.account.provider, credentials):
            continue
        with transaction.atomic():
            repeated = settlement.repeat_safely(ledger_db(), channel.pk, younger_than=SAFE_FOR, tries=TRIES)
        if repeated:
            log.info("channel %s: %s uncertain messages are repeated under their keys", channel.pk, repeated)
        done += repeated
    return done
