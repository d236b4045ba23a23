"""Ready-made rules, in the reader's language, to be taken and changed: the common ones of a shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..team.models import Staff
from ..team.rights import require
from .actions import save_rule
from .codes import save_pool
from .models import PromoPool, ReplyRule
from .wording import Version

# Common words of customers in six languages; each is looked for with one typo allowed, in Chinese anywhere.
PROMO = (
    "discount", "promo code", "coupon", "voucher", "réduction", "code promo", "bon de réduction", "descuento", "cupón",
    "优惠", "折扣", "优惠码", "خصم", "كود خصم", "छूट", "कूपन",
)  # fmt: skip
HOURS = (
    "opening hours", "when do you open", "are you open", "horaires", "heures d'ouverture", "vous êtes ouverts",
    "horario", "a qué hora abren", "营业时间", "几点开门", "ساعات العمل", "متى تفتحون", "कब खुलता है",
)  # fmt: skip
ORDER = (
    "where is my order", "my order", "tracking", "où est ma commande", "ma commande", "suivi", "dónde está mi pedido",
    "mi pedido", "我的订单", "订单状态", "发货了吗", "أين طلبي", "طلبي", "मेरा ऑर्डर",
)  # fmt: skip
THANKS = ("thanks", "thank you", "merci", "merci beaucoup", "gracias", "谢谢", "多谢", "شكرا", "धन्यवाद", "👍", "🙏")


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule that can be taken as it is. about: what it does, in a sentence."""

    key: str
    name: str
    about: str


def offered(staff: Staff | None) -> list[Ready]:
    """The ready-made rules that have not been taken yet."""
    require(staff, "replies.read")
    taken = set(ReplyRule.objects.exclude(ready="").values_list("ready", flat=True))
    return [one for one in _all() if one.key not in taken]


@transaction.atomic
def take(keys: Sequence[str], *, by: Staff | None) -> list[ReplyRule]:
    """Add these ready-made rules, in their order; one that was taken before is passed over."""
    require(by, "replies.write")
    wanted = [one for one in offered(by) if one.key in keys]
    made = []
    for one in wanted:
        name = one.name if not ReplyRule.objects.filter(name=one.name).exists() else f"{one.name} ({one.key})"
        made.append(save_rule(name=name, ready=one.key, by=by, **_rule(one.key, by)))
    return made


def _all() -> list[Ready]:
    return [
        Ready(
            "promo",
            _("Discount code"),
            _("Who asks for a discount gets a one-time code. Fill the pool of codes before you switch it on."),
        ),
        Ready("order", _("Where is my order"), _("Names the customer’s last order and gives it to your team.")),
        Ready("hours", _("Opening hours"), _("Says when you are open. Write your hours into it.")),
        Ready("thanks", _("Thanks"), _("A short answer to a thank-you, so that nobody has to.")),
        Ready("outside", _("Outside opening hours"), _("Says that you are closed and will answer in the morning.")),
        Ready("welcome", _("First message"), _("Greets who writes for the first time and shows what you can do.")),
    ]


def _rule(key: str, by: Staff | None) -> dict[str, Any]:
    match key:
        case "promo":
            said = gettext_lazy(
                "Here is your code, {{first_name|dear customer}}: *{{code}}*. It is yours alone. Enjoy!"
            )
            return {
                "trigger": {"on": "keyword", "how": "fuzzy", "words": PROMO},
                "actions": [{"do": "promo", "pool": _pool(by).pk, "texts": _for_all(said)}],
                # Without codes it would only say that there are none.
                "enabled": False,
            }
        case "order":
            said = gettext_lazy(
                "Your last order is from {{order.date|a day we do not know}}. A colleague will look after it shortly."
            )
            return {
                "trigger": {"on": "keyword", "how": "fuzzy", "words": ORDER},
                "actions": [{"do": "text", "texts": _for_all(said)}, {"do": "priority", "priority": 1}],
                "settles": False,
            }
        case "hours":
            said = gettext_lazy("We are here from Monday to Friday, 9:00 to 18:00.")
            return {
                "trigger": {"on": "keyword", "how": "fuzzy", "words": HOURS},
                "actions": [{"do": "text", "texts": _for_all(said)}],
                # Somebody has to write their own hours into it first.
                "enabled": False,
            }
        case "thanks":
            return {
                "trigger": {"on": "keyword", "how": "exact", "words": THANKS},
                "actions": [{"do": "text", "texts": _for_all(gettext_lazy("With pleasure! 😊"))}],
            }
        case "outside":
            said = gettext_lazy(
                "Thank you, {{first_name|dear customer}}. We are closed now and will answer when we open again."
            )
            return {
                "trigger": {"on": "outside_hours"},
                "actions": [{"do": "text", "texts": _for_all(said)}],
                "settles": False,
            }
    hello = gettext_lazy("Welcome, {{first_name|friend}}! What can we do for you?")
    order, person = gettext_lazy("My order"), gettext_lazy("Talk to a person")
    return {
        "trigger": {"on": "first"},
        "actions": [{"do": "menu", "texts": [_menu(one, order, person) for one in _for_all(hello)]}],
        "settles": False,
    }


def _pool(by: Staff | None) -> PromoPool:
    found = PromoPool.objects.order_by("pk").first()
    if found is not None:
        return found
    empty = gettext_lazy("All codes are taken at the moment. Please ask again tomorrow.")
    return save_pool(name=_("Discount codes"), again="same", low_at=100, empty=_for_all(empty), by=by)


def _for_all(said: Any) -> list[Version]:
    """A text in the language of who takes the rule, for everybody, and in each other that Envoi speaks."""
    versions: list[Version] = [{"language": "", "text": str(said)}]
    for code, _name in settings.LANGUAGES:
        if code != translation.get_language():
            with translation.override(code):
                versions.append({"language": code, "text": str(said)})
    return versions


def _menu(version: Version, order: Any, person: Any) -> Version:
    with translation.override(version["language"] or translation.get_language()):
        return {**version, "options": [{"title": str(order), "payload": "menu.order"}, {"title": str(person)}]}
