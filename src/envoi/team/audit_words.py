"""The audit log in words: who, what was done, and each difference as a sentence's worth of words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from .audit import OF_TEAM, PLACES, Deed
from .audit_fields import FIELDS
from .audit_values import LONGEST, Names, field_words, value_words
from .models import Change

NOUNS: dict[str, Any] = {
    "accounts": gettext_lazy("Account"),
    "alarm_rules": gettext_lazy("Alarm"),
    "api_keys": gettext_lazy("API key"),
    "assignment_rules": gettext_lazy("Rule of assignment"),
    "attributes": gettext_lazy("Attribute"),
    "auto_tags": gettext_lazy("Tag by rule"),
    "campaigns": gettext_lazy("Campaign"),
    "canned_replies": gettext_lazy("Canned reply"),
    "channels": gettext_lazy("Channel"),
    "contact_settings": gettext_lazy("Setting of contacts"),
    "faq_entries": gettext_lazy("Common question"),
    "invitations": gettext_lazy("Invitation"),
    "keywords": gettext_lazy("Word for STOP or START"),
    "limit_settings": gettext_lazy("Setting of the limits"),
    "marketing_bars": gettext_lazy("Bar on marketing"),
    "opening_exceptions": gettext_lazy("Day with other hours"),
    "opening_hours": gettext_lazy("Opening hours"),
    "order_settings": gettext_lazy("Setting of orders"),
    "promo_pools": gettext_lazy("Pool of codes"),
    "reply_rules": gettext_lazy("Automatic reply"),
    "reply_settings": gettext_lazy("Setting of automatic replies"),
    "satisfaction_settings": gettext_lazy("Question after closing"),
    "segments": gettext_lazy("Segment"),
    "service_targets": gettext_lazy("Target of service"),
    "skill_rules": gettext_lazy("Skill for a tag"),
    "staff": gettext_lazy("Staff"),
    "staff_rights": gettext_lazy("Right"),
    "tags": gettext_lazy("Tag"),
    "team_members": gettext_lazy("Member of a team"),
    "team_settings": gettext_lazy("Rule of two-step verification"),
    "teams": gettext_lazy("Team"),
    "templates": gettext_lazy("Template"),
}

VERBS: dict[str, Any] = {
    "account.active": gettext_lazy("An account works again"),
    "account.change": gettext_lazy("Changed an account"),
    "account.changed": gettext_lazy("The provider changed an account"),
    "account.connect": gettext_lazy("Connected an account"),
    "account.disconnect": gettext_lazy("Disconnected an account"),
    "account.forget_old_secrets": gettext_lazy("Forgot an account’s old secrets"),
    "account.off": gettext_lazy("An account was disconnected"),
    "account.restricted": gettext_lazy("An account was restricted"),
    "account.suspended": gettext_lazy("An account was suspended"),
    "account.terms": gettext_lazy("Changed an account’s terms"),
    "account.try_again": gettext_lazy("Tried an account again"),
    "account.unreachable": gettext_lazy("An account could not be reached"),
    "account.webhook": gettext_lazy("An account’s webhooks were set up"),
    "breaker.resume": gettext_lazy("Resumed after the quality breaker"),
    "campaign.break": gettext_lazy("The quality breaker stopped a campaign"),
    "campaign.budget": gettext_lazy("Changed a campaign’s budget"),
    "campaign.cancel": gettext_lazy("Cancelled a campaign"),
    "campaign.create": gettext_lazy("Prepared a campaign"),
    "campaign.hold": gettext_lazy("A campaign waits for its budget"),
    "campaign.launch": gettext_lazy("Launched a campaign"),
    "campaign.not_launched": gettext_lazy("A planned campaign could not leave"),
    "campaign.schedule": gettext_lazy("Planned when a campaign leaves"),
    "campaign.pause": gettext_lazy("Paused a campaign"),
    "campaign.resume": gettext_lazy("Resumed a campaign"),
    "campaign.update": gettext_lazy("Changed a campaign"),
    "campaigns.export": gettext_lazy("Took a campaign’s recipients out as a file"),
    "canned.add": gettext_lazy("Added a canned reply"),
    "canned.change": gettext_lazy("Changed a canned reply"),
    "canned.delete": gettext_lazy("Deleted a canned reply"),
    "channel.active": gettext_lazy("Switched a channel on"),
    "channel.add": gettext_lazy("Added a channel"),
    "channel.changed": gettext_lazy("The provider changed a channel"),
    "channel.pace": gettext_lazy("Changed a channel’s pace"),
    "channel.paused": gettext_lazy("Paused a channel"),
    "channel.proven": gettext_lazy("A channel may send faster"),
    "channel.suspended": gettext_lazy("A channel was suspended"),
    "channel.test": gettext_lazy("Sent a test"),
    "contacts.add": gettext_lazy("Added a contact"),
    "contacts.block": gettext_lazy("Blocked a contact"),
    "contacts.cancel_import": gettext_lazy("Cancelled an import"),
    "contacts.change": gettext_lazy("Changed contacts"),
    "contacts.check_import": gettext_lazy("Checked a file"),
    "contacts.consent": gettext_lazy("Changed a consent"),
    "contacts.define_attribute": gettext_lazy("Defined an attribute"),
    "contacts.double_opt_in": gettext_lazy("Changed the double opt-in"),
    "contacts.erase": gettext_lazy("Erased a person"),
    "contacts.export": gettext_lazy("Took contacts out as a file"),
    "contacts.export_person": gettext_lazy("Handed out a person’s data"),
    "contacts.identity": gettext_lazy("A customer’s number or id changed"),
    "contacts.import": gettext_lazy("Imported a file"),
    "contacts.keyword": gettext_lazy("Changed the words for STOP and START"),
    "contacts.merge": gettext_lazy("Merged two contacts"),
    "contacts.tell_apart": gettext_lazy("Said that two contacts are different people"),
    "contacts.unblock": gettext_lazy("Unblocked a contact"),
    "contacts.undefine_attribute": gettext_lazy("Removed an attribute"),
    "contacts.undo_import": gettext_lazy("Undid an import"),
    "contacts.undo_merge": gettext_lazy("Undid a merge"),
    "contacts.update": gettext_lazy("Changed a contact"),
    "key.make": gettext_lazy("Made an API key"),
    "key.revoke": gettext_lazy("Revoked an API key"),
    "limits.bar": gettext_lazy("Barred marketing to a region"),
    "limits.bar_end": gettext_lazy("Ended a bar on marketing"),
    "limits.hours": gettext_lazy("Changed the quiet hours"),
    "limits.promotion_gap": gettext_lazy("Changed the time between promotions"),
    "media.delete": gettext_lazy("Deleted a file"),
    "media.upload": gettext_lazy("Added a file"),
    "message.send": gettext_lazy("Sent a message"),
    "messages.settle": gettext_lazy("Settled uncertain messages"),
    "orders.currency": gettext_lazy("Changed the company’s currency"),
    "orders.export": gettext_lazy("Took orders out as a file"),
    "orders.rate": gettext_lazy("Changed an exchange rate"),
    "orders.rate_removed": gettext_lazy("Removed an exchange rate"),
    "orders.rates": gettext_lazy("Changed several exchange rates"),
    "orders.refund": gettext_lazy("Noted what was given back of an order"),
    "rates.fee": gettext_lazy("Changed a provider’s fee"),
    "rates.import": gettext_lazy("Imported prices"),
    "rates.set": gettext_lazy("Changed a price"),
    "replies.add_codes": gettext_lazy("Added promo codes"),
    "replies.delete_faq": gettext_lazy("Deleted a common question"),
    "replies.delete_pool": gettext_lazy("Deleted a pool of codes"),
    "replies.delete_rule": gettext_lazy("Deleted an automatic reply"),
    "replies.faq": gettext_lazy("Saved a common question"),
    "replies.move": gettext_lazy("Moved an automatic reply"),
    "replies.pool": gettext_lazy("Saved a pool of codes"),
    "replies.remove_codes": gettext_lazy("Took promo codes out"),
    "replies.save_rule": gettext_lazy("Saved an automatic reply"),
    "replies.set_enabled": gettext_lazy("Switched an automatic reply on or off"),
    "replies.settings": gettext_lazy("Changed what holds for all automatic replies"),
    "satisfaction.change": gettext_lazy("Changed the question after closing"),
    "segments.add_people": gettext_lazy("Added people to a list"),
    "segments.delete": gettext_lazy("Deleted a segment"),
    "segments.remove_people": gettext_lazy("Took people off a list"),
    "segments.save": gettext_lazy("Saved a segment"),
    "segments.start_tag": gettext_lazy("Started tagging by a rule"),
    "segments.stop_tag": gettext_lazy("Stopped tagging by a rule"),
    "service.alarm": gettext_lazy("Changed what an alarm does"),
    "service.alarms_dropped": gettext_lazy("Gave a team the company’s alarms again"),
    "service.assignment": gettext_lazy("Changed who gets new conversations"),
    "service.assignment_dropped": gettext_lazy("Gave a team the company’s assignment again"),
    "service.canned_seconds": gettext_lazy("Changed what a canned reply saves"),
    "service.exception": gettext_lazy("Set other hours for a day"),
    "service.exception_dropped": gettext_lazy("Took a day’s other hours back"),
    "service.hours": gettext_lazy("Changed the opening hours"),
    "service.hours_dropped": gettext_lazy("Gave a team the company’s hours again"),
    "service.skill": gettext_lazy("Asked for a skill for a tag"),
    "service.skill_dropped": gettext_lazy("Took a skill for a tag away"),
    "service.targets": gettext_lazy("Changed how long customers may wait"),
    "service.targets_dropped": gettext_lazy("Took targets of their own away"),
    "staff.accept": gettext_lazy("Came onto the team"),
    "staff.add": gettext_lazy("Added somebody to the team"),
    "staff.change": gettext_lazy("Changed somebody on the team"),
    "staff.end_session": gettext_lazy("Signed a browser out"),
    "staff.end_sessions": gettext_lazy("Signed out everywhere else"),
    "staff.force_out": gettext_lazy("Signed somebody out everywhere"),
    "staff.invite": gettext_lazy("Invited somebody"),
    "staff.invite_again": gettext_lazy("Sent an invitation again"),
    "staff.invite_revoke": gettext_lazy("Took an invitation back"),
    "staff.leave": gettext_lazy("Switched somebody’s access off"),
    "staff.password": gettext_lazy("Set a new password"),
    "staff.password_link": gettext_lazy("Made a link for a new password"),
    "staff.return": gettext_lazy("Let somebody in again"),
    "staff.rights": gettext_lazy("Changed somebody’s rights"),
    "staff.two_step_off": gettext_lazy("Removed somebody’s second step"),
    "tag.delete": gettext_lazy("Deleted a tag"),
    "tag.rename": gettext_lazy("Renamed a tag"),
    "team.change": gettext_lazy("Changed a team"),
    "team.delete": gettext_lazy("Deleted a team"),
    "team.make": gettext_lazy("Made a team"),
    "team.two_step": gettext_lazy("Changed the rule of two-step verification"),
    "template.change": gettext_lazy("Changed a template"),
    "template.copy": gettext_lazy("Copied a template"),
    "template.create": gettext_lazy("Wrote a template"),
    "template.delete": gettext_lazy("Deleted a template"),
    "template.forget_change": gettext_lazy("Dropped a template’s new wording"),
    "template.submit": gettext_lazy("Submitted a template"),
    "template.sync": gettext_lazy("Fetched the templates"),
}

# Not of interest when a row is made or deleted: they say nothing or stand beside it already.
DULL = {"id", "created_at", "created_by_id", "made_by_id", "turn"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: what it was and what it became, None where there was no row."""

    field: str
    was: str | None
    became: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """One changed row in words."""

    what: str
    noun: str
    name: str
    differences: list[Difference]


