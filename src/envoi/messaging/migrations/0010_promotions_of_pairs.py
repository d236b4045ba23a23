from django.db import migrations, models

# What stood in `contacts`; the message says from which number it was. contacts.0011 takes the columns away.
CARRY = """
INSERT INTO pairs (contact_id, channel_id, promoted_at, promoted_by)
SELECT c.id, m.channel_id, c.promoted_at, c.promoted_by
  FROM contacts c JOIN messages m ON m.contact_id = c.id AND m.id = c.promoted_by
 WHERE c.promoted_at IS NOT NULL
ON CONFLICT (contact_id, channel_id) DO UPDATE
   SET promoted_at = EXCLUDED.promoted_at, promoted_by = EXCLUDED.promoted_by
"""


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0010_kept_changes'),
        ('messaging', '0009_kept_changes'),
    ]

    operations = [
        migrations.AddField(
            model_name='pair',
            name='promoted_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='pair',
            name='promoted_by',
            field=models.BigIntegerField(null=True),
        ),
        migrations.RunSQL(CARRY, migrations.RunSQL.noop),
    ]
