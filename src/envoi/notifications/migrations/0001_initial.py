import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('assigned', 'A conversation was given to you'), ('mentioned', 'A colleague mentioned you'), ('waiting', 'A customer waits too long'), ('red_alert', 'Red alert: nobody has answered for hours'), ('window_closing', 'A window closes unanswered'), ('new_message', 'A customer wrote in a conversation of yours')], max_length=20)),
                ('facts', models.JSONField(default=dict)),
                ('link', models.CharField(max_length=200)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('read_at', models.DateTimeField(null=True)),
                ('staff', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'notifications',
                'indexes': [models.Index(fields=['staff', '-id'], name='notifications_of_staff'), models.Index(models.F('staff'), condition=models.Q(('read_at__isnull', True)), name='notifications_unread')],
            },
        ),
    ]
