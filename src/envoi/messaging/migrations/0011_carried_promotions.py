from django.db import migrations

# The limit asks whether the last promotion is younger than its gap: older ones say nothing. What is set now, and a
# week where that is less, should somebody lengthen it meanwhile.
RECENT = "GREATEST(interval '7 days', (SELECT max(promotion_gap_hours) FROM limit_settings) * interval '1 hour')"

# What stood in `contacts`; the message says from which number it was.
CARRY = f"""
INSERT INTO pairs (contact_id, channel_id, promoted_at, promoted_by)
SELECT c.id, m.channel_id, c.promoted_at, c.promoted_by
  FROM contacts c JOIN messages m ON m.contact_id = c.id AND m.id = c.promoted_by
 WHERE c.id > %(after)s AND c.id <= %(upto)s AND c.promoted_at > now() - {RECENT}
 ORDER BY c.id, m.channel_id
ON CONFLICT (contact_id, channel_id) DO UPDATE
   SET promoted_at = EXCLUDED.promoted_at, promoted_by = EXCLUDED.promoted_by
 WHERE pairs.promoted_by IS DISTINCT FROM EXCLUDED.promoted_by
"""
# By their order and not by their numbers, which have gaps.
NEXT = "SELECT max(id) FROM (SELECT id FROM contacts WHERE id > %(after)s ORDER BY id LIMIT 20000) AS batch"


def carry(apps, schema_editor):
    # A transaction for each batch: dispatchers go on meanwhile, and wait for none of these rows for long.
    with schema_editor.connection.cursor() as cursor:
        after = 0
        while True:
            upto = cursor.execute(NEXT, {"after": after}).fetchone()[0]
            if upto is None:
                return
            cursor.execute(CARRY, {"after": after, "upto": upto})
            after = upto


class Migration(migrations.Migration):
    """Carry the promotions that still matter out of `contacts`, in small steps that hold no table; may be run again."""

    atomic = False

    dependencies = [
        ('messaging', '0010_promotions_of_pairs'),
    ]

    operations = [
        migrations.RunPython(carry, migrations.RunPython.noop),
    ]
