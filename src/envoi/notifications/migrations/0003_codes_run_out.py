from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0002_how_staff_are_told'),
    ]

    operations = [
        migrations.AlterField(
            model_name='notification',
            name='kind',
            field=models.CharField(choices=[('assigned', 'A conversation was given to you'), ('mentioned', 'A colleague mentioned you'), ('waiting', 'A customer waits too long'), ('red_alert', 'Red alert: nobody has answered for hours'), ('window_closing', 'A window closes unanswered'), ('new_message', 'A customer wrote in a conversation of yours'), ('codes_low', 'Promo codes run out')], max_length=20),
        ),
    ]
