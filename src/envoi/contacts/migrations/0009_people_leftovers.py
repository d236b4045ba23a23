import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0008_lists_during_imports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ChangedContact',
            fields=[
                ('pk', models.CompositePrimaryKey('contact_id', 'at', blank=True, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.contact')),
            ],
            options={
                'db_table': 'changed_contacts',
            },
        ),
        migrations.CreateModel(
            name='DifferentPeople',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_id', models.BigIntegerField()),
                ('second_id', models.BigIntegerField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'different_people',
                'constraints': [models.UniqueConstraint(fields=("first_id", "second_id"), name='different_people_once'), models.CheckConstraint(condition=models.Q(('first_id__lt', models.F('second_id'))), name='different_people_order')],
            },
        ),
        migrations.AddField(
            model_name='contactsettings',
            name='questions',
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name='tag',
            name='import_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(models.F('id'), condition=models.Q(('phone__isnull', True)), name='contacts_without_phone'),
        ),
    ]
