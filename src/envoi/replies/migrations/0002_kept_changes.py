import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0005_staff_rights_and_audit'),
        ('replies', '0001_initial'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='faqentry',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='6f2c6ad256b2c8525e2f90e557671823fd996fb7', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_a19eb', table='faq_entries', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='promopool',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY[]::text[], ARRAY[]::text[]); RETURN NULL;", hash='adaa18b3ec6d843e556290a2a6bc1a98729ac596', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_f8c11', table='promo_pools', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='replyrule',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY['changed_at']::text[], ARRAY[]::text[]); RETURN NULL;", hash='762d0851630e6ae93cd67e30c39f65ce3656bb17', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_44807', table='reply_rules', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='replysettings',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY['version']::text[], ARRAY['secret']::text[]); RETURN NULL;", hash='f3e8eec699cb0cdb57484efb3677480fc69fcf4d', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_7ecce', table='reply_settings', when='AFTER')),
        ),
    ]
