"""The audit log in words: who, what was done, and each difference as a sentence's worth of words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from .audit import PLACES, POINTS, Deed
from .models import Change, Staff
from .rights import WORDS

LONGEST = 160

# What a secret's two sides stand as in `changes` (team.changes): never what it was.
SECRET = ("•", "••")

NOUNS: dict[str, Any] = {
    "accounts": gettext_lazy("Account"),
    "api_keys": gettext_lazy("API key"),
    "attributes": gettext_lazy("Attribute"),
    "auto_tags": gettext_lazy("Tag by rule"),
    "campaigns": gettext_lazy("Campaign"),
    "canned_replies": gettext_lazy("Canned reply"),
    "channels": gettext_lazy("Channel"),
    "contact_settings": gettext_lazy("Setting of contacts"),
    "invitations": gettext_lazy("Invitation"),
    "keywords": gettext_lazy("Word for STOP or START"),
    "limit_settings": gettext_lazy("Setting of the limits"),
    "marketing_bars": gettext_lazy("Bar on marketing"),
    "order_settings": gettext_lazy("Setting of orders"),
    "satisfaction_settings": gettext_lazy("Question after closing"),
    "segments": gettext_lazy("Segment"),
    "staff": gettext_lazy("Staff"),
    "staff_rights": gettext_lazy("Right"),
    "tags": gettext_lazy("Tag"),
    "team_members": gettext_lazy("Member of a team"),
    "team_settings": gettext_lazy("Rule of two-step verification"),
    "teams": gettext_lazy("Team"),
    "templates": gettext_lazy("Template"),
}

VERBS: dict[str, Any] = {
    "account.change": gettext_lazy("Changed an account"),
    "account.connect": gettext_lazy("Connected an account"),
    "account.disconnect": gettext_lazy("Disconnected an account"),
    "account.forget_old_secrets": gettext_lazy("Forgot an account’s old secrets"),
    "account.terms": gettext_lazy("Changed an account’s terms"),
    "account.try_again": gettext_lazy("Tried an account again"),
    "breaker.resume": gettext_lazy("Resumed after the quality breaker"),
    "campaign.budget": gettext_lazy("Changed a campaign’s budget"),
    "campaign.cancel": gettext_lazy("Cancelled a campaign"),
    "campaign.create": gettext_lazy("Prepared a campaign"),
    "campaign.launch": gettext_lazy("Launched a campaign"),
    "campaign.pause": gettext_lazy("Paused a campaign"),
    "campaign.resume": gettext_lazy("Resumed a campaign"),
    "campaign.update": gettext_lazy("Changed a campaign"),
    "campaigns.export": gettext_lazy("Took a campaign’s recipients out as a file"),
    "channel.add": gettext_lazy("Added a channel"),
    "channel.pace": gettext_lazy("Changed a channel’s pace"),
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
    "contacts.import": gettext_lazy("Imported a file"),
    "contacts.keyword": gettext_lazy("Changed the words for STOP and START"),
    "contacts.merge": gettext_lazy("Merged two contacts"),
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
    "rates.fee": gettext_lazy("Changed a provider’s fee"),
    "rates.import": gettext_lazy("Imported prices"),
    "satisfaction.change": gettext_lazy("Changed the question after closing"),
    "segments.add_people": gettext_lazy("Added people to a list"),
    "segments.delete": gettext_lazy("Deleted a segment"),
    "segments.remove_people": gettext_lazy("Took people off a list"),
    "segments.save": gettext_lazy("Saved a segment"),
    "segments.start_tag": gettext_lazy("Started tagging by a rule"),
    "segments.stop_tag": gettext_lazy("Stopped tagging by a rule"),
    "service.canned_seconds": gettext_lazy("Changed what a canned reply saves"),
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

# Columns that people would not know by their name in the database.
FIELDS: dict[str, Any] = {
    "capacity": gettext_lazy("open conversations at most"),
    "credentials": gettext_lazy("credentials"),
    "digest": gettext_lazy("secret"),
    "email": gettext_lazy("e-mail"),
    "granted": gettext_lazy("given"),
    "hook_key": gettext_lazy("webhook address"),
    "is_active": gettext_lazy("may sign in"),
    "leads": gettext_lazy("leads the team"),
    "name": gettext_lazy("name"),
    "password": gettext_lazy("password"),
    "right": gettext_lazy("right"),
    "role": gettext_lazy("role"),
    "rule": gettext_lazy("rule"),
    "scopes": gettext_lazy("scopes"),
    "skills": gettext_lazy("skills"),
    "speaks": gettext_lazy("answers in"),
    "state": gettext_lazy("state"),
    "text": gettext_lazy("text"),
    "two_step_days": gettext_lazy("days to set it up"),
    "two_step_roles": gettext_lazy("who needs a second step"),
}
# Not of interest when a row is made or deleted: they say nothing or stand beside it already.
DULL = {"id", "created_at", "created_by_id", "made_by_id", "turn"}


Names = Mapping[tuple[str, str], str]


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
            None if change.was is None else _value(name, change.was.get(name), names),
            None if change.became is None else _value(name, change.became.get(name), names),
        )
        for name in sorted(both)
        if name not in skipped and (change.what == "update" or both[name] not in (None, "", [], {}))
    ]
    own = str(both.get("name") or both.get("email") or both.get("title") or "")
    name = own or names.get((change.place, change.row_key)) or _of_pair(change, names)
    return Said(words[change.what], str(NOUNS.get(change.place, change.place)), name[:LONGEST], differences)


def subject_words(subject: str, names: Names) -> str:
    """A subject by its name, "staff/7" where it has none."""
    singular, _slash, key = subject.partition("/")
    return names.get((PLACES.get(singular, ""), key), subject)


def _of_pair(change: Change, names: Names) -> str:
    """A row that ties two others is called by the first: whose right, which team's member."""
    first, slash, _rest = change.row_key.partition("/")
    of = {"staff_rights": "staff", "team_members": "teams"}.get(change.place, "")
    return names.get((of, first), f"#{change.row_key}") if slash else f"#{change.row_key}"


def detail_words(detail: dict[str, Any]) -> str:
    """What an action said of itself: "role: agent, e-mail: …"."""
    return ", ".join(
        f"{FIELDS.get(name) or WORDS.get(name) or name.replace('_', ' ')}: {_value(name, value)}"
        for name, value in detail.items()
    )


def _value(name: str, value: Any, names: Names = MappingProxyType({})) -> str:
    if value in SECRET:
        return _("(secret)")
    if name in POINTS and isinstance(value, int):
        return names.get((POINTS[name], str(value)), f"#{value}")
    if value in ("given", "taken"):
        return _("given") if value == "given" else _("taken")
    if (make := _SPECIAL.get(name)) and isinstance(value, str | list):
        value = make(value)
    match value:
        case None | "" | [] | {}:
            return _("nothing")
        case True:
            return _("yes")
        case False:
            return _("no")
        case list() if all(isinstance(one, str | int) for one in value):
            text = ", ".join(str(one) for one in value)
        case dict() | list():
            text = json.dumps(value, ensure_ascii=False)
        case _:
            text = str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _role(role: Any) -> Any:
    names = dict(Staff.Role.choices)
    return [str(names.get(one, one)) for one in role] if isinstance(role, list) else str(names.get(role, role))


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "role": _role,
    "two_step_roles": _role,
    "right": lambda right: str(WORDS.get(right, right)),
}
