import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0005_staff_rights_and_audit'),
        ('message_templates', '0002_drafts_and_syncs'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='template',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY['work', 'trouble', 'edits', 'updated_at']::text[], ARRAY[]::text[]); RETURN NULL;", hash='055a1f57963de6aa09bcfb77e11dc86bc2407bff', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_20382', table='templates', when='AFTER')),
        ),
    ]
