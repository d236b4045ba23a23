"""An index that finds old webhooks, to let go of them; next to nothing to keep up while they come in."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0001_initial'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='webhookevent',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['received_at'], name='webhook_events_by_day'),
        ),
    ]
