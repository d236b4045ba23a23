import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0005_staff_rights_and_audit'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='openingexception',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='32ee90658715839ff68ba3fdc36dede8c4b03b40', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_6b3e7', table='opening_exceptions', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='openinghours',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='692c7c3a665c4adb3e1840232954e379fac47c5a', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_75ea4', table='opening_hours', when='AFTER')),
        ),
    ]
