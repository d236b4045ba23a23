from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0003_accounts_that_say_how_they_fare'),
    ]

    operations = [
        migrations.AddField(
            model_name='channel',
            name='per_minute',
            field=models.PositiveIntegerField(
                help_text='Our own ceiling for campaigns: 30 for a number that has yet to prove itself.', null=True
            ),
        ),
        migrations.AddConstraint(
            model_name='channel',
            constraint=models.CheckConstraint(condition=models.Q(('per_minute__gt', 0)), name='channel_per_minute_positive'),
        ),
    ]
