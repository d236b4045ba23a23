import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0003_customer_limits'),
    ]

    operations = [
        migrations.RemoveField(model_name='channelpace', name='slowed_until'),
        migrations.AddField(
            model_name='channelpace',
            name='bulk_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(model_name='channelpace', name='rests_until', field=models.DateTimeField(null=True)),
        migrations.AddField(model_name='channelpace', name='share', field=models.FloatField(db_default=1.0, default=1.0)),
        migrations.AddField(model_name='channelpace', name='cut_at', field=models.DateTimeField(null=True)),
        migrations.AddField(model_name='channelpace', name='talked_at', field=models.DateTimeField(null=True)),
        # Only the outbox knows of a claim now (docs/decisions/0010).
        migrations.RunSQL("UPDATE messages SET state = 'queued' WHERE state = 'sending'", migrations.RunSQL.noop),
    ]
