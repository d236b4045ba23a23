"""Files by their number, for staff; and by a signed address, for providers."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "media"
urlpatterns = [
    path("<int:file_id>/<path:name>", views.show, name="show"),
    path("public/<str:seal>/<path:name>", views.fetch, name="fetch"),
]
