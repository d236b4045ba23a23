import django.contrib.postgres.indexes
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0005_staff_rights_and_audit'),
        ('channels', '0006_kept_changes'),
        ('contacts', '0010_kept_changes'),
        ('inbox', '0003_service'),
        ('team', '0005_staff_rights_and_audit'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SatisfactionSettings',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('asks', models.BooleanField(db_default=False, default=False)),
                ('scale', models.CharField(choices=[('list', 'A list from 1 to 5'), ('buttons', 'Three buttons: good, fair, bad')], db_default='list', default='list', max_length=8)),
                ('delay_minutes', models.PositiveSmallIntegerField(db_default=1, default=1)),
                ('rest_days', models.PositiveSmallIntegerField(db_default=7, default=7)),
                ('asks_why', models.BooleanField(db_default=True, default=True)),
                ('wording', models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)),
            ],
            options={
                'db_table': 'satisfaction_settings',
            },
        ),
        migrations.AddField(
            model_name='conversation',
            name='scored_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(models.F('first_inbound_at'), name='conversations_by_begin'),
        ),
        migrations.AddIndex(
            model_name='messageauthor',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['at'], name='authors_by_time'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='cannedreply',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='405416c9412b4e78153f32ffb7f51e53ee683a8c', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_33d4b', table='canned_replies', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='satisfactionsettings',
            constraint=models.CheckConstraint(condition=models.Q(('id', 1)), name='satisfaction_settings_one_row'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='satisfactionsettings',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='ade2ade56f6f6d1d09232b211bf514c5c75a516c', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_3ca95', table='satisfaction_settings', when='AFTER')),
        ),
    ]
