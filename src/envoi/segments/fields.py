"""Everything that a rule may ask about a contact: one entry a field, for the compiler, the sentence and the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, cast

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..contacts.models import Attribute, Consent, Source
from ..orders.features import FEATURES, Measure
from . import asking
from .operators import (
    COMPARE,
    COMPARISONS,
    DATE,
    DID,
    HAS,
    INACTIVE,
    IS,
    MOMENT,
    SET,
    TEXT,
    YES,
    Operators,
    Text,
)
from .operators import IN as IN_SEGMENT

Kind = Literal[
    "tag", "language", "country", "choice", "text", "zone", "staff", "segment", "whole", "money", "number", "days",
    "date", "yes", "campaign", "product", "random",
]  # fmt: skip
Group = Literal["person", "attributes", "consent", "orders", "rfm", "campaigns", "conversation", "other"]
# How many people have a value of these kinds may be asked of several values at once.
SEVERAL = frozenset({"tag", "language", "country", "choice", "zone", "staff"})
NUMBERS = frozenset({"whole", "money", "number"})

GROUPS: dict[Group, Text] = {
    "person": _("About the person"),
    "attributes": _("What you note about people"),
    "consent": _("Consent"),
    "orders": _("Orders"),
    "rfm": _("Recency, frequency, value"),
    "conversation": _("Conversation"),
    "campaigns": _("Campaigns"),
    "other": _("Segments and chance"),
}

Area = tuple[tuple[int, int], tuple[int, int]]
# Recency and frequency scores from … to …: together they cover the square of 5 × 5, no field twice.
RFM: dict[str, tuple[Text, Area]] = {
    "champions": (_("Champions"), ((5, 5), (4, 5))),
    "loyal": (_("Loyal customers"), ((3, 4), (4, 5))),
    "potential": (_("Potential loyalists"), ((4, 5), (2, 3))),
    "new": (_("New customers"), ((5, 5), (1, 1))),
    "promising": (_("Promising"), ((4, 4), (1, 1))),
    "attention": (_("Need attention"), ((3, 3), (3, 3))),
    "sleepy": (_("About to sleep"), ((3, 3), (1, 2))),
    "cant_lose": (_("Can’t lose them"), ((1, 2), (5, 5))),
    "at_risk": (_("At risk"), ((1, 2), (3, 4))),
    "hibernating": (_("Hibernating"), ((2, 2), (1, 2))),
    "lost": (_("Lost"), ((1, 1), (1, 2))),
}
JOINS = {
    "o": "LEFT JOIN order_totals o ON o.contact_id = c.id",
    "v": "LEFT JOIN activity v ON v.contact_id = c.id",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to ask. `build` makes its condition, from `column` where it compares one.

    has, has_not: the sentence with the value in it; for comparisons `has` takes %(value)s as "is more than 3".
    subject: what a sentence about a date begins with. none: what stands for somebody without a row, None when no
    comparison holds for them. needs: the tables of JOINS that its condition reads. columns: the times of which `column`
    is the latest.
    """

    name: str
    label: Text
    group: Group
    kind: Kind
    operators: Operators
    build: Callable[[asking.Question], str]
    has: Text = ""
    has_not: Text = ""
    column: str = ""
    subject: Text = ""
    none: int | None = None
    choices: tuple[tuple[str, Text], ...] = ()
    unit: Text = ""
    needs: str = ""
    key: str = ""
    help: Text = ""
    columns: tuple[str, ...] = ()

    def holds_for_none(self, operator: str, value: float) -> bool:
        """Whether somebody without a row passes a comparison."""
        return self.none is not None and COMPARISONS[operator](self.none, value)

    @property
    def areas(self) -> dict[str, Area]:
        """The rectangles of scores behind the names of `choices`."""
        return {name: area for name, (_label, area) in RFM.items()}

    @property
    def measure(self) -> Measure:
        """Which of the three a score is of."""
        return cast(Measure, self.name.removeprefix("rfm."))

    @property
    def own_label(self) -> bool:
        """Whether the company itself has named it."""
        return self.group == "attributes"


def _amount(
    name: str,
    label: Text,
    has: Text,
    column: str,
    *,
    none: int | None = None,
    kind: Kind = "whole",
    build: Callable[[asking.Question], str] = asking.number,
) -> Field:
    return Field(
        name, label, "orders", kind, COMPARE, build, has, column=column, none=none, needs="o",
        unit=_("orders") if kind == "whole" else "",
    )  # fmt: skip


def _score(name: str, label: Text, has: Text, help: Text) -> Field:
    return Field(name, label, "rfm", "whole", COMPARE, asking.score, has, needs="o", help=help)


