import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0005_staff_rights_and_audit'),
        ('inbox', '0004_satisfaction_and_changes'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='alarmrule',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='652e03b2ca42a0edfb560a5d37d617d3f7558ebd', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_ff169', table='alarm_rules', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='assignmentrule',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='02a9ad5d884a8c8f46f0c81e45c337dd45ce44ed', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_a88ac', table='assignment_rules', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='servicetarget',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='d6991b594dd089118b7acb597c0b7557a3a3e6e3', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_9c7f2', table='service_targets', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='skillrule',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='da5adc7f2e08dfdabac8071fb6951356edc0a55f', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_1c50a', table='skill_rules', when='AFTER')),
        ),
    ]
