"""Why a provider did not deliver a message, as one sentence with what to do about it; by the provider's own code.

The codes of all providers stand here together: none of them means two things (providers.*.errors has their sources).
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _


def undelivered(code: str) -> str:
    """The sentence for a code, "" for one that nobody here knows."""
    for codes, sentence in KNOWN:
        if code in codes:
            return sentence()
    return _template() if code.startswith(TEMPLATE_RANGES) else ""


def refusal(title: str) -> str:
    """What a provider's code is called, in the reader's language where the words are ours (providers.*.errors)."""
    return _(title) if title else ""


def _unreachable() -> str:
    return _("The number is not on WhatsApp, or its app is too old. Check the number, or reach them another way.")


def _window() -> str:
    return _("More than 24 hours had passed since they wrote. Send a template instead.")


def _cap() -> str:
    return _("WhatsApp held it back: they have had enough promotions lately. Try again in a day or later.")


def _stopped() -> str:
    return _("They stopped or blocked your messages. Wait until they write themselves.")


def _file() -> str:
    return _("The file could not be sent on. Check its type and size, and send it again.")


def _pace() -> str:
    return _("Too much was sent in a short time. Wait a few minutes, then send it again.")


def _wording() -> str:
    return _("WhatsApp did not accept what the message holds. Change it, and send it again.")


def _template() -> str:
    return _("The template could not be used as it is. Look at it under Templates, or choose another.")


def _too_long() -> str:
    return _("With its variables filled in, the text is too long. Shorten it, and send it again.")


def _country() -> str:
    return _("Your account may not write to this country. Reach them another way.")


def _blocked_by_us() -> str:
    return _("You have blocked this person at WhatsApp. Unblock them there first.")


def _account() -> str:
    return _("Your number or its account has a problem. Tell whoever looks after the channels.")


def _money() -> str:
    return _("There is a problem with paying the provider. Tell whoever looks after the channels.")


def _provider() -> str:
    return _("Something went wrong at the provider. Send it again in a few minutes.")


def _listed() -> str:
    return _("A test number writes only to its listed recipients. Add them at the provider, or use another number.")


KNOWN: tuple[tuple[frozenset[str], Callable[[], str]], ...] = (
    (
        frozenset({"131026", "63003", "63024", "21211", "21217", "21614", "undeliverable", "WhatsAppInvalidRecipient"}),
        _unreachable,
    ),
    (frozenset({"131047", "63016", "service_window_expired"}), _window),
    (frozenset({"131049", "130472", "63049", "63032"}), _cap),
    (
        frozenset({"131050", "21610", "63014", "63033", "recipient_suppressed", "conversations/103"}),
        _stopped,
    ),
    (
        frozenset({"131052", "131053", "11751", "21620", "63019", "63034", "63037", "media_rejected"}),
        _file,
    ),
    (
        frozenset({"4", "613", "80007", "130429", "131056", "21611", "30001", "63017", "63018", "63038", "20429",
                   "http_429", "rate_limit", "rate_limited", "gen2/429"}),
        _pace,
    ),
    (frozenset({"132005", "21617"}), _too_long),
    (frozenset({"130497", "21408"}), _country),
    (frozenset({"130403"}), _blocked_by_us),
    (frozenset({"131030", "63015", "21608"}), _listed),
    (
        frozenset({"131042", "131044", "63020", "billing", "insufficient_balance", "price_not_found", "gen2/402",
                   "conversations/25"}),
        _money,
    ),
    (
        frozenset({"0", "3", "10", "33", "190", "368", "131005", "131031", "131037", "131045", "131048", "131064",
                   "133010", "20003", "20005", "30002", "63001", "63002", "63007", "63008", "63013", "63022", "63026",
                   "AUTHENTICATION_ERROR", "http_401", "http_403", "auth", "permission", "WhatsAppSenderNotFound",
                   "WhatsAppSenderNotAllowed", "gen2/401", "gen2/403"}),
        _account,
    ),
    (
        frozenset({"1", "2", "131000", "131016", "131057", "135000", "20500", "20503", "63009", "63010", "63012",
                   "INTERNAL_ERROR", "http_500", "http_502", "http_503", "http_504", "internal", "internal_error",
                   "service_unavailable"}),
        _provider,
    ),
    (
        frozenset({"100", "131008", "131009", "131051", "63005", "63006", "63021", "VALIDATION_ERROR", "bad_request",
                   "validation", "WhatsAppInteractiveLimitExceeded", "WhatsAppInteractiveDuplicateLabel"}),
        _wording,
    ),
    (
        frozenset({"21655", "21656", "63027", "63028", "63029", "63040", "63041", "92006", "92007",
                   "WhatsAppTemplateParameterMismatch", "WhatsAppSenderWABAMismatch"}),
        _template,
    ),
)  # fmt: skip
# Meta's own for templates, whatever the last digits.
TEMPLATE_RANGES = ("1320", "1341")
