import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('contacts', '0007_undo'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Sequences instead of identity columns: the composite keys lead with the contact, or the pool.
        migrations.RunSQL("CREATE SEQUENCE promo_codes_id_seq AS bigint CACHE 10", "DROP SEQUENCE promo_codes_id_seq"),
        migrations.RunSQL("CREATE SEQUENCE reply_calls_id_seq AS bigint CACHE 10", "DROP SEQUENCE reply_calls_id_seq"),
        migrations.CreateModel(
            name='AutoAnswer',
            fields=[
                ('pk', models.CompositePrimaryKey('contact_id', 'message_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('message_id', models.BigIntegerField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('held', models.CharField(blank=True, db_default='', default='', max_length=16)),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.contact')),
            ],
            options={
                'db_table': 'auto_answers',
            },
        ),
        migrations.CreateModel(
            name='FaqEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('question', models.CharField(max_length=500)),
                ('answer', models.TextField()),
                ('language', models.CharField(blank=True, db_default='', default='', max_length=12)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('made_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'faq_entries',
            },
        ),
        migrations.CreateModel(
            name='PromoPool',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True)),
                ('again', models.CharField(choices=[('same', 'The code that they got before'), ('new', 'A new code each time')], db_default='same', default='same', max_length=4)),
                ('low_at', models.PositiveIntegerField(db_default=100, default=100)),
                ('empty', models.JSONField(default=list)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('made_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'promo_pools',
            },
        ),
        migrations.CreateModel(
            name='ReplyRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True)),
                ('position', models.IntegerField()),
                ('enabled', models.BooleanField(db_default=True, default=True)),
                ('stops', models.BooleanField(db_default=True, default=True)),
                ('settles', models.BooleanField(db_default=True, default=True)),
                ('trigger', models.JSONField()),
                ('conditions', models.JSONField(default=dict)),
                ('actions', models.JSONField(default=list)),
                ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), db_default=models.Value('{}'), default=list, size=None)),
                ('teams', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), db_default=models.Value('{}'), default=list, size=None)),
                ('starts_at', models.DateTimeField(null=True)),
                ('ends_at', models.DateTimeField(null=True)),
                ('ready', models.CharField(blank=True, db_default='', default='', max_length=40)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('changed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('made_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'reply_rules',
            },
        ),
        migrations.CreateModel(
            name='ReplySettings',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('per_hour', models.PositiveSmallIntegerField(db_default=5, default=5)),
                ('silent_minutes', models.PositiveIntegerField(db_default=120, default=120)),
                ('silent_until_closed', models.BooleanField(db_default=False, default=False)),
                ('suggest', models.BooleanField(db_default=False, default=False)),
                ('secret', models.BinaryField(null=True)),
                ('version', models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                'db_table': 'reply_settings',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='reply_settings_one_row')],
            },
        ),
        migrations.CreateModel(
            name='PromoCode',
            fields=[
                ('pk', models.CompositePrimaryKey('pool_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('promo_codes_id_seq'), function='nextval'))),
                ('code', models.CharField(max_length=60)),
                ('contact_id', models.BigIntegerField(null=True)),
                ('message_id', models.BigIntegerField(null=True)),
                ('taken_at', models.DateTimeField(null=True)),
                ('pool', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='replies.promopool')),
            ],
            options={
                'db_table': 'promo_codes',
                'indexes': [models.Index(models.F('pool'), models.F('id'), condition=models.Q(('contact_id__isnull', True)), name='promo_codes_left'), models.Index(condition=models.Q(('contact_id__isnull', False)), fields=['contact_id', 'pool', '-id'], name='promo_codes_of_contact'), models.Index(condition=models.Q(('taken_at__isnull', False)), fields=['pool', '-taken_at'], name='promo_codes_taken'), models.Index(models.F('code'), name='promo_codes_by_code')],
                'constraints': [models.UniqueConstraint(models.F('pool'), models.F('code'), name='promo_code_once')],
            },
        ),
        migrations.CreateModel(
            name='ReplyCall',
            fields=[
                ('pk', models.CompositePrimaryKey('contact_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('reply_calls_id_seq'), function='nextval'))),
                ('rule_id', models.BigIntegerField()),
                ('message_id', models.BigIntegerField()),
                ('url', models.CharField(max_length=2000)),
                ('body', models.JSONField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Taken'), ('failed', 'Failed')], db_default='waiting', default='waiting', max_length=8)),
                ('attempts', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('reason', models.CharField(blank=True, db_default='', default='', max_length=500)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.contact')),
            ],
            options={
                'db_table': 'reply_calls',
                'indexes': [models.Index(fields=['rule_id', '-at'], name='calls_of_rule'), models.Index(models.F('due_at'), condition=models.Q(('state', 'waiting')), name='calls_waiting')],
            },
        ),
        migrations.CreateModel(
            name='RuleFiring',
            fields=[
                ('pk', models.CompositePrimaryKey('contact_id', 'message_id', 'rule_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('message_id', models.BigIntegerField()),
                ('rule_id', models.BigIntegerField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.contact')),
            ],
            options={
                'db_table': 'rule_firings',
                'indexes': [models.Index(models.F('rule_id'), models.F('at'), models.F('contact'), name='firings_of_rule')],
            },
        ),
    ]
