import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0004_staff_rights_and_audit'),
        ('inbox', '0001_initial'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='cannedreply',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='405416c9412b4e78153f32ffb7f51e53ee683a8c', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_33d4b', table='canned_replies', when='AFTER')),
        ),
    ]
