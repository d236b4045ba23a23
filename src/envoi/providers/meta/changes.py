"""Templates, numbers, accounts and preferences that moved (Meta sheet, D.7; C.3 to C.5, E.1, E.2, H)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...core import clock
from ...core.events import AccountChanged, ChannelChanged, Fact, PreferenceChanged, TemplateChanged, Unknown
from ..reading import MISSHAPEN, Json, fields, items, need, text
from .numbers import e164
from .people import person
from .templates import CATEGORIES, STATES

# How many people may be written to first in a moving 24 hours, by the names that numbers have for it (E.2).
TIERS = {-1: "TIER_UNLIMITED", 250: "TIER_250", 2_000: "TIER_2K", 10_000: "TIER_10K", 100_000: "TIER_100K"}

# An event of numbers whose quality fell or rose again; general knowledge, not in the sheet.
QUALITIES = {"FLAGGED": "red", "UNFLAGGED": "green"}


def template_status(value: Json, account: str) -> list[Fact]:
    """Approval moved (D.7)."""
    rejection, info = fields(value.get("rejection_info")), fields(value.get("other_info"))
    said = [value.get("reason"), rejection.get("reason"), rejection.get("recommendation")]
    said += [info.get("title"), info.get("description")]
    reason = ". ".join(words for words in map(text, said) if words and words != "NONE")
    category = CATEGORIES.get(text(value.get("message_template_category")))
    return [_template(value, state=STATES[value["event"]], category=category, reason=reason)]


def template_quality(value: Json, account: str) -> list[Fact]:
    return [_template(value, quality=need(value["new_quality_score"]).lower())]


def template_category(value: Json, account: str) -> list[Fact]:
    """Two shapes (C.4, D.7): with `correct_category` a warning a day ahead, without it the change itself."""
    if correct := text(value.get("correct_category")):
        return [_template(value, reason=f"Meta will make its category {correct} within a day.")]
    return [_template(value, category=CATEGORIES[value["new_category"]])]


def template_components(value: Json, account: str) -> list[Fact]:
    """Its wording was changed at Meta; what it says now is for the next listing to tell."""
    return [_template(value, reason="Its wording was changed at Meta.")]


def _template(value: Json, **what: Any) -> TemplateChanged:
    """The name may be missing, as in Meta's pauses: then the id alone says which template (D.7)."""
    name = text(value.get("message_template_name"))
    language = text(value.get("message_template_language")).replace("-", "_")
    identity = str(value.get("message_template_id") or "")
    if not identity and not (name and language):
        raise ValueError("No template is named.")
    return TemplateChanged(name=name, language=language, provider_id=identity, **what)


def preferences(value: Json, account: str) -> list[Fact]:
    """The person stopped or resumed marketing inside WhatsApp, or signed up by Meta's own double opt-in (D.7, H)."""
    channel = need(value["metadata"]["phone_number_id"])
    facts: list[Fact] = []
    for item in value["user_preferences"]:
        try:
            who = person(item.get("wa_id"), item.get("user_id"), items(value.get("contacts")))
            if who is None or item["category"] != "marketing_messages":
                raise ValueError("Not about a person's marketing.")
            wants = {"stop": False, "resume": True, "signup": True}[item["value"]]
            at = clock.from_unix(item["timestamp"])
            said = [text(item.get("detail")), text(item.get("signup_id")) and f"signup {item['signup_id']}"]
            facts.append(PreferenceChanged(channel, who, wants, at, " · ".join(filter(None, said))))
        except MISSHAPEN:
            facts.append(Unknown("user_preferences", item))
    return facts


def number_quality(value: Json, account: str) -> list[Fact]:
    """Despite its name: the messaging limit, and the throughput upgrade (D.7, E.1)."""
    tier = text(value.get("max_daily_conversations_per_business")) or text(value.get("current_limit"))
    event = need(value["event"])
    return [
        ChannelChanged(
            address=e164(need(value["display_phone_number"])),
            event=event,
            quality=QUALITIES.get(event),
            tier=tier or None,
            throughput_per_second=1_000 if event == "THROUGHPUT_UPGRADE" else None,
        )
    ]


def number_name(value: Json, account: str) -> list[Fact]:
    """The decision about a display name; an approved one holds once the number is registered again (G.1)."""
    decision = need(value["decision"])
    refused = text(value.get("rejection_reason"))
    return [
        ChannelChanged(
            address=e164(need(value["display_phone_number"])),
            event=f"NAME_{decision}",
            name=text(value.get("requested_verified_name")) or None if decision == "APPROVED" else None,
            reason=refused if refused != "NONE" else "",
        )
    ]


def number_security(value: Json, account: str) -> list[Fact]:
    """The two-step PIN was changed or asked for."""
    who = text(value.get("requester"))
    reason = f"by {who}" if who else ""
    return [
        ChannelChanged(address=e164(need(value["display_phone_number"])), event=need(value["event"]), reason=reason)
    ]


def capability(value: Json, account: str) -> list[Fact]:
    """The portfolio's limit of people written to first in 24 hours; -1 is without one (E.2)."""
    limit = value["max_daily_conversations_per_business"]
    if isinstance(limit, str) and limit.startswith("TIER_"):
        tier = limit
    else:
        tier = TIERS.get(int(limit), str(int(limit)))
    return [AccountChanged(account=need(account), event="CAPABILITY", tier=tier, raw=value)]


def account_update(value: Json, account: str) -> list[Fact]:
    """Restrictions, bans and their ends; events of partners carry the account inside (D.2)."""
    event = need(value["event"])
    whose = text(fields(value.get("waba_info")).get("waba_id")) or account
    state, until, reason = ACCOUNT_STATES.get(event), None, ""
    restrictions = [one for one in items(value.get("restriction_info")) if isinstance(one, dict)]
    if restrictions:
        reason = ", ".join(text(one.get("restriction_type")) for one in restrictions)
        until = _latest([one.get("expiration") for one in restrictions])
    elif ban := fields(value.get("ban_info")):
        banned = text(ban.get("waba_ban_state"))
        state = BANS.get(banned, state)
        reason = " ".join(words for words in (banned, text(ban.get("waba_ban_date"))) if words)
    elif violation := text(fields(value.get("violation_info")).get("violation_type")):
        reason = violation
    return [AccountChanged(account=need(whose), event=event, state=state, until=until, reason=reason, raw=value)]


def account_review(value: Json, account: str) -> list[Fact]:
    """The account was reviewed; only an approved one sends."""
    decision = need(value["decision"])
    state = {"APPROVED": "active", "REJECTED": "suspended"}.get(decision)
    return [AccountChanged(account=need(account), event=f"REVIEW_{decision}", state=state, raw=value)]


def account_alert(value: Json, account: str) -> list[Fact]:
    """A word from Meta to a person; the entity that it is about is in `raw`."""
    alert = value["alert_info"]
    words = text(alert.get("alert_description"))
    return [AccountChanged(account=need(account), event=need(alert["alert_type"]), reason=words, raw=value)]


def _latest(moments: list[Any]) -> datetime | None:
    """The last of these moments; None as soon as one of them is not known: then nobody knows the end."""
    try:
        return max(clock.from_unix(moment) for moment in moments)
    except MISSHAPEN:
        return None


ACCOUNT_STATES = {
    "ACCOUNT_DELETED": "suspended",
    "ACCOUNT_RESTRICTION": "restricted",
    "ACCOUNT_OFFBOARDED": "suspended",
    "ACCOUNT_RECONNECTED": "active",
}

# A ban that is only announced does not stop sending yet.
BANS = {"DISABLE": "suspended", "REINSTATE": "active"}
