from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0002_webhooks_by_day'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='webhookevent',
            name='webhook_events_new',
        ),
        migrations.AddField(
            model_name='webhookevent',
            name='urgent',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(models.F('urgent'), models.F('due_at'), models.F('id'), condition=models.Q(('state', 'new')), name='webhook_events_waiting'),
        ),
    ]
