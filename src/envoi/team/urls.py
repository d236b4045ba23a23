"""The team's pages."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "team"
urlpatterns = [
    path("keys/", views.key_list, name="keys"),
    path("keys/<int:key_id>/revoke", views.revoke, name="revoke_key"),
]
