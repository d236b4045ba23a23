"""Which secrets each provider's code reads, where a person finds them, and how one is changed without losing receipts.

The keys are those of `providers/<name>`: this page only gives them words for people.
"""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise

# A business portfolio's id as a regular expression: digits at Meta. No colon: what has one is our own word for it.
PORTFOLIO = r"[A-Za-z0-9_.-]{1,120}"


@dataclass(frozen=True, slots=True)
class Credential:
    """One thing that an account needs.

    secret: never shown again. rotates: the value before it is kept under `<key>_old`, for webhooks signed with it.
    made: we make it ourselves when it is left empty. opens: it is what a webhook set-up is given (or gives back).
    """

    key: str
    label: Words
    help: Words = ""
    secret: bool = True
    required: bool = False
    rotates: bool = False
    made: bool = False
    opens: bool = False
    choices: tuple[tuple[str, Words], ...] = ()


@dataclass(frozen=True, slots=True)
class Needs:
    """What a provider asks for. `id_label` names its id of the account; `number_id` that of a number."""

    id_label: Words
    id_help: Words
    number_id: Words
    number_help: Words
    credentials: tuple[Credential, ...]


_VERSION = Credential(
    "api_version", _("API version"), _("Leave empty unless the provider asked you to use another."), secret=False
)

NEEDS: dict[str, Needs] = {
    "meta": Needs(
        id_label=_("WhatsApp Business Account ID"),
        id_help=_("Meta for Developers → your app → WhatsApp → API Setup, below the phone number."),
        number_id=_("Phone number ID"),
        number_help=_("On the same page, beside the number: digits, not the phone number itself."),
        credentials=(
            Credential(
                "token",
                _("Access token"),
                _(
                    "Business settings → System users → Generate token, with whatsapp_business_messaging and "
                    "whatsapp_business_management. A token from the API Setup page ends after a day."
                ),
                required=True,
            ),
            Credential(
                "app_secret",
                _("App secret"),
                _("Your app → App settings → Basic. It proves that a webhook comes from Meta."),
                required=True,
                rotates=True,
            ),
            Credential(
                "verify_token",
                _("Verify token"),
                _("Any word; Meta repeats it when it checks our address. Left empty, Envoi makes one."),
                secret=False,
                made=True,
                opens=True,
            ),
            Credential(
                "app_id",
                _("App ID"),
                _("At the top of your app’s page. Needed for templates with an image, video or document."),
                secret=False,
            ),
            _VERSION,
        ),
    ),
    "twilio": Needs(
        id_label=_("Account SID"),
        id_help=_("Twilio Console → Account Info: begins with AC."),
        number_id=_("Sender"),
        number_help=_("The number in international format."),
        credentials=(
            Credential(
                "auth_token",
                _("Auth token"),
                _("Twilio Console → Account Info. It also proves that a webhook comes from Twilio."),
                required=True,
                rotates=True,
            ),
            Credential(
                "api_key",
                _("API key"),
                _("Account → API keys: begins with SK. With it, calls don’t use the auth token."),
                secret=False,
            ),
            Credential("api_key_secret", _("API key secret"), _("Shown once, when the key is made.")),
            Credential(
                "shared_key",
                _("Shared key for webhooks"),
                _("Only when webhooks of the account are signed with a key of their own."),
                rotates=True,
            ),
            Credential(
                "messaging_service_sid",
                _("Messaging service SID"),
                _("Messaging → Services: begins with MG. Only when you send through a service."),
                secret=False,
            ),
            _VERSION,
        ),
    ),
    "bird": Needs(
        id_label=_("Workspace or organisation"),
        id_help=_("Its ID or name at Bird: tells your accounts apart, nothing more."),
        number_id=_("Number or channel ID"),
        number_help=_("In the Bird API the number itself; otherwise the channel’s ID from Bird’s dashboard."),
        credentials=(
            Credential(
                "mode",
                _("Which API"),
                _(
                    "New accounts use the Bird API. Bird CRM is the Channels API of app.bird.com; MessageBird the old "
                    "Conversations API."
                ),
                secret=False,
                required=True,
                choices=(("gen3", _("Bird API")), ("gen2", _("Bird CRM")), ("conversations", _("MessageBird"))),
            ),
            Credential(
                "access_key",
                _("Access key"),
                _("Dashboard → Developers → API keys. Those of the Bird API begin with bk_ and name their region."),
                required=True,
            ),
            Credential(
                "signing_key",
                _("Signing key"),
                _(
                    "Proves that a webhook comes from Bird. In the Bird API leave it empty and press “Set up the "
                    "webhook”; "
                    "MessageBird shows it under Developers → Signing keys."
                ),
                rotates=True,
                opens=True,
            ),
            Credential("region", _("Region"), _("Only when the access key names none: eu1, us1 …"), secret=False),
            Credential(
                "waba", _("WhatsApp Business Account ID"), _("Bird API: needed to make templates."), secret=False
            ),
            Credential("workspace_id", _("Workspace ID"), _("Bird CRM: in the address of every page."), secret=False),
            Credential("organization_id", _("Organisation ID"), _("Bird CRM: Settings → Organisation."), secret=False),
            Credential("namespace", _("Template namespace"), _("MessageBird: WhatsApp → Templates."), secret=False),
        ),
    ),
    "zenvia": Needs(
        id_label=_("Sender ID"),
        id_help=_("Zenvia → Channels → WhatsApp: the sender that your templates belong to."),
        number_id=_("Sender ID"),
        number_help=_("Zenvia → Channels → WhatsApp: usually the number’s digits."),
        credentials=(
            Credential("token", _("API token"), _("Zenvia → Developers → Tokens & webhooks."), required=True),
            Credential("token_secret", _("Token secret"), _("Only for tokens of the signature kind.")),
            Credential(
                "hook_secret",
                _("Webhook secret"),
                _("Zenvia signs nothing, so it sends this word along. Left empty, Envoi makes one."),
                rotates=True,
                made=True,
                opens=True,
            ),
            _VERSION,
        ),
    ),
}

# A provider that has no words here yet can be connected all the same: its keys are typed as its own page names them.
FREE = Needs(
    id_label=_("Account ID"),
    id_help=_("The provider’s own id of your account."),
    number_id=_("Number ID"),
    number_help=_("What the provider calls the number."),
    credentials=(),
)


def needs_of(provider: str) -> Needs:
    """What a provider asks for."""
    return NEEDS.get(provider, FREE)


def opening_key(provider: str) -> str:
    """The credential that a webhook set-up is given, "" when the provider signs with something that it has anyway."""
    return next((one.key for one in needs_of(provider).credentials if one.opens), "")


def filled(provider: str, given: Mapping[str, str], *, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The credentials to keep: what is empty stays as it was, what rotates leaves its old value beside it.

    A visible field can be emptied; a secret can't, as nobody saw what was in it.
    """
    kept: dict[str, Any] = dict(before or {})
    known = {one.key: one for one in needs_of(provider).credentials}
    for key in {**known, **given}:
        one = known.get(key) or Credential(key, key)
        value = given.get(key, "").strip()
        if value and value != kept.get(key):
            if one.rotates and kept.get(key):
                kept[f"{key}_old"] = kept[key]
            kept[key] = value
        elif not value and key in given and not one.secret and not one.made:
            kept.pop(key, None)
        if one.made and not kept.get(key):
            kept[key] = random.token_urlsafe(24)
    return kept


def old_keys(credentials: Mapping[str, Any]) -> list[str]:
    """The secrets of before that still count."""
    return sorted(key for key in credentials if key.endswith("_old") and credentials[key])
