from django.db import migrations

# In front of everything else: whoever reserves a promotion holds its contact first, so nobody who has one of the rows
# below waits for us. From here to the commit nothing is reserved, and then there is no column for it.
HOLD = "LOCK TABLE contacts IN ACCESS EXCLUSIVE MODE"

# What a dispatcher reserved since messaging.0011 carried the others: few, so the lock is short.
CARRY_LATE = """
INSERT INTO pairs (contact_id, channel_id, promoted_at, promoted_by)
SELECT c.id, m.channel_id, c.promoted_at, c.promoted_by
  FROM contacts c JOIN messages m ON m.contact_id = c.id AND m.id = c.promoted_by
 WHERE c.promoted_at > now() - GREATEST(interval '7 days',
                                        (SELECT max(promotion_gap_hours) FROM limit_settings) * interval '1 hour')
   AND NOT EXISTS (SELECT 1 FROM pairs p WHERE p.contact_id = c.id AND p.promoted_by = c.promoted_by)
 ORDER BY c.id, m.channel_id
ON CONFLICT (contact_id, channel_id) DO UPDATE
   SET promoted_at = EXCLUDED.promoted_at, promoted_by = EXCLUDED.promoted_by
"""

# What was given back since then: its customer's day is free.
FREE_LATE = """
UPDATE pairs SET promoted_at = NULL, promoted_by = NULL
  FROM contacts c
 WHERE pairs.promoted_by IS NOT NULL AND c.id = pairs.contact_id AND c.promoted_by IS NULL
"""


class Migration(migrations.Migration):
    """The columns go, in one transaction with what was written into them since messaging.0011."""

    dependencies = [
        ('contacts', '0010_kept_changes'),
        ('messaging', '0011_carried_promotions'),
    ]

    operations = [
        migrations.RunSQL([HOLD, CARRY_LATE, FREE_LATE], migrations.RunSQL.noop),
        migrations.RemoveField(
            model_name='contact',
            name='promoted_at',
        ),
        migrations.RemoveField(
            model_name='contact',
            name='promoted_by',
        ),
    ]
