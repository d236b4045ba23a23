import django.contrib.postgres.fields
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='ServiceDay',
            fields=[
                ('pk', models.CompositePrimaryKey('grouping', 'day', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('grouping', models.CharField(choices=[('all', 'All'), ('agent', 'Agent'), ('team', 'Team'), ('channel', 'Channel')], max_length=8)),
                ('day', models.DateField()),
                ('key', models.TextField()),
                ('began', models.IntegerField()),
                ('answered', models.IntegerField()),
                ('closed', models.IntegerField()),
                ('quick', models.IntegerField()),
                ('late', models.IntegerField()),
                ('asked', models.IntegerField()),
                ('scored', models.IntegerField()),
                ('score_sum', models.IntegerField()),
                ('satisfied', models.IntegerField()),
                ('scored_quick', models.IntegerField()),
                ('scored_middle', models.IntegerField()),
                ('scored_late', models.IntegerField()),
                ('satisfied_quick', models.IntegerField()),
                ('satisfied_middle', models.IntegerField()),
                ('satisfied_late', models.IntegerField()),
                ('written', models.IntegerField()),
                ('canned', models.IntegerField()),
                ('unchanged', models.IntegerField()),
                ('answer_buckets', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ('answer_counts', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ('closed_buckets', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ('closed_counts', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
            ],
            options={
                'db_table': 'service_days',
            },
        ),
        migrations.CreateModel(
            name='ServiceDaysCounted',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'db_table': 'service_days_counted',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='service_days_counted_one_row')],
            },
        ),
    ]
