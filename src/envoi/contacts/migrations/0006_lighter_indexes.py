import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0005_source_and_rule'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='contact', name='contacts_by_newest'),
        migrations.RemoveIndex(model_name='contact', name='contacts_phone_search'),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Reverse('phone'), name='text_pattern_ops'), name='contacts_phone_end'),
        ),
    ]
