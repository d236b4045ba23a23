"""The overview, and the page of one contact: it reads across apps, so it lives above them."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "reports"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("contacts/<int:contact_id>/", views.contact, name="contact"),
]
