"""The audit log in words: who, what was done, and each difference as a sentence's worth of words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext

from .audit import PLACES, POINTS, Deed
from .models import Change, Staff
from .rights import WORDS

LONGEST = 160

# What a secret's two sides stand as in `changes` (team.changes): never what it was.
SECRET = ("•", "••")

NOUNS: dict[str, Any] = {
    "accounts": _lazy("Account"),
    "api_keys": _lazy("API key"),
    "attributes": _lazy("Attribute"),
    "auto_tags": _lazy("Tag by rule"),
    "campaigns": _lazy("Campaign"),
    "canned_replies": _lazy("Canned reply"),
    "channels": _lazy("Channel"),
    "contact_settings": _lazy("Setting of contacts"),
    "invitations": _lazy("Invitation"),
    "keywords": _lazy("Word for STOP or START"),
    "limit_settings": _lazy("Setting of the limits"),
    "marketing_bars": _lazy("Bar on marketing"),
    "order_settings": _lazy("Setting of orders"),
    "satisfaction_settings": _lazy("Question after closing"),
    "segments": _lazy("Segment"),
    "staff": _lazy("Staff"),
    "staff_rights": _lazy("Right"),
    "tags": _lazy("Tag"),
    "team_members": _lazy("Member of a team"),
    "team_settings": _lazy("Rule of two-step verification"),
    "teams": _lazy("Team"),
    "templates": _lazy("Template"),
}

VERBS: dict[str, Any] = {
    "account.change": _lazy("Changed an account"),
    "account.connect": _lazy("Connected an account"),
    "account.disconnect": _lazy("Disconnected an account"),
    "account.forget_old_secrets": _lazy("Forgot an account’s old secrets"),
    "account.terms": _lazy("Changed an account’s terms"),
    "account.try_again": _lazy("Tried an account again"),
    "breaker.resume": _lazy("Resumed after the quality breaker"),
    "campaign.budget": _lazy("Changed a campaign’s budget"),
    "campaign.cancel": _lazy("Cancelled a campaign"),
    "campaign.create": _lazy("Prepared a campaign"),
    "campaign.launch": _lazy("Launched a campaign"),
    "campaign.pause": _lazy("Paused a campaign"),
    "campaign.resume": _lazy("Resumed a campaign"),
    "campaign.update": _lazy("Changed a campaign"),
    "campaigns.export": _lazy("Took a campaign’s recipients out as a file"),
    "channel.add": _lazy("Added a channel"),
    "channel.pace": _lazy("Changed a channel’s pace"),
    "channel.test": _lazy("Sent a test"),
    "contacts.add": _lazy("Added a contact"),
    "contacts.block": _lazy("Blocked a contact"),
    "contacts.cancel_import": _lazy("Cancelled an import"),
    "contacts.change": _lazy("Changed contacts"),
    "contacts.check_import": _lazy("Checked a file"),
    "contacts.consent": _lazy("Changed a consent"),
    "contacts.define_attribute": _lazy("Defined an attribute"),
    "contacts.double_opt_in": _lazy("Changed the double opt-in"),
    "contacts.erase": _lazy("Erased a person"),
    "contacts.export": _lazy("Took contacts out as a file"),
    "contacts.export_person": _lazy("Handed out a person’s data"),
    "contacts.import": _lazy("Imported a file"),
    "contacts.keyword": _lazy("Changed the words for STOP and START"),
    "contacts.merge": _lazy("Merged two contacts"),
    "contacts.unblock": _lazy("Unblocked a contact"),
    "contacts.undefine_attribute": _lazy("Removed an attribute"),
    "contacts.undo_import": _lazy("Undid an import"),
    "contacts.undo_merge": _lazy("Undid a merge"),
    "contacts.update": _lazy("Changed a contact"),
    "key.make": _lazy("Made an API key"),
    "key.revoke": _lazy("Revoked an API key"),
    "limits.bar": _lazy("Barred marketing to a region"),
    "limits.bar_end": _lazy("Ended a bar on marketing"),
    "limits.hours": _lazy("Changed the quiet hours"),
    "limits.promotion_gap": _lazy("Changed the time between promotions"),
    "media.delete": _lazy("Deleted a file"),
    "media.upload": _lazy("Added a file"),
    "message.send": _lazy("Sent a message"),
    "messages.settle": _lazy("Settled uncertain messages"),
    "orders.currency": _lazy("Changed the company’s currency"),
    "orders.export": _lazy("Took orders out as a file"),
    "orders.rate": _lazy("Changed an exchange rate"),
    "orders.rate_removed": _lazy("Removed an exchange rate"),
    "rates.fee": _lazy("Changed a provider’s fee"),
    "rates.import": _lazy("Imported prices"),
    "satisfaction.change": _lazy("Changed the question after closing"),
    "segments.add_people": _lazy("Added people to a list"),
    "segments.delete": _lazy("Deleted a segment"),
    "segments.remove_people": _lazy("Took people off a list"),
    "segments.save": _lazy("Saved a segment"),
    "segments.start_tag": _lazy("Started tagging by a rule"),
    "segments.stop_tag": _lazy("Stopped tagging by a rule"),
    "service.canned_seconds": _lazy("Changed what a canned reply saves"),
    "staff.accept": _lazy("Came onto the team"),
    "staff.add": _lazy("Added somebody to the team"),
    "staff.change": _lazy("Changed somebody on the team"),
    "staff.end_session": _lazy("Signed a browser out"),
    "staff.end_sessions": _lazy("Signed out everywhere else"),
    "staff.force_out": _lazy("Signed somebody out everywhere"),
    "staff.invite": _lazy("Invited somebody"),
    "staff.invite_again": _lazy("Sent an invitation again"),
    "staff.invite_revoke": _lazy("Took an invitation back"),
    "staff.leave": _lazy("Switched somebody’s access off"),
    "staff.password": _lazy("Set a new password"),
    "staff.password_link": _lazy("Made a link for a new password"),
    "staff.return": _lazy("Let somebody in again"),
    "staff.rights": _lazy("Changed somebody’s rights"),
    "staff.two_step_off": _lazy("Removed somebody’s second step"),
    "tag.delete": _lazy("Deleted a tag"),
    "tag.rename": _lazy("Renamed a tag"),
    "team.change": _lazy("Changed a team"),
    "team.delete": _lazy("Deleted a team"),
    "team.make": _lazy("Made a team"),
    "team.two_step": _lazy("Changed the rule of two-step verification"),
    "template.change": _lazy("Changed a template"),
    "template.copy": _lazy("Copied a template"),
    "template.create": _lazy("Wrote a template"),
    "template.delete": _lazy("Deleted a template"),
    "template.forget_change": _lazy("Dropped a template’s new wording"),
    "template.submit": _lazy("Submitted a template"),
    "template.sync": _lazy("Fetched the templates"),
}

# Columns that people would not know by their name in the database.
FIELDS: dict[str, Any] = {
    "capacity": _lazy("open conversations at most"),
    "credentials": _lazy("credentials"),
    "digest": _lazy("secret"),
    "email": _lazy("e-mail"),
    "granted": _lazy("given"),
    "hook_key": _lazy("webhook address"),
    "is_active": _lazy("may sign in"),
    "leads": _lazy("leads the team"),
    "name": _lazy("name"),
    "password": _lazy("password"),
    "right": _lazy("right"),
    "role": _lazy("role"),
    "rule": _lazy("rule"),
    "scopes": _lazy("scopes"),
    "skills": _lazy("skills"),
    "speaks": _lazy("answers in"),
    "state": _lazy("state"),
    "text": _lazy("text"),
    "two_step_days": _lazy("days to set it up"),
    "two_step_roles": _lazy("who needs a second step"),
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
