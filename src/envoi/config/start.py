"""Sets Django up; imported first by every command that needs it."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "envoi.config.settings")
django.setup()
