import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('channels', '0005_what_decides_the_pace'),
        ('contacts', '0007_undo'),
        ('team', '0003_teams_and_presence'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Sequences instead of identity columns: the composite keys lead with the contact.
        migrations.RunSQL("CREATE SEQUENCE conversations_id_seq AS bigint CACHE 10", "DROP SEQUENCE conversations_id_seq"),
        migrations.RunSQL("CREATE SEQUENCE conversation_events_id_seq AS bigint CACHE 10", "DROP SEQUENCE conversation_events_id_seq"),
        migrations.RunSQL("CREATE SEQUENCE internal_notes_id_seq AS bigint CACHE 10", "DROP SEQUENCE internal_notes_id_seq"),
        migrations.CreateModel(
            name='CannedReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shortcut', models.CharField(max_length=40, unique=True)),
                ('title', models.CharField(max_length=120)),
                ('text', models.TextField()),
                ('language', models.CharField(blank=True, default='', max_length=12)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('made_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='team.team')),
            ],
            options={
                'db_table': 'canned_replies',
            },
        ),
        migrations.CreateModel(
            name='Composing',
            fields=[
                ('pk', models.CompositePrimaryKey('contact_id', 'conversation_id', 'staff_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('conversation_id', models.BigIntegerField()),
                ('until', models.DateTimeField()),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.contact')),
                ('staff', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'composing',
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('pk', models.CompositePrimaryKey('contact_id', 'conversation_id', 'staff_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('conversation_id', models.BigIntegerField()),
                ('text', models.TextField()),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.contact')),
                ('staff', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'drafts',
            },
        ),
        migrations.CreateModel(
            name='Conversation',
            fields=[
                ('pk', models.CompositePrimaryKey('contact_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('conversations_id_seq'), function='nextval'))),
                ('state', models.CharField(choices=[('open', 'Open'), ('snoozed', 'Snoozed'), ('closed', 'Closed')], db_default='open', default='open', max_length=8)),
                ('priority', models.SmallIntegerField(choices=[(0, 'Normal'), (1, 'High'), (2, 'Urgent')], db_default=0, default=0)),
                ('worth', models.IntegerField(db_default=0, default=0)),
                ('unread', models.PositiveIntegerField(db_default=0, default=0)),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('last_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('last_text', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('last_direction', models.CharField(blank=True, db_default='', default='', max_length=3)),
                ('inbound_at', models.DateTimeField(null=True)),
                ('first_inbound_at', models.DateTimeField(null=True)),
                ('first_answer_at', models.DateTimeField(null=True)),
                ('waiting_since', models.DateTimeField(null=True)),
                ('alarm', models.SmallIntegerField(choices=[(0, 'None'), (1, 'Later than the target'), (2, 'Much too late'), (3, 'Red alert')], db_default=0, default=0)),
                ('look_at', models.DateTimeField(null=True)),
                ('snoozed_until', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('asked_at', models.DateTimeField(null=True)),
                ('satisfaction', models.SmallIntegerField(null=True)),
                ('satisfaction_text', models.TextField(blank=True, db_default='', default='')),
                ('assignee', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('channel', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels.channel')),
                ('closed_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='conversations', to='contacts.contact')),
                ('first_answer_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='team.team')),
            ],
            options={
                'db_table': 'conversations',
                'indexes': [models.Index(fields=['state', '-last_at', 'id'], name='conversations_by_time'), models.Index(condition=models.Q(('state', 'closed'), _negated=True), fields=['assignee', 'state', '-last_at'], name='conversations_of_staff'), models.Index(condition=models.Q(('state', 'open'), ('waiting_since__isnull', False)), fields=['-priority', '-worth', 'waiting_since'], name='conversations_waiting'), models.Index(models.F('look_at'), condition=models.Q(('look_at__isnull', False)), name='conversations_to_look_at'), models.Index(models.F('snoozed_until'), condition=models.Q(('state', 'snoozed')), name='conversations_snoozed'), models.Index(models.F('id'), name='conversations_by_id')],
                'constraints': [models.UniqueConstraint(models.F('contact'), models.F('channel'), condition=models.Q(('state', 'closed'), _negated=True), name='conversation_open_once')],
            },
        ),
        migrations.CreateModel(
            name='ConversationEvent',
            fields=[
                ('pk', models.CompositePrimaryKey('contact_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('conversation_events_id_seq'), function='nextval'))),
                ('conversation_id', models.BigIntegerField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('what', models.CharField(max_length=24)),
                ('detail', models.JSONField(default=dict)),
                ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.contact')),
            ],
            options={
                'db_table': 'conversation_events',
                'indexes': [models.Index(models.F('contact'), models.F('conversation_id'), name='events_of_conversation')],
            },
        ),
        migrations.CreateModel(
            name='InternalNote',
            fields=[
                ('pk', models.CompositePrimaryKey('contact_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('internal_notes_id_seq'), function='nextval'))),
                ('conversation_id', models.BigIntegerField()),
                ('text', models.TextField()),
                ('mentions', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.contact')),
            ],
            options={
                'db_table': 'internal_notes',
                'indexes': [models.Index(models.F('contact'), models.F('conversation_id'), name='notes_of_conversation')],
            },
        ),
        migrations.CreateModel(
            name='MessageAuthor',
            fields=[
                ('pk', models.CompositePrimaryKey('contact_id', 'message_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('message_id', models.BigIntegerField()),
                ('conversation_id', models.BigIntegerField(null=True)),
                ('rule_id', models.BigIntegerField(null=True)),
                ('canned_id', models.BigIntegerField(null=True)),
                ('changed', models.BooleanField(db_default=False, default=False)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.contact')),
                ('staff', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'message_authors',
                'indexes': [models.Index(models.F('staff'), models.F('at'), condition=models.Q(('staff__isnull', False)), name='authors_by_staff'), models.Index(models.F('rule_id'), models.F('at'), condition=models.Q(('rule_id__isnull', False)), name='authors_by_rule')],
            },
        ),
    ]
