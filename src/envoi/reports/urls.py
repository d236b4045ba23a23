"""The overview, and the page of one contact: it reads across apps, so it lives above them."""

from __future__ import annotations

from django.urls import path

from . import service_views, views

app_name = "reports"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("uncertain/", views.uncertain, name="uncertain"),
    path("uncertain/settle", views.settle, name="settle"),
    path("channels/<int:channel_id>/limits/", views.channel_limits, name="channel_limits"),
    path("channels/<int:channel_id>/limits/live", views.channel_limits_live, name="channel_limits_live"),
    path("reports/service/", service_views.report, name="service"),
    path("reports/service/rows/", service_views.rows, name="service_rows"),
    path("reports/service/export", service_views.export, name="service_export"),
    path("reports/service/canned-seconds", service_views.canned_seconds, name="canned_seconds"),
    path("contacts/<int:contact_id>/", views.contact, name="contact"),
    path("contacts/<int:contact_id>/story", views.contact_story_piece, name="contact_story"),
]
