import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import envoi.team.models
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from envoi.team.changes import KEEP, UNKEEP


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0004_opening_hours'),
    ]

    operations = [
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=envoi.team.models.Begun())),
                ('deed', models.BigIntegerField(db_default=envoi.team.models.Transaction())),
                ('place', models.CharField(max_length=63)),
                ('row_key', models.CharField(max_length=200)),
                ('what', models.CharField(max_length=6)),
                ('was', models.JSONField(null=True)),
                ('became', models.JSONField(null=True)),
                ('staff_id', models.BigIntegerField(null=True)),
                ('key_id', models.BigIntegerField(null=True)),
                ('request', models.CharField(blank=True, db_default='', default='', max_length=40)),
                ('way', models.CharField(blank=True, db_default='', default='', max_length=12)),
            ],
            options={
                'db_table': 'changes',
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254)),
                ('name', models.CharField(blank=True, default='', max_length=120)),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('administrator', 'Administrator'), ('marketer', 'Marketer'), ('agent', 'Service agent'), ('analyst', 'Analyst')], max_length=20)),
                ('teams', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), db_default=models.Value('{}'), default=list, size=None)),
                ('language', models.CharField(default='en', max_length=12)),
                ('turn', models.IntegerField(db_default=1, default=1)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('expires_at', models.DateTimeField()),
                ('mailed_at', models.DateTimeField(null=True)),
                ('accepted_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'invitations',
            },
        ),
        migrations.CreateModel(
            name='StaffRight',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('right', models.CharField(max_length=40)),
                ('granted', models.BooleanField()),
            ],
            options={
                'db_table': 'staff_rights',
            },
        ),
        migrations.CreateModel(
            name='StaffSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session_key', models.CharField(max_length=40, unique=True)),
                ('device', models.CharField(blank=True, default='', max_length=200)),
                ('address', models.CharField(blank=True, default='', max_length=45)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('last_seen_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'db_table': 'staff_sessions',
            },
        ),
        migrations.CreateModel(
            name='TeamSettings',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('two_step_roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), db_default=models.Value('{}'), default=list, size=None)),
                ('two_step_days', models.PositiveSmallIntegerField(db_default=7, default=7)),
                ('two_step_since', models.DateTimeField(null=True)),
                ('canned_seconds', models.PositiveSmallIntegerField(db_default=60, default=60)),
            ],
            options={
                'db_table': 'team_settings',
            },
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='at',
            field=models.DateTimeField(db_default=envoi.team.models.Begun()),
        ),
        migrations.AddField(
            model_name='auditentry',
            name='deed',
            field=models.BigIntegerField(db_default=envoi.team.models.Transaction()),
        ),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['-at', '-deed'], name='audit_by_time'),
        ),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['staff', '-at', '-deed'], name='audit_by_staff'),
        ),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['verb', '-at', '-deed'], name='audit_by_verb'),
        ),
        # What is older than the column is a deed of its own.
        migrations.RunSQL('UPDATE audit_log SET deed = -id', migrations.RunSQL.noop),
        migrations.RunSQL(KEEP, UNKEEP),
        pgtrigger.migrations.AddTrigger(
            model_name='apikey',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY['last_used_at']::text[], ARRAY['digest']::text[]); RETURN NULL;", hash='84f10bbc4e32c3bef66a4860af512f834b4f0855', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_d12bb', table='api_keys', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='staff',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY['last_login', 'seen_at', 'present', 'language']::text[], ARRAY['password']::text[]); RETURN NULL;", hash='e2d283344b520f8bf980af5e4d4f4995e751533e', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_ce86d', table='staff', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='team',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='76415a8e6ea9c8b4ecf2f6a4c30faf1781010768', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_b8610', table='teams', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='teammember',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['team_id', 'staff_id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='d622a8a9bff7b34d44158cf358f12d3aa0132593', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_c262f', table='team_members', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='change',
            index=models.Index(fields=['-at', '-deed'], name='changes_by_time'),
        ),
        migrations.AddIndex(
            model_name='change',
            index=models.Index(fields=['place', 'row_key', '-at'], name='changes_by_row'),
        ),
        migrations.AddIndex(
            model_name='change',
            index=models.Index(fields=['staff_id', '-at', '-deed'], name='changes_by_staff'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='made_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='invitation',
            name='staff',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='staffright',
            name='staff',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='custom_rights', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='staffsession',
            name='staff',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='teamsettings',
            constraint=models.CheckConstraint(condition=models.Q(('id', 1)), name='team_settings_one_row'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='teamsettings',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='00bff9b0c5655f119216ae9ee967a859e8267a50', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_2a0c7', table='team_settings', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('email'), condition=models.Q(('accepted_at', None), ('revoked_at', None), ('staff', None)), name='invitation_open_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invitation',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY['mailed_at']::text[], ARRAY[]::text[]); RETURN NULL;", hash='522088b2784cf05196a222fe03174a928b9be9fb', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_8b3a3', table='invitations', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='staffright',
            constraint=models.UniqueConstraint(models.F('staff'), models.F('right'), name='staff_right_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='staffright',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['staff_id', 'right']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='320aa22e8a464811360e2dd34fd23d9144646d40', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_f26e7', table='staff_rights', when='AFTER')),
        ),
    ]
