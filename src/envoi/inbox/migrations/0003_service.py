import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0007_undo'),
        ('inbox', '0002_what_came_last'),
        ('team', '0004_opening_hours'),
    ]

    operations = [
        migrations.CreateModel(
            name='AssignmentTurn',
            fields=[
                ('staff', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('given_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'assignment_turns',
            },
        ),
        migrations.AddField(
            model_name='conversation',
            name='window_alarm_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name='AlarmRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.SmallIntegerField(choices=[(1, 'Later than the target'), (2, 'Much too late'), (3, 'Red alert'), (4, 'The window closes unanswered')])),
                ('tell_assignee', models.BooleanField(default=True)),
                ('tell_leads', models.BooleanField(default=False)),
                ('tell_online', models.BooleanField(default=False)),
                ('hand_over', models.CharField(choices=[('no', 'It stays with whom it is'), ('again', 'To somebody else of the team who is there'), ('team', 'To another team')], default='no', max_length=8)),
                ('raise_to', models.SmallIntegerField(null=True)),
                ('phones', models.JSONField(default=list)),
                ('channel_id', models.BigIntegerField(null=True)),
                ('template_id', models.BigIntegerField(null=True)),
                ('team', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='team.team')),
                ('to_team', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='team.team')),
            ],
            options={
                'db_table': 'alarm_rules',
                'constraints': [models.UniqueConstraint(models.F('team'), models.F('level'), name='alarm_rule_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='AssignmentRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('share', models.CharField(choices=[('nobody', 'Nobody: who is free takes the next one'), ('in_turn', 'In turn'), ('least', 'To who has fewest open')], default='nobody', max_length=8)),
                ('last_agent', models.BooleanField(default=True)),
                ('language', models.BooleanField(default=True)),
                ('skills', models.BooleanField(default=False)),
                ('strict', models.BooleanField(default=False)),
                ('team', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='team.team')),
            ],
            options={
                'db_table': 'assignment_rules',
                'constraints': [models.UniqueConstraint(models.F('team'), name='assignment_rule_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='ServiceTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('priority', models.SmallIntegerField(null=True)),
                ('first_seconds', models.PositiveIntegerField(null=True)),
                ('next_seconds', models.PositiveIntegerField(null=True)),
                ('breach_seconds', models.PositiveIntegerField(null=True)),
                ('red_seconds', models.PositiveIntegerField(null=True)),
                ('closing_seconds', models.PositiveIntegerField(null=True)),
                ('in_hours', models.BooleanField(null=True)),
                ('red_in_hours', models.BooleanField(null=True)),
                ('team', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='team.team')),
            ],
            options={
                'db_table': 'service_targets',
                'constraints': [models.UniqueConstraint(models.F('team'), models.F('priority'), name='service_target_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='SkillRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('skill', models.CharField(max_length=40)),
                ('tag', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.tag')),
            ],
            options={
                'db_table': 'skill_rules',
                'constraints': [models.UniqueConstraint(models.F('tag'), models.F('skill'), name='skill_rule_once')],
            },
        ),
    ]
