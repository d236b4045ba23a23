from django.db import migrations

from envoi.rates import seed


def begin(apps, schema_editor):
    """The prices that come with Envoi, each with its source and day; a person's own are never touched."""
    Rate, Market, Fee = (apps.get_model("rates", name) for name in ("Rate", "Market", "ProviderFee"))
    Rate.objects.bulk_create(
        [
            Rate(
                currency=line.currency,
                market=line.market,
                category=line.category,
                price=line.price,
                valid_from=line.valid_from,
                source=line.source,
            )
            for line in seed.lines()
        ],
        ignore_conflicts=True,
    )
    Market.objects.bulk_create(
        [Market(country=country, market=market, valid_from=since) for country, market, since in seed.markets()],
        ignore_conflicts=True,
    )
    Fee.objects.bulk_create(
        [
            Fee(
                provider=provider,
                currency="USD",
                per_message=per_message,
                per_failed=per_failed,
                per_month=per_month,
                free_messages=free,
                valid_from=seed.FIRST,
                source=source,
            )
            for provider, (per_message, per_failed, per_month, free, source) in seed.FEES.items()
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("rates", "0001_initial")]

    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
