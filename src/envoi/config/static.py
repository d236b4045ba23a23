"""Where the pages' files lie: each app's own folder, served as it is, without a step that collects them."""

from __future__ import annotations

from . import start  # isort: skip

from pathlib import Path

from django.contrib.staticfiles.finders import AppDirectoriesFinder

__all__ = ["folders", "start"]


def folders() -> dict[str, Path]:
    """Folders by the path under which they appear: {"/static/web": …/web/static/web}."""
    found: dict[str, Path] = {}
    for storage in AppDirectoriesFinder().storages.values():
        for name in storage.listdir("")[0]:
            found[f"/static/{name}"] = Path(storage.path(name))
    return found