def verb_words(verb: str) -> str:
    """A verb as a sentence's beginning; one that has no words yet as it is kept."""
    return str(VERBS.get(verb, verb))


def who(deed: Deed) -> str:
    """Who did it: a person, a key of the operator's, the command line, or Envoi by itself."""
    if deed.staff is not None:
        return str(deed.staff)
    if deed.key is not None or deed.way == "api":
        return _("the command line’s key")
    return _("the command line") if deed.verbs else _("Envoi itself")


def said(change: Change, names: Names) -> Said:
    """A changed row in words; `names` are audit.names_of."""
    words = {
        "insert": pgettext("a row was", "made"),
        "update": pgettext("a row was", "changed"),
        "delete": pgettext("a row was", "deleted"),
    }
    both = {**(change.was or {}), **(change.became or {})}
    skipped = set() if change.what == "update" else DULL
    differences = [
        Difference(
            str(FIELDS.get(name, name.removesuffix("_id").replace("_", " "))),
            None if change.was is None else value_words(name, change.was.get(name), names, place=change.place),
            None if change.became is None else value_words(name, change.became.get(name), names, place=change.place),
        )
        for name in sorted(both)
        if name not in skipped and (change.what == "update" or both[name] not in (None, "", [], {}))
    ]
    own = str(both.get("name") or both.get("email") or both.get("title") or both.get("question") or "")
    name = own or names.get((change.place, change.row_key)) or _of_team(change, names, both) or _of_pair(change, names)
    return Said(words[change.what], str(NOUNS.get(change.place, change.place)), name[:LONGEST], differences)


