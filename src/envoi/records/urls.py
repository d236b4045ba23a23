"""One person as a whole: below the contacts' addresses."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "records"
urlpatterns = [
    path("<int:contact_id>/merge/", views.choose, name="choose"),
    path("<int:kept_id>/merge/<int:gone_id>/", views.merge, name="merge"),
    path("merges/<int:merge_id>/undo", views.undo, name="undo"),
    path("<int:contact_id>/data/", views.data, name="data"),
    path("<int:contact_id>/erase", views.erase, name="erase"),
]
