"""Who gets a campaign, with what values, and who is skipped for which reason: one SELECT, used to count and to send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..channels.queries import portfolio_key
from ..message_templates.models import Template
from ..message_templates.parts import Components
from ..message_templates.wording import Variable, missing_headers, needed
from ..messaging.reasons import REASONS as LIMITS
from ..segments.inactivity import DAYS, inactive
from ..segments.rules import compile_rule
from .errors import VariableMissing

# What a variable can be filled with: the SQL of each field; empty text counts as missing.
SQL = {
    "name": "NULLIF(btrim(c.name), '')",
    "first_name": "NULLIF(split_part(btrim(c.name), ' ', 1), '')",
    "phone": "c.phone",
    "language": "NULLIF(c.language, '')",
    "country": "NULLIF(c.country, '')",
}
FIELDS: dict[str, str | Promise] = {
    "first_name": gettext_lazy("First name"),
    "name": gettext_lazy("Full name"),
    "phone": gettext_lazy("Phone"),
    "language": gettext_lazy("Language"),
    "country": gettext_lazy("Country"),
}

REASONS: dict[str, str | Promise] = {
    "no_phone": gettext_lazy("Neither a phone nor a WhatsApp id in this business"),
    "budget": gettext_lazy("The budget was used up"),
    "expired": gettext_lazy("The campaign ended before their turn"),
    "missing": gettext_lazy("A variable is missing"),
    "inactive": gettext_lazy("Inactive for 90 days"),
}


# Whom WhatsApp shows without a phone is written to by their id in the business of the number (Meta sheet, A.9).
RECIPIENT = """COALESCE(c.phone, (SELECT min(i.value) FROM identities i
                       WHERE i.contact_id = c.id AND i.kind = 'user_id' AND i.scope = %(_business)s))"""
# By contacts_without_phone, which is empty where everybody has one.
ANYBODY_BY_ID = """
SELECT EXISTS (SELECT 1 FROM contacts n JOIN identities i ON i.contact_id = n.id
                WHERE n.phone IS NULL AND i.kind = 'user_id' AND i.scope = %(business)s)
