"""Another project's own way to send one template after another; run by bench/peers.py with that project's Python.

    python send.py PROJECT URL MESSAGES [TASKS]

Prints seconds. Only the address is changed, to where the provider is played.
"""

# ruff: noqa: PLC0415  (each project is only there in its own environment)

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

TOKEN = "T" * 200
NUMBER_ID = "1099"
TEMPLATE = "spring_sale"


def django_meta_whatsapp(url: str, messages: int) -> float:
    """Its send_template_message, as its own campaigns call it; without their rows in a database."""
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="bench",  # noqa: S106
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_meta_whatsapp"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        WHATSAPP={"ACCESS_TOKEN": TOKEN, "PHONE_NUMBER_ID": NUMBER_ID},
    )
    django.setup()
    from django_meta_whatsapp import utils

    utils.GRAPH_BASE = f"{url}/v25.0"
    started = time.perf_counter()
    for number in range(messages):
        components = [{"type": "body", "parameters": [{"type": "text", "text": f"Client {number}"}]}]
        utils.send_template_message(f"336{number:08}", TEMPLATE, "es", components)
    return time.perf_counter() - started


def _params(number: int) -> list[Any]:
    from pywa.types.templates import BodyText

    return [BodyText.params(f"Client {number}", "SPRING20")]


def pywa(url: str, messages: int) -> float:
    """Its client, one message after the other."""
    from pywa import WhatsApp
    from pywa.types.templates import TemplateLanguage

    client = WhatsApp(phone_id=NUMBER_ID, token=TOKEN)
    client.api._session.base_url = f"{url}/v25.0"
    started = time.perf_counter()
    for number in range(messages):
        client.send_template(
            to=f"336{number:08}", name=TEMPLATE, language=TemplateLanguage.SPANISH, params=_params(number)
        )
    return time.perf_counter() - started


async def pywa_async(url: str, messages: int, tasks: int) -> float:
    """Its asynchronous client, `tasks` messages at a time."""
    from pywa.types.templates import TemplateLanguage
    from pywa_async import WhatsApp

    client = WhatsApp(phone_id=NUMBER_ID, token=TOKEN)
    client.api._session.base_url = f"{url}/v25.0"
    left = iter(range(messages))

    async def one_after_another() -> None:
        for number in left:
            await client.send_template(
                to=f"336{number:08}", name=TEMPLATE, language=TemplateLanguage.SPANISH, params=_params(number)
            )

    started = time.perf_counter()
    await asyncio.gather(*(one_after_another() for _ in range(tasks)))
    return time.perf_counter() - started


if __name__ == "__main__":
    project, where, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if project == "django-meta-whatsapp":
        print(django_meta_whatsapp(where, count))
    elif project == "pywa":
        print(pywa(where, count))
    else:
        print(asyncio.run(pywa_async(where, count, int(sys.argv[4]))))
