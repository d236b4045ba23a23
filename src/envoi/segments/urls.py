from __future__ import annotations

from django.urls import path

from . import views

app_name = "segments"
urlpatterns = [
    path("", views.segment_list, name="list"),
    path("new/", views.edit, name="new"),
    path("<int:segment_id>/", views.edit, name="show"),
]
