"""A browser for the stories: real Chromium, in English, against the real server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Page, sync_playwright
from tools.browser import chromium

from tests.rig import Rig

# Playwright's sync interface runs an event loop in this thread, where Django would refuse all database work.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def rig(transactional_db: None, test_database_url: str, tmp_path: Path) -> Iterator[Rig]:
    """Everything that runs in an installation, around the tests' database."""
    one = Rig(test_database_url, tmp_path)
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def page(rig: Rig) -> Iterator[Page]:
    """A page of Chromium; the story fails when the browser's console holds an error."""
    path = chromium()
    assert path, "the browser tests need Chromium: `make test` installs it"
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        context = browser.new_context(base_url=f"http://127.0.0.1:{rig.port}", locale="en-GB")
        one = context.new_page()
        one.set_default_timeout(20_000)
        one.on("pageerror", lambda error: errors.append(str(error)))
        one.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        yield one
        # Database work of the story ran beside Playwright's loop, on connections of that context alone.
        connections.close_all()
        browser.close()
    assert errors == []
