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
        migrations.RemoveIndex(
            model_name='conversation',
            name='conversations_by_time',
        ),
        migrations.RemoveIndex(
            model_name='conversation',
            name='conversations_of_staff',
        ),
        migrations.RemoveIndex(
            model_name='conversation',
            name='conversations_waiting',
        ),
        migrations.RemoveIndex(
            model_name='conversation',
            name='conversations_snoozed',
        ),
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
            index=models.Index(fields=['state', '-last_at', '-id'], name='conversations_by_time'),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(fields=['channel', 'state', '-last_at', '-id'], name='conversations_of_channel'),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(condition=models.Q(('team__isnull', False)), fields=['team', 'state', '-last_at', '-id'], name='conversations_of_team'),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(condition=models.Q(('state', 'closed'), _negated=True), fields=['assignee', 'state', '-last_at', '-id'], name='conversations_of_staff'),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(condition=models.Q(('state', 'open'), ('waiting_since__isnull', False)), fields=['-priority', '-worth', 'waiting_since', 'id'], name='conversations_waiting'),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(condition=models.Q(('alarm', 3), ('state', 'open')), fields=['waiting_since', 'id'], name='conversations_red'),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(models.F('snoozed_until'), models.F('id'), condition=models.Q(('state', 'snoozed')), name='conversations_snoozed'),
        ),
    ]
