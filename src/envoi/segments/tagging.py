"""Tags that follow a segment: everybody in it has the tag, whoever leaves it loses it again, set by set.

Each minute those are looked at whom something happened to since the last time, a change by hand included
(contacts.changed); each hour everybody, since time alone moves people too ("ordered in the last 30 days"). A
tag that a person put is never taken off: contact_tags.by_rule says which are ours.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from ..contacts.changed import forget_changed
from ..contacts.models import Tag
from ..core import clock, jobs
from ..core.errors import BadInput, NotFound
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .actions import EVERYBODYS_TAGS
from .compiling import compile_rule
from .counting import QUICKLY
from .errors import BadRule, NameTaken
from .models import AutoTag, Segment
from .references import frozen
from .shapes import leaves

IDLE_FOR = "2 minutes"

# A row carries the start of its transaction as its time: what is older than the oldest transaction that still runs is
# here for good. One that has written nothing for long is a look at the database, such as a backup.
HORIZON = f"""
SELECT LEAST(now(), min(xact_start) FILTER (WHERE backend_xid IS NOT NULL
                                                OR xact_start > now() - interval '{IDLE_FOR}'))
  FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""  # noqa: S608  (our own text)

# Habits are counted some seconds after the receipts that they come from (messaging.activity): the mark waits for them,
# so that a message just read is looked at once more when it counts. Not for long: each hour has everybody.
COUNTED = """
SELECT LEAST(%(horizon)s, GREATEST(COALESCE((SELECT done_to FROM activity_checkpoint), %(horizon)s),
                                   %(horizon)s - interval '10 minutes'))
"""

# Orders and messages by small indexes of their time (BRIN); contacts by their own, and whoever an import has changed by
# a look at everybody, which only follows an import.
TOUCHED = """
CREATE TEMPORARY TABLE touched ON COMMIT DROP AS
SELECT contact_id AS id FROM orders WHERE created_at >= %(since)s
 UNION SELECT contact_id FROM messages WHERE created_at >= %(since)s
 UNION SELECT contact_id FROM message_events WHERE at >= %(since)s
 UNION SELECT id FROM contacts WHERE created_at >= %(since)s
 UNION SELECT id FROM contacts WHERE updated_at >= %(since)s AND %(imported)s
 UNION SELECT contact_id FROM changed_contacts WHERE at >= %(since)s
 UNION SELECT contact_id FROM segment_members WHERE at >= %(since)s
"""
IMPORTED = "SELECT EXISTS (SELECT 1 FROM imports WHERE finished_at >= %(since)s AND rows_updated > 0)"

# Both halves see the same people. Tags are put in the order of contacts, as everybody does who writes several.
KEEP = """
WITH chosen AS MATERIALIZED (SELECT c.id FROM {source} WHERE {where} {of_touched}), added AS (
    INSERT INTO contact_tags (contact_id, tag_id, by_rule)
    SELECT id, %(_tag)s, true FROM chosen
     WHERE NOT EXISTS (SELECT 1 FROM contact_tags t WHERE t.contact_id = chosen.id AND t.tag_id = %(_tag)s)
     ORDER BY id ON CONFLICT DO NOTHING RETURNING contact_id
), gone AS (
    DELETE FROM contact_tags t
     WHERE t.tag_id = %(_tag)s AND t.by_rule {of_them}
       AND NOT EXISTS (SELECT 1 FROM chosen WHERE chosen.id = t.contact_id)
    RETURNING t.contact_id
)
SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM gone)
"""


@transaction.atomic
def start(segment_id: int, *, tag: str, by: Staff | None) -> AutoTag:
    """Let a tag follow a segment; the worker puts it on at once. Whoever has it already keeps it for good.

    Raises BadRule when the segment itself asks for that tag, NameTaken when it follows another, NotFound, BadInput.
    """
    require(by, "segments.write")
    word = " ".join(tag.replace("\0", "").split())
    if not word or len(word) > 60:
        raise BadInput(_("A tag has 1 to 60 characters."))
    segment = Segment.objects.select_for_update().filter(pk=segment_id).first()
    if segment is None:
        raise NotFound(_("There is no such segment."))
    found, _created = Tag.objects.get_or_create(name=word)
    other = AutoTag.objects.filter(tag=found).select_related("segment").first()
    if other is not None:
        raise NameTaken(
            _("The tag “%(tag)s” follows the segment “%(segment)s” already.")
            % {"tag": word, "segment": other.segment.name}
        )
    refuse_circle(segment.rule, tag=word)
    one = AutoTag.objects.create(segment=segment, tag=found, created_by=by)
    note(by, "segments.start_tag", f"segment/{segment.pk}", {"tag": word})
    jobs.defer(EVERYBODYS_TAGS, once="all")
    return one


