import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0005_staff_rights_and_audit'),
        ('channels', '0005_what_decides_the_pace'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='account',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY['said', 'said_at', 'work', 'work_since', 'checked_at', 'problem']::text[], ARRAY['credentials', 'hook_key']::text[]); RETURN NULL;", hash='e53c40f0f7102e0f2314edbd1aef2e24602e4645', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_833f1', table='accounts', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='channel',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY['said', 'said_at', 'problems', 'provider_throughput', 'pace_at']::text[], ARRAY[]::text[]); RETURN NULL;", hash='7c27a2f0e8697a47e3ed3932179c43e928abdf17', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_f161e', table='channels', when='AFTER')),
        ),
    ]
