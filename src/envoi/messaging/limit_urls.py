from __future__ import annotations

from django.urls import path

from . import limit_views as views

app_name = "limits"
urlpatterns = [
    path("", views.limits, name="show"),
    path("bars", views.add_bar, name="add_bar"),
    path("bars/<int:bar_id>/end", views.end_bar, name="end_bar"),
]
