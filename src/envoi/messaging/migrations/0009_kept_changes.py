import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0005_staff_rights_and_audit'),
        ('messaging', '0008_words'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='limitsettings',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='5a7514fac6e86bba6fe146ca1ec2a809517cc05c', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_92db2', table='limit_settings', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='marketingbar',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='92bcb33ea70041b00fcb2b968b484d9176922b59', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_d79d1', table='marketing_bars', when='AFTER')),
        ),
    ]
