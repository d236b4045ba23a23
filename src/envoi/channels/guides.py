"""The way to an official account at each provider: what to have at hand, the steps, how long a review takes (M5)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise

NAMES: dict[str, str] = {"meta": "Meta", "twilio": "Twilio", "bird": "Bird", "zenvia": "Zenvia"}


@dataclass(frozen=True, slots=True)
class Guide:
    """`review`: how long the provider usually takes. `hook_place`: where the webhook address is pasted by hand."""

    about: Words
    review: Words
    have: tuple[Words, ...]
    steps: tuple[Words, ...]
    hook_place: Words
    trial: Words


_COMPANY: tuple[Words, ...] = (
    _("Your company’s licence or registration certificate"),
    _("A website on your own domain, with a link to your privacy policy"),
    _("How many messages you expect in a month"),
    _("If you mean to send often: figures that show how many customers reply"),
    _("A phone number that can receive a call or an SMS and is not used in the WhatsApp app"),
)

GUIDES: dict[str, Guide] = {
    "meta": Guide(
        about=_("Straight from WhatsApp’s maker: no monthly fee, you pay each delivered template."),
        review=_("Business verification usually takes 3 to 5 working days."),
        have=(_("A Meta developer account with two-step verification"), *_COMPANY),
        steps=(
            _(
                "At developers.facebook.com create an app for “Connect with customers through WhatsApp”, and choose "
                "or make "
                "a business portfolio. A test number comes with it."
            ),
            _("Verify the business in the Security Center of Business settings."),
            _("Add your number under WhatsApp → API Setup, and confirm it with the code."),
            _(
                "Under Business settings → System users make a user, give it the app and the WhatsApp account, and "
                "generate "
                "a token."
            ),
            _("Add a payment method to the WhatsApp account."),
            _("Fill in this form, then set up the webhook on the account’s page."),
        ),
        hook_place=_(
            "Your app → WhatsApp → Configuration → Callback URL. Subscribe to messages, "
            "message_template_status_update, "
            "template_category_update, phone_number_quality_update and account_update: template and account news "
            "always go to this address."
        ),
        trial=_("Meta’s test number writes to five phones that you allow under API Setup."),
    ),
    "twilio": Guide(
        about=_("One bill for all of Twilio’s channels; a small price for each message on top of Meta’s."),
        review=_("Usually 5 to 7 working days."),
        have=(_("A Twilio account that is out of its trial"), *_COMPANY),
        steps=(
            _(
                "In the Twilio Console open Messaging → Senders → WhatsApp senders and add your number; Twilio "
                "leads you "
                "through Meta’s sign-up."
            ),
            _("Wait until the sender is online."),
            _("Copy the Account SID and the auth token from Account Info."),
            _("Fill in this form, then set up the webhook on the account’s page."),
        ),
        hook_place=_(
            "Messaging → Senders → WhatsApp senders → your sender → Webhook URL for incoming messages, and Status "
            "callback URL."
        ),
        trial=_("Twilio’s sandbox writes to phones that joined it with a word; its number can be added here by hand."),
    ),
    "bird": Guide(
        about=_("A monthly fee with a free allowance; formerly MessageBird."),
        review=_("Usually 3 to 5 working days."),
        have=_COMPANY,
        steps=(
            _("In Bird’s dashboard add the WhatsApp channel; it leads you through Meta’s sign-up."),
            _("Make an API key under Developers."),
            _(
                "Fill in this form. With the Bird API the webhook is set up from the account’s page, and the key "
                "that signs "
                "it is kept by itself."
            ),
        ),
        hook_place=_("Developers → Webhooks, or the channel’s settings in Bird CRM."),
        trial=_("Bird lends a sandbox number while yours is under review."),
    ),
    "zenvia": Guide(
        about=_("At home in Latin America; a monthly fee with a free allowance."),
        review=_("Usually 2 to 3 working days."),
        have=_COMPANY,
        steps=(
            _("In Zenvia’s console request a WhatsApp sender; Zenvia registers it with Meta."),
            _("Make a token under Developers → Tokens & webhooks."),
            _("Fill in this form, add the number by hand, then set up the webhook: Zenvia has no list of numbers."),
        ),
        hook_place=_("Developers → Tokens & webhooks → Webhooks, with the header X-Hook-Secret."),
        trial=_("Zenvia’s sandbox writes to phones that joined it with a keyword."),
    ),
}
