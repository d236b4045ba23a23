"""Where the world reaches this installation: ENVOI_BASE_URL and the addresses under it."""

from __future__ import annotations

import os


def base_url() -> str:
    """The address that people and providers use, without a slash at its end."""
    return os.environ.get("ENVOI_BASE_URL", "http://localhost:8000").rstrip("/")


def hook_url(provider: str, hook_key: str) -> str:
    """The webhook address of an account, to be pasted at its provider."""
    return f"{base_url()}/hooks/{provider}/{hook_key}"
