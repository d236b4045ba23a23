"""Addresses of one's own notifications."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "notifications"
urlpatterns = [
    path("", views.show_all, name="list"),
    path("bell/", views.bell, name="bell"),
    path("here/", views.here, name="here"),
    path("be/", views.be, name="be"),
    path("read/", views.read, name="read"),
    path("settings/", views.settings, name="settings"),
    path("browsers/", views.subscribe, name="subscribe"),
    path("browsers/off/", views.unsubscribe, name="unsubscribe"),
    path("<int:notification_id>/", views.follow, name="follow"),
]
