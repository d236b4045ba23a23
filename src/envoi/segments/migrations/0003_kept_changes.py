import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0005_staff_rights_and_audit'),
        ('segments', '0002_people_and_tags'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='autotag',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY['checked_at', 'seconds', 'problem']::text[], ARRAY[]::text[]); RETURN NULL;", hash='c81276b9504e75a36166fd5d0a608ecc7160a30c', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_577fe', table='auto_tags', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='segment',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY['counted', 'counted_at']::text[], ARRAY[]::text[]); RETURN NULL;", hash='473eaee6376c66be1c6dad89e21a1f7df6ab76d5', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_e7576', table='segments', when='AFTER')),
        ),
    ]