"""


@dataclass(frozen=True, slots=True)
class Audience:
    """A SELECT of contact_id, recipient, reason ("" when they get it), values and what was asked for, parametrised."""

    sql: str
    parameters: dict[str, Any]

    def all_skipped(self, reason: str) -> Audience:
        """The same people; who would get it is left out for this reason."""
        sql = f"""
            SELECT s.contact_id, s.recipient, s."values",
                   CASE WHEN s.reason = '' THEN %(_skipped)s ELSE s.reason END AS reason FROM ({self.sql}) s
        """  # noqa: S608
        return Audience(sql, {**self.parameters, "_skipped": reason})


def audience_of(
    rule: Mapping[str, Any],
    mapping: Mapping[str, Mapping[str, str]],
    *,
    components: Components,
    category: str,
    channel_id: int,
    after: int | None = None,
    to: int | None = None,
    also: Sequence[str] = (),
    exclude_inactive: bool = True,
) -> Audience:
    """The audience of a rule for a template's components and category.

    Each is written to by their phone, else by their WhatsApp id in the business of the channel. An authentication
    template goes to phones alone (Meta sheet, E: 131062).
    after, to: only contacts with ids in (after, to], when given. also: columns of contacts that it yields as well.

    mapping: for each variable's key {"field": one of FIELDS or "attribute:<name>", "fallback": "…"} or {"text": "…"};
    for a header that the campaign chooses {"link": …} or {"file": id} (wording.headers).
    exclude_inactive: whether a promotion leaves out who was inactive for long.
    Raises VariableMissing for a variable or a header without mapping, segments' BadRule for a bad rule.
    """
    condition = compile_rule(rule)
    parameters: dict[str, Any] = dict(condition.params)
    for header in missing_headers(components, mapping):
        raise VariableMissing(_("Say what to put in the header (%(kind)s) of the message.") % {"kind": header.kind})
    values, missing, empty = _values(needed(components, mapping), mapping, parameters)
    consent = (
        "WHEN c.marketing = 'withdrawn' THEN 'opted_out' WHEN c.marketing <> 'granted' THEN 'no_consent'"
        if category == Template.Category.MARKETING
        else "WHEN c.service = 'withdrawn' THEN 'opted_out'"
    )
    if category == Template.Category.MARKETING and exclude_inactive:
        consent += " WHEN p.inactive THEN 'inactive'"
        empty.append(f"{inactive(DAYS)} AS inactive")
    recipient = "c.phone"
    if category != Template.Category.AUTHENTICATION:
        business = portfolio_key(channel_id)
        # A question within the row keeps a million rows on one core: it is only asked where it has an answer.
        if to is not None or _anybody_by_id(business):
            recipient = RECIPIENT
            parameters["_business"] = business
    stretch = ""
    if to is not None:
        stretch = "AND c.id > %(_after)s AND c.id <= %(_to)s"
        parameters |= {"_after": after or 0, "_to": to}
    sql = f"""
        SELECT p.contact_id, p.recipient, p."values"{"".join(f", p.{column}" for column in also)},
               CASE WHEN p.recipient IS NULL THEN 'no_phone' {consent.replace("c.", "p.")} {missing} ELSE '' END
                    AS reason
          FROM (SELECT c.id AS contact_id, {recipient} AS recipient, c.marketing, c.service,
                       {"".join(f"c.{column}, " for column in also if column not in ("marketing", "service"))}
                       {"".join(f"{column}, " for column in empty)}
                       ARRAY[{", ".join(values)}]::text[] AS "values"
                  FROM {condition.source}
                 WHERE ({condition.where}) {stretch}) p
    """  # noqa: S608  (field names come from SQL above, everything typed by people is a parameter)
    return Audience(sql, parameters)


def _anybody_by_id(business: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(ANYBODY_BY_ID, {"business": business})
        return bool(cursor.fetchone()[0])


def _values(
    wanted: Sequence[Variable], mapping: Mapping[str, Mapping[str, str]], parameters: dict[str, Any]
) -> tuple[list[str], str, list[str]]:
    """The SQL of each value, the CASE branches that name the first missing one, and the columns that these ask."""
    values: list[str] = []
    missing: list[str] = []
    empty: list[str] = []
    for position, variable in enumerate(wanted, start=1):
        given = mapping.get(variable.key) or {}
        text = given.get("text") or ("" if given.get("field") else variable.default)
        if text:
            parameters[f"_v{position}"] = _one_line(text)
            values.append(f"%(_v{position})s")
            continue
        field = given.get("field", "")
        if field.startswith("attribute:"):
            parameters[f"_a{position}"] = field.removeprefix("attribute:")
            expression = f"NULLIF(c.attributes ->> %(_a{position})s, '')"
        elif field in SQL:
            expression = SQL[field]
        else:
            raise VariableMissing(_("Say what to put for “%(variable)s” in the template.") % {"variable": variable.key})
        # Line breaks, tabs and runs of spaces in a parameter are refused by WhatsApp (Meta sheet, C.2).
        field_sql = expression
        expression = f"regexp_replace({expression}, '\\s+', ' ', 'g')"
        if fallback := given.get("fallback"):
            parameters[f"_f{position}"] = _one_line(fallback)
            expression = f"COALESCE({expression}, %(_f{position})s)"
        else:
            parameters[f"_m{position}"] = f"missing:{variable.key}"[:60]
            # By the field itself: whoever only counts is spared the tidying of a million values.
            empty.append(f"({field_sql}) IS NULL AS empty{position}")
            missing.append(f"WHEN p.empty{position} THEN %(_m{position})s")
        values.append(expression)
    return values, " ".join(missing), empty


def _one_line(text: str) -> str:
    return " ".join(text.split())


def reason_label(reason: str) -> str:
    """A reason in the reader's language; "missing:first_name" names the variable."""
    if reason.startswith("missing:"):
        return _("“%(variable)s” is missing") % {"variable": reason.removeprefix("missing:")}
    return str(REASONS.get(reason) or LIMITS.get(reason, reason))
