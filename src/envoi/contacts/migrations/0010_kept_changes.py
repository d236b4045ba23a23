import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0005_staff_rights_and_audit'),
        ('contacts', '0009_people_leftovers'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='attribute',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['key']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='556dc12e3b69b42eeb566686b3dfeb7e6f0a2193', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_2b731', table='attributes', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contactsettings',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY['hash_key']::text[]); RETURN NULL;", hash='88aeda536749cf0fe3b34725d5f30e7d28040938', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_054ef', table='contact_settings', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='keyword',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['word']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='9f072215d6d869522d71ffafabeb689c2697bdd5', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_e8188', table='keywords', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tag',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='b4062a9e642dd5dc3a0693ff3e9add1818491050', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_7165f', table='tags', when='AFTER')),
        ),
    ]
