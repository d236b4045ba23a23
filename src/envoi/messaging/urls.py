"""The library of files; it is here and not in media, since it tells which messages need a file."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "messaging"
urlpatterns = [
    path("", views.library, name="files"),
    path("<int:file_id>/delete", views.delete, name="file_delete"),
]
