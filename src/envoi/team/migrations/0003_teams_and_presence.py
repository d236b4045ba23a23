import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0002_api_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'db_table': 'teams',
            },
        ),
        migrations.AddField(
            model_name='staff',
            name='capacity',
            field=models.PositiveSmallIntegerField(db_default=20, default=20),
        ),
        migrations.AddField(
            model_name='staff',
            name='present',
            field=models.CharField(choices=[('online', 'Online'), ('away', 'Away'), ('offline', 'Offline')], db_default='online', default='online', max_length=8),
        ),
        migrations.AddField(
            model_name='staff',
            name='seen_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='staff',
            name='skills',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), db_default=models.Value('{}'), default=list, size=None),
        ),
        migrations.AddField(
            model_name='staff',
            name='speaks',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), db_default=models.Value('{}'), default=list, size=None),
        ),
        migrations.CreateModel(
            name='TeamMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('leads', models.BooleanField(db_default=False, default=False)),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='members', to='team.team')),
            ],
            options={
                'db_table': 'team_members',
                'constraints': [models.UniqueConstraint(models.F('team'), models.F('staff'), name='team_member_once')],
            },
        ),
    ]