@transaction.atomic
def stop(auto_tag_id: int, *, keep: bool, by: Staff | None) -> None:
    """Let the tag follow no longer. keep: those who have it keep it, else whoever had it by rule loses it."""
    require(by, "segments.write")
    one = AutoTag.objects.select_for_update().select_related("tag").filter(pk=auto_tag_id).first()
    if one is None:
        raise NotFound(_("This tag follows no segment."))
    end = "UPDATE contact_tags SET by_rule = false" if keep else "DELETE FROM contact_tags"
    with connection.cursor() as cursor:
        cursor.execute(f"{end} WHERE tag_id = %(tag)s AND by_rule", {"tag": one.tag_id})
    note(by, "segments.stop_tag", f"segment/{one.segment_id}", {"tag": one.tag.name, "keep": keep})
    one.delete()


def refuse_circle(rule: dict[str, Any], *, tag: str) -> None:
    """Raise BadRule when whoever passes the rule depends, by however many tags that follow, on the tag itself."""
    followed = {one.tag.name: one.segment.rule for one in AutoTag.objects.select_related("tag", "segment")}
    waiting = [rule]
    seen: set[str] = set()
    while waiting:
        for word in asks_for(waiting.pop()) - seen:
            seen.add(word)
            if word == tag:
                raise BadRule(
                    _("The segment asks for the tag “%(tag)s” itself: such a tag would hold itself up.") % {"tag": tag}
                )
            if word in followed:
                waiting.append(followed[word])


def asks_for(rule: dict[str, Any]) -> set[str]:
    """The tags that a rule names, in other segments as well."""
    named: set[str] = set()
    for leaf in leaves(frozen(rule)):
        if leaf["field"] == "tag":
            value = leaf.get("value")
            named |= {one.strip() for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)}
    return named


@transaction.atomic
def keep_touched() -> int:
    """Bring the tags of those up to date to whom something happened since the last time; returns how many they are."""
    tags = in_order()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO auto_tag_checkpoint (id) VALUES (1) ON CONFLICT DO NOTHING")
        cursor.execute("SELECT done_to FROM auto_tag_checkpoint FOR UPDATE SKIP LOCKED")
        row = cursor.fetchone()
        if row is None:
            return 0
        cursor.execute(HORIZON)
        (horizon,) = cursor.fetchone()
        touched = 0
        if tags:
            cursor.execute(IMPORTED, {"since": row[0]})
            (imported,) = cursor.fetchone()
            cursor.execute(TOUCHED, {"since": row[0], "imported": imported})
            touched = int(cursor.rowcount)
        if touched:
            cursor.execute("ANALYZE touched")
            cursor.execute(QUICKLY)
            for one in tags:
                _keep(one, cursor, everybody=False)
        cursor.execute(
            f"UPDATE auto_tag_checkpoint SET done_to = GREATEST(done_to, ({COUNTED}))",  # noqa: S608
            {"horizon": horizon},
        )
        # What is from that very moment on is looked at once more.
        forget_changed(before=horizon)
    return touched


def keep_everybody() -> None:
    """Bring everybody's tags up to date, one tag a transaction."""
    for one in in_order():
        began = time.monotonic()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(QUICKLY)
            _keep(one, cursor, everybody=True)
        AutoTag.objects.filter(pk=one.pk).update(
            checked_at=clock.now(), seconds=time.monotonic() - began, problem=one.problem
        )


def in_order() -> Sequence[AutoTag]:
    """Every tag that follows a segment; one that another's segment asks for comes before that other."""
    waiting = list(AutoTag.objects.select_related("segment", "tag").order_by("pk"))
    needs = {one.pk: _needs(one) for one in waiting}
    done: list[AutoTag] = []
    while waiting:
        mine = {one.tag.name for one in waiting}
        ready = [one for one in waiting if not (needs[one.pk] & mine) - {one.tag.name}] or waiting
        done += ready
        waiting = [one for one in waiting if one not in ready]
    return done


def _needs(one: AutoTag) -> set[str]:
    try:
        return asks_for(one.segment.rule)
    except BadRule:
        return set()


def _keep(one: AutoTag, cursor: Any, *, everybody: bool) -> tuple[int, int]:
    """(put on, taken off). A rule that can't be meant any more changes nothing, and says so."""
    one.problem = ""
    try:
        condition = compile_rule(one.segment.rule, at_once=everybody)
    except BadRule as problem:
        one.problem = problem.sentence
        return 0, 0
    sql = KEEP.format(
        source=condition.source,
        where=condition.where,
        of_touched="" if everybody else "AND c.id IN (SELECT id FROM touched)",
        of_them="" if everybody else "AND t.contact_id IN (SELECT id FROM touched)",
    )
    try:
        with transaction.atomic():
            cursor.execute(sql, {**condition.params, "_tag": one.tag_id})
            added, gone = cursor.fetchone()
    except DatabaseError as error:
        one.problem = str(error)[:200]
        return 0, 0
    return added, gone