def subject_words(subject: str, names: Names) -> str:
    """A subject by its name, "staff/7" where it has none."""
    singular, _slash, key = subject.partition("/")
    return names.get((PLACES.get(singular, ""), key), subject)


def _of_team(change: Change, names: Names, both: Mapping[str, Any]) -> str:
    """What is set for a team has the team's name; gone since, and without word of its team: nothing."""
    if change.place not in OF_TEAM:
        return ""
    if team := both.get("team_id"):
        return names.get(("teams", str(team)), f"#{team}")
    known = "team_id" in both or (change.place, change.row_key) in names
    return _("The whole company") if known else ""


def _of_pair(change: Change, names: Names) -> str:
    """A row that ties two others is called by the first: whose right, which team's member."""
    first, slash, _rest = change.row_key.partition("/")
    of = {"staff_rights": "staff", "team_members": "teams"}.get(change.place, "")
    return names.get((of, first), f"#{change.row_key}") if slash else f"#{change.row_key}"


def detail_words(detail: dict[str, Any], subject: str = "") -> str:
    """What an action said of itself, and of what: "role: agent, e-mail: …"."""
    place = PLACES.get(subject.partition("/")[0], "")
    return ", ".join(f"{field_words(name)}: {value_words(name, value, place=place)}" for name, value in detail.items())
