import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models

from envoi.messaging.ledger.lexemes import note_words

AT_ONCE = 2_000


def fill(apps, schema_editor):
    """Have what was written so far found by its words, oldest first."""
    db = schema_editor.connection.connection
    with db.cursor(name="texts") as cursor:
        cursor.execute("SELECT contact_id, id, text FROM messages WHERE text <> '' ORDER BY created_at, id")
        while rows := cursor.fetchmany(AT_ONCE):
            note_words(db, rows)


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0007_activity'),
    ]

    operations = [
        # One after the other: the order in which they come is what searches walk back along.
        migrations.RunSQL("CREATE SEQUENCE message_words_seq AS bigint", "DROP SEQUENCE message_words_seq"),
        migrations.CreateModel(
            name='MessageWords',
            fields=[
                ('pk', models.CompositePrimaryKey('contact_id', 'message_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('contact_id', models.BigIntegerField()),
                ('message_id', models.BigIntegerField()),
                ('seq', models.BigIntegerField(db_default=models.Func(models.Value('message_words_seq'), function='nextval'))),
                ('words', django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                'db_table': 'message_words',
                'indexes': [django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['words'], name='message_words_search')],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
