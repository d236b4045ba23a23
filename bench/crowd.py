"""A large address book for benchmarks: contacts of many countries made by PostgreSQL itself, and a draft to them.

Import it after `rig.bench()` has prepared the database: it brings Django with it.
"""

from __future__ import annotations

from envoi.config import start  # isort: skip

import psycopg

from envoi.campaigns import actions
from envoi.campaigns.models import Campaign
from envoi.channels.models import Account, Channel
from envoi.core.vault import seal
from envoi.message_templates.models import Template
from envoi.segments.models import Segment

__all__ = ["draft", "people", "start"]

# Country codes with a share each, of 20.
PLACES = (
    "+33639 +33639 +33639 +33639 +33639 +34600 +34600 +49151 +49151 +39333 "
    "+39333 +55119 +55119 +52155 +14165 +14165 +91982 +44770 +31612 +35191"
).split()
RULE = {
    "all": [
        {"field": "marketing", "is": "is", "value": "granted"},
        {"field": "language", "is": "is", "value": "fr"},
    ]
}


def people(url: str, count: int) -> None:
    """So many contacts who agreed, one in twenty with a promotion of the last hours, one in fifty without a name."""
    with psycopg.connect(url, autocommit=True) as db:
        # Search by parts of a name plays no part here, and its index would take most of the time.
        db.execute("DROP INDEX contacts_name_search")
        db.execute(
            """
            INSERT INTO contacts (phone, name, language, country, timezone, marketing, service)
            SELECT (%(places)s::text[])[1 + n %% 20] || lpad(n::text, 7, '0'),
                   CASE WHEN n %% 50 = 0 THEN '' ELSE 'Client ' || n END, 'fr', '', 'Europe/Paris', 'granted',
                   'unknown'
              FROM generate_series(1, %(count)s) n
            """,
            {"places": PLACES, "count": count},
        )
        # From a number that is not the campaign's: the limit is the customer's.
        db.execute(
            """
            INSERT INTO pairs (contact_id, channel_id, promoted_at, promoted_by)
            SELECT id, 0, now() - interval '3 hours', 0 FROM contacts WHERE id %% 20 = 7
            """,
            {},
        )
        db.execute("VACUUM ANALYZE contacts, pairs")


def draft() -> Campaign:
    """A draft of a promotion with two variables to all of them."""
    account = Account.objects.create(
        provider="meta", name="Shop", provider_id="100200", credentials=seal({"token": "t"}), hook_key="bench"
    )
    channel = Channel.objects.create(
        account=account,
        name="Shop",
        address="+33639980000",
        provider_id="1099",
        throughput_per_second=1000,
        # A number at a thousand a second has proven itself (Meta sheet, E.1).
        tier="TIER_UNLIMITED",
        pace_by="tier",
    )
    template = Template.objects.create(
        account=account,
        name="autumn",
        language="fr",
        category="marketing",
        state="approved",
        components=[{"type": "BODY", "text": "Bonjour {{first_name}}, le code {{code}} vaut jusqu’à dimanche ?"}],
    )
    segment = Segment.objects.create(name="All", rule=RULE)
    made = actions.create(
        name="Autumn",
        segment_id=segment.pk,
        channel_id=channel.pk,
        template_id=template.pk,
        variables={"first_name": {"field": "first_name"}, "code": {"text": "AUTOMNE20"}},
        by=None,
    )
    return Campaign.objects.select_related("template", "channel__account", "segment").get(pk=made.pk)
