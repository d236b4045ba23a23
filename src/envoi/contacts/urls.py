"""Contacts and imports. The page of one contact is reports:contact, since it reads across apps."""

from __future__ import annotations

from django.urls import path

from . import people_views, views

app_name = "contacts"
urlpatterns = [
    path("", views.contact_list, name="list"),
    path("export", views.export, name="export"),
    path("tag/", views.tag, name="tag"),
    path("new/", views.add, name="add"),
    path("<int:contact_id>/edit/", people_views.edit, name="edit"),
    path("<int:contact_id>/note", people_views.add_note, name="note"),
    path("<int:contact_id>/block", people_views.block, name="block"),
    path("<int:contact_id>/consent", people_views.consent, name="consent"),
    path("attributes/", people_views.attribute_list, name="attributes"),
    path("attributes/remove", people_views.attribute_remove, name="attribute_remove"),
    path("words/", people_views.words, name="words"),
    path("perhaps-the-same/", people_views.perhaps_the_same, name="duplicates"),
    path("import/", views.start_import, name="import"),
    path("imports/<int:import_id>/", views.import_show, name="import_show"),
    path("imports/<int:import_id>/columns/", views.import_columns, name="import_columns"),
    path("imports/<int:import_id>/go", views.import_go, name="import_go"),
    path("imports/<int:import_id>/again", views.import_again, name="import_again"),
    path("imports/<int:import_id>/undo", views.import_undo, name="import_undo"),
    path("imports/<int:import_id>/live", views.import_live, name="import_live"),
    path("imports/<int:import_id>/rejects", views.import_rejects, name="import_rejects"),
    path("imports/<int:import_id>/cancel", views.import_cancel, name="import_cancel"),
]