def _behaviour(name: str, label: Text, has: Text, has_not: Text, help: Text = "") -> Field:
    return Field(name, label, "campaigns", "campaign", DID, asking.campaign, has, has_not, help=help)


BEHAVIOUR_HELP = _("Of one campaign or of any; with a number of days, of the last days only.")

_ALL = (
    Field("tag", _("Tag"), "person", "tag", HAS, asking.tag,
          _("has the tag %(value)s"), _("does not have the tag %(value)s")),
    Field("name", _("Name"), "person", "text", TEXT, asking.name, subject=pgettext_lazy("field", "name")),
    Field("language", _("Language"), "person", "language", IS, asking.language,
          _("language is %(value)s"), _("language is not %(value)s"),
          help=_("“fr” includes fr-CA and every other French.")),
    Field("country", _("Country"), "person", "country", IS, asking.same,
          _("country is %(value)s"), _("country is not %(value)s"), column="c.country"),
    Field("timezone", _("Time zone"), "person", "zone", IS, asking.same,
          _("time zone is %(value)s"), _("time zone is not %(value)s"), column="c.timezone"),
    Field("phone_known", _("Phone number known"), "person", "yes", YES, asking.yes,
          _("has a phone number"), _("has no phone number"), column="c.phone IS NOT NULL"),
    Field("owner", _("Looked after by"), "person", "staff", IS, asking.same,
          _("is looked after by %(value)s"), _("is not looked after by %(value)s"), column="c.owner_id"),
    Field("blocked", _("Blocked"), "person", "yes", YES, asking.yes,
          _("is blocked"), _("is not blocked"), column="c.blocked_at IS NOT NULL"),
    Field("source", _("Came by"), "person", "choice", IS, asking.same,
          _("came by %(value)s"), _("did not come by %(value)s"), column="c.source", choices=tuple(Source.choices)),
    Field("contact.created_days", _("Added"), "person", "days", MOMENT, asking.moment,
          _("was added in the last %(value)s days"), _("was not added in the last %(value)s days"),
          column="c.created_at", subject=pgettext_lazy("field", "added"), unit=_("days")),
    Field("marketing", _("Marketing consent"), "consent", "choice", IS, asking.same,
          _("marketing consent is %(value)s"), _("marketing consent is not %(value)s"),
          column="c.marketing", choices=tuple((one.value, one.label) for one in Consent)),
    Field("service", _("Service consent"), "consent", "choice", IS, asking.same,
          _("service consent is %(value)s"), _("service consent is not %(value)s"),
          column="c.service", choices=tuple((one.value, one.label) for one in Consent)),
    _amount("orders.count", _("Number of orders"), _("number of orders %(value)s"), FEATURES["orders"], none=0),
    _amount("orders.30", _("Orders in 30 days"), _("number of orders in the last 30 days %(value)s"), "",
            none=0, build=asking.window),
    _amount("orders.90", _("Orders in 90 days"), _("number of orders in the last 90 days %(value)s"), "",
            none=0, build=asking.window),
    _amount("orders.365", _("Orders in 365 days"), _("number of orders in the last 365 days %(value)s"), "",
            none=0, build=asking.window),
    _amount("orders.average", _("Average order"), _("average order %(value)s"), FEATURES["average"], kind="money"),
    _amount("orders.spend", _("Total spent"), _("total spent %(value)s"), FEATURES["spend"], none=0, kind="money"),
    Field("orders.last_days", _("Ordered"), "orders", "days", MOMENT, asking.moment,
          _("ordered in the last %(value)s days"), _("has not ordered in the last %(value)s days"),
          column="o.last_at", subject=pgettext_lazy("field", "last order"), unit=_("days"), needs="o"),
    Field("orders.first_days", _("First order"), "orders", "days", MOMENT, asking.moment,
          _("first ordered in the last %(value)s days"), _("did not first order in the last %(value)s days"),
          column="o.first_at", subject=pgettext_lazy("field", "first order"), unit=_("days"), needs="o"),
    Field("product", _("Product bought"), "orders", "product", DID, asking.product,
          _("bought %(value)s"), _("did not buy %(value)s"),
          help=_("The product’s article number or its name, as your shop writes it.")),
    Field("rfm.segment", _("Group of buyers"), "rfm", "choice", IS, asking.rfm,
          _("belongs to %(value)s"), _("does not belong to %(value)s"), needs="o",
          choices=tuple((name, label) for name, (label, _area) in RFM.items()),
          help=_("From how recently and how often they bought, compared with all other buyers.")),
    _score("rfm.recency", _("Recency score"), _("recency score %(value)s"),
           _("1 to 5: the fifth of all buyers who bought last has 5.")),
    _score("rfm.frequency", _("Frequency score"), _("frequency score %(value)s"),
           _("1 to 5: the fifth of all buyers with the most orders has 5.")),
    _score("rfm.monetary", _("Value score"), _("value score %(value)s"),
           _("1 to 5: the fifth of all buyers who spent most has 5.")),
    Field("inbound_days", _("Wrote to us"), "conversation", "days", MOMENT, asking.moment,
          _("wrote to us in the last %(value)s days"), _("has not written to us in the last %(value)s days"),
          column="c.last_inbound_at", subject=pgettext_lazy("field", "last wrote to us"), unit=_("days")),
    Field("interacted_days", _("Interacted"), "conversation", "days", MOMENT, asking.moment,
          _("wrote to us or read a message in the last %(value)s days"),
          _("has neither written nor read a message in the last %(value)s days"),
          column="GREATEST(c.last_inbound_at, v.last_seen_at)", columns=("c.last_inbound_at", "v.last_seen_at"),
          subject=pgettext_lazy("field", "last interaction"),
          unit=_("days"), needs="v", help=_("Wrote to us or read one of our messages.")),
    Field("inactive_days", _("Inactive"), "conversation", "days", INACTIVE, asking.inactive,
          _("inactive for %(value)s days"), _("not inactive for %(value)s days"), unit=_("days"), needs="ov",
          help=_("Neither wrote, read nor ordered for so long, and known for longer than that.")),
    Field("wrote", _("Ever wrote to us"), "conversation", "yes", YES, asking.yes,
          _("has written to us"), _("has never written to us"), column="c.last_inbound_at IS NOT NULL"),
    Field("window_open", _("Window open"), "conversation", "yes", YES, asking.yes,
          _("can be written to freely now"), _("can’t be written to freely now"), column="c.window_open_until > now()",
          help=_("For 24 hours after somebody wrote, any message may be sent, not only templates.")),
    _behaviour("campaign.sent", _("Was sent a campaign"), _("was sent %(value)s"), _("was not sent %(value)s"),
               BEHAVIOUR_HELP),
    _behaviour("campaign.got", _("Got a campaign"), _("got %(value)s"), _("did not get %(value)s"), BEHAVIOUR_HELP),
    _behaviour("campaign.read", _("Read a campaign"), _("read %(value)s"), _("did not read %(value)s"), BEHAVIOUR_HELP),
    _behaviour("campaign.clicked", _("Tapped a button"), _("tapped a button of %(value)s"),
               _("did not tap a button of %(value)s"), BEHAVIOUR_HELP),
    _behaviour("campaign.replied", _("Replied to a campaign"), _("replied to %(value)s"),
               _("did not reply to %(value)s"),
               BEHAVIOUR_HELP),
    _behaviour("campaign.bought", _("Bought after a campaign"), _("bought after %(value)s"),
               _("did not buy after %(value)s"), _("Within so many days after the campaign’s message to them.")),
    Field("segment", _("Segment"), "other", "segment", IN_SEGMENT, asking.same,
          _("is in the segment %(value)s"), _("is not in the segment %(value)s")),
    Field("random", _("Random sample"), "other", "random", (("is", pgettext_lazy("sample", "of")),),
          asking.random_share,
          _("is in a random sample of %(value)s"),
          help=_("Always the same people, until the sample is drawn anew.")),
)  # fmt: skip

