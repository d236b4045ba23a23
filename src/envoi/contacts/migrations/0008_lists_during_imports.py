import django.contrib.postgres.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0007_undo'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='import',
            name='unseen',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), db_default=[], default=list, size=None),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(models.F('language'), models.F('marketing'), models.F('id'), condition=models.Q(('erased_at__isnull', True)), name='contacts_by_language'),
        ),
    ]
