from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0005_what_decides_the_pace'),
        ('contacts', '0007_undo'),
        ('inbox', '0001_initial'),
        ('team', '0003_teams_and_presence'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='conversation',
            name='before_reply',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='conversation',
            name='last_kind',
            field=models.CharField(blank=True, db_default='', default='', max_length=16),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(condition=models.Q(('alarm', 3), ('state', 'open')), fields=['waiting_since', 'id'], name='conversations_red'),
        ),
    ]
