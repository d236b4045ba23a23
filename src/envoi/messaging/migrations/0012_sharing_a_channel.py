from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0011_carried_promotions'),
    ]

    operations = [
        migrations.AddField(
            model_name='channelpace',
            name='alone_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='channelpace',
            name='company_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='channelpace',
            name='taken_by',
            field=models.BigIntegerField(null=True),
        ),
    ]
