import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('replies', '0002_kept_changes'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='promopool',
            name='kept',
        ),
        migrations.AddField(
            model_name='promopool',
            name='told',
            field=models.CharField(blank=True, choices=[('', 'Nothing'), ('low', 'Low'), ('empty', 'Empty')], db_default='', default='', max_length=5),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='promopool',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), ARRAY['id']::text[], ARRAY['told']::text[], ARRAY[]::text[]); RETURN NULL;", hash='2650e06fdb3eadac684f633f56d4720ba5801ff8', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_f8c11', table='promo_pools', when='AFTER')),
        ),
    ]
