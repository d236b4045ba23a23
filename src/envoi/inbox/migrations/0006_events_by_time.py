import django.contrib.postgres.indexes
from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0010_kept_changes'),
        ('inbox', '0005_kept_service'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='conversationevent',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['at'], name='conversation_events_by_time'),
        ),
    ]
