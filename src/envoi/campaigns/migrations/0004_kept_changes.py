import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0005_staff_rights_and_audit'),
        ('campaigns', '0003_forecast_and_budget'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY['lane_id', 'planned_to', 'planned_at', 'committed', 'judged_at', 'judged_from', 'canary_total', 'canary_sent_at']::text[], ARRAY[]::text[]); RETURN NULL;", hash='1ce675d9eebae578481dc83d25938b1b59fa6583', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_c5fc5', table='campaigns', when='AFTER')),
        ),
    ]
