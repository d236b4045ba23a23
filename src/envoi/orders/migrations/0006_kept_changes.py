import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0005_staff_rights_and_audit'),
        ('orders', '0005_undo'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='ordersettings',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='d0092b425a67bd4468f318fed74a550ff1db2b52', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_48152', table='order_settings', when='AFTER')),
        ),
    ]
