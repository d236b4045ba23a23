"""The page of the question after closing."""

from __future__ import annotations

from django.urls import path

from . import satisfaction_views

app_name = "satisfaction"
urlpatterns = [path("", satisfaction_views.satisfaction, name="settings")]
