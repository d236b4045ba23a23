"""What the pre-flight says beside its numbers: warnings to think about, blockers to mend. One sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_noop as _

from ..channels.models import Channel
from ..channels.tiers import UNPROVEN_PER_MINUTE
from ..message_templates.models import Template
from ..messaging.limit_actions import bars
from ..messaging.queries import receipts_missing
from ..rates.cards import Card
from ..rates.queries import messages_ever
from ..segments.known import Known
from ..segments.rules import frozen, gone
from ..segments.saying import Gone
from ..web.look import whole_day
from .budget import Standing
from .models import Campaign

if TYPE_CHECKING:
    from .preflight import Forecast

LONG = timedelta(hours=6)
PROVEN = 1_000  # messages that a number has delivered before it is trusted with more than 30 a minute (mission M1)
NEW_TEMPLATE = timedelta(days=1)
MEDIA = {"IMAGE", "VIDEO", "DOCUMENT"}
MOST_NAMED = 5

LIMITS: dict[str, str | Promise] = {
    "per_second": gettext_lazy("Messages a second"),
    "portfolio": gettext_lazy("Customers in 24 hours"),
    "budget": gettext_lazy("Budget of the campaign"),
    "month": gettext_lazy("Budget of the month"),
}


@dataclass(frozen=True, slots=True)
class Advice:
    """One sentence: a name for it, its English words, and what stands in them. Kept, it is read in any language."""

    code: str
    words: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """In the reader's language."""
        return gettext(self.words) % self.values if self.values else gettext(self.words)


def limit_label(what: str) -> str:
    """A limit's name in the reader's language."""
    return str(LIMITS.get(what, what))


def blockers(campaign: Campaign, made: Forecast, card: Card, standing: Standing) -> list[Advice]:
    """Everything for which a launch is refused."""
    return [*fixed_blockers(campaign), *_counted_blockers(campaign, made, card, standing)]


def fixed_blockers(campaign: Campaign) -> list[Advice]:
    """Those that need no counting: asked again at the very launch."""
    template, channel = campaign.template, campaign.channel
    found = []
    if template.state != Template.State.APPROVED:
        words = _("WhatsApp has not approved the template “%(name)s”.")
        found.append(Advice("template_not_approved", words, {"name": template.name}))
    if template.account_id != channel.account_id:
        found.append(Advice("other_account", _("The template belongs to another account than the channel.")))
    if channel.state != Channel.State.ACTIVE:
        found.append(Advice("channel_not_active", _("The channel “%(name)s” is not active."), {"name": channel.name}))
    # A segment that leaves out whoever has a tag that is gone would let them all in.
    found += [Advice("lets_in", one.words, one.values) for one in _gone(campaign) if one.lets_in]
    last = (
        Campaign.objects.filter(channel=channel, launched_at__lt=timezone.now() - timedelta(hours=1))
        .order_by("-launched_at")
        .first()
    )
    if last is not None and receipts_missing(last.pk):
        words = _("No receipt has come of the last campaign, “%(name)s”: check the webhook address at the provider.")
        found.append(Advice("no_webhook", words, {"name": last.name}))
    return found


def _counted_blockers(campaign: Campaign, made: Forecast, card: Card, standing: Standing) -> Iterator[Advice]:
    if not made.will_get:
        missing = [group for group in made.left_out if group.reason.startswith("missing:")]
        if missing and sum(group.people for group in missing) == made.total:
            words = _("%(reason)s for everybody in “%(segment)s”: choose what fills it, or a text that stands in.")
            yield Advice("missing_for_everyone", words, {"reason": missing[0].label, "segment": campaign.segment.title})
        yield Advice("nobody", _("Nobody in “%(segment)s” would get this."), {"segment": campaign.segment.title})
    unknown = [part for part in made.parts if part.unit is None]
    if unknown and not card.is_empty:
        named = [f"{part.country or '?'} ({part.market})" for part in unknown[:MOST_NAMED]]
        words = _(
            "The rate card in %(currency)s has no price for %(countries)s: enter it, or bring in the current card."
        )
        yield Advice(
            "no_rate",
            words,
            {
                "currency": made.currency,
                "countries": ", ".join(named) + (" …" if len(unknown) > MOST_NAMED else ""),
            },
        )
    capped = campaign.budget is not None or standing.monthly_cap is not None
    if card.is_empty and capped:
        words = _("There is no rate card in %(currency)s, so no budget can be kept.")
        yield Advice("no_card", words, {"currency": made.currency})
    if campaign.budget is not None and made.amount > campaign.budget:
        words = _("It would cost %(amount)s %(currency)s; the campaign’s budget is %(budget)s %(currency)s.")
        yield Advice(
            "budget",
            words,
            {"amount": f"{made.amount:.2f}", "currency": made.currency, "budget": f"{campaign.budget:.2f}"},
        )
    if standing.monthly_cap is not None and standing.month + made.amount > standing.monthly_cap:
        words = _(
            "It would cost %(amount)s %(currency)s; of this month’s budget of %(budget)s %(currency)s,"
            " %(left)s %(currency)s are left."
        )
        yield Advice(
            "month",
            words,
            {
                "amount": f"{made.amount:.2f}",
                "currency": made.currency,
                "budget": f"{standing.monthly_cap:.2f}",
                "left": f"{max(standing.monthly_cap - standing.month, 0):.2f}",
            },
        )