FIELDS: dict[str, Field] = {field.name: field for field in _ALL}

_OF_KIND: dict[str, tuple[Kind, Operators, Callable[[asking.Question], str]]] = {
    Attribute.Kind.TEXT: ("text", TEXT, asking.text_attribute),
    Attribute.Kind.NUMBER: ("number", (*COMPARE, *SET), asking.number_attribute),
    Attribute.Kind.DATE: ("date", DATE, asking.date_attribute),
    Attribute.Kind.BOOLEAN: ("yes", (*YES, *SET), asking.boolean_attribute),
    Attribute.Kind.CHOICE: ("choice", (*IS, *SET), asking.choice_attribute),
}
ATTRIBUTE = "attribute:"


def attribute_field(one: Attribute) -> Field:
    """The field of something that the company notes, by its kind."""
    kind, operators, build = _OF_KIND[one.kind]
    return Field(
        f"{ATTRIBUTE}{one.key}",
        one.label,
        "attributes",
        kind,
        operators,
        build,
        subject=one.label,
        key=one.key,
        choices=tuple((word, word) for word in one.choices),
        unit=_("days") if kind == "date" else "",
    )


def by_group(attributes: Iterable[Attribute]) -> list[tuple[Text, list[Field]]]:
    """Every field, as the page offers them."""
    every = [*_ALL, *(attribute_field(one) for one in attributes)]
    grouped = [(label, [one for one in every if one.group == group]) for group, label in GROUPS.items()]
    return [(label, fields) for label, fields in grouped if fields]
