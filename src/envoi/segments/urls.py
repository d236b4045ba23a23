from __future__ import annotations

from django.urls import path

from . import views

app_name = "segments"
urlpatterns = [
    path("", views.segment_list, name="list"),
    path("new/", views.edit, name="new"),
    path("new/why", views.why, name="why_new"),
    path("new-list/", views.new_list, name="new_list"),
    path("ready/", views.ready, name="ready"),
    path("<int:segment_id>/", views.edit, name="show"),
    path("<int:segment_id>/why", views.why, name="why"),
    path("<int:segment_id>/count", views.count, name="count"),
    path("<int:segment_id>/export", views.export, name="export"),
    path("<int:segment_id>/delete", views.delete, name="delete"),
    path("<int:segment_id>/tag", views.start_tag, name="start_tag"),
    path("<int:segment_id>/tag/<int:auto_tag_id>/stop", views.stop_tag, name="stop_tag"),
    path("<int:segment_id>/people/add", views.add_people, name="add_people"),
    path("<int:segment_id>/people/remove", views.remove_people, name="remove_people"),
]