def warnings(campaign: Campaign, made: Forecast, card: Card) -> list[Advice]:
    """What does not stop a launch, and should be known before it."""
    return list(_warnings(campaign, made, card))


def _warnings(campaign: Campaign, made: Forecast, card: Card) -> Iterator[Advice]:
    template, channel = campaign.template, campaign.channel
    if made.overlap:
        words = _("%(n)s of them wait for a promotion of another campaign: they get the second one a day later.")
        yield Advice("overlap", words, {"n": made.overlap})
    for one in _gone(campaign):
        if not one.lets_in:
            yield Advice("gone", one.words, one.values)
    if card.is_empty:
        words = _("There is no rate card in %(currency)s: the cost is not known.")
        yield Advice("no_card", words, {"currency": made.currency})
    elif any(band.source.startswith("Seed") for bands in card.bands.values() for band in bands):
        yield Advice(
            "seed_prices", _("Prices are those that came with Envoi. Bring in WhatsApp’s current card to be exact.")
        )
    if card.fee.currency and card.fee.per_message and card.fee.currency != made.currency:
        words = _("The provider’s own fee is in %(other)s and not in this sum, which is in %(currency)s.")
        yield Advice("fee_currency", words, {"other": card.fee.currency, "currency": made.currency})
    yield from _held_back(made)
    if made.days:
        words = _("The daily limit of the number spreads it over %(n)s days.")
        yield Advice("spread", words, {"n": made.days + 1})
    elif made.seconds > LONG.total_seconds() and not made.later:
        yield Advice("slow", _("The channel’s pace makes this a matter of hours: ask the provider for more a second."))
    if str(channel.quality).lower() in ("red", "low", "yellow", "medium"):
        yield Advice("quality", _("The number’s quality is not high: send to those who wrote or bought lately."))
    if str(template.quality).lower() in ("red", "low"):
        yield Advice("template_quality", _("Customers have blocked or reported this template: change its words first."))
    if channel.pace_by == Channel.PaceBy.NEW:
        words = _("The number is new: %(n)s messages a minute leave until it has proven itself. Its page says how.")
        yield Advice("new_number", words, {"n": channel.per_minute})
    careful = channel.per_minute is not None and channel.per_minute <= UNPROVEN_PER_MINUTE
    if (
        not careful
        and channel.pace_by == Channel.PaceBy.NOBODY
        and made.will_get > UNPROVEN_PER_MINUTE
        and messages_ever(channel.pk) < PROVEN
    ):
        words = _("This number has not proven itself yet: begin with a small part, at most %(n)s messages a minute.")
        yield Advice("unproven", words, {"n": UNPROVEN_PER_MINUTE})
    if template.updated_at > timezone.now() - NEW_TEMPLATE:
        words = _("The template is new or newly changed: WhatsApp may deliver it in small parts at first.")
        yield Advice("new_template", words)
    if any(part.get("format") in MEDIA for part in template.components):
        yield Advice(
            "media", _("With a picture, video or document 90–95 % arrive, with text 98 %: text and a link is safer.")
        )
    if template.category == Template.Category.MARKETING and not _asks(template.components):
        yield Advice(
            "reply_rate", _("Nothing asks for an answer. Under 5 % of replies a day looks like spam: add a button.")
        )


def _gone(campaign: Campaign) -> list[Gone]:
    """What the segment, or one that it is made of, names and nobody has any more."""
    known = Known()
    return gone(frozen(campaign.segment.rule, known), known)


def _held_back(made: Forecast) -> Iterator[Advice]:
    """Each rule by which a country gets no marketing, with its day and who says so, when it concerns somebody here."""
    people = sum(group.people for group in (*made.left_out, *made.later) if group.reason == "not_delivered_there")
    if not people:
        return
    for bar in bars(by=None):
        if bar.from_at <= timezone.now():
            words = _("No marketing goes to numbers of %(country)s since %(day)s: %(source)s.")
            source = bar.source.rstrip(".") or gettext("entered by hand")
            day = whole_day(bar.from_at.date())
            yield Advice("not_delivered_there", words, {"country": bar.region, "day": day, "source": source})


def _asks(components: list[dict[str, Any]]) -> bool:
    """Whether the message asks its reader for something: a button, or a question."""
    return any(
        part.get("type") in ("BUTTONS", "CAROUSEL")
        or (part.get("type") == "BODY" and ("?" in part.get("text", "") or "？" in part.get("text", "")))
        for part in components
    )
