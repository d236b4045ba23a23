from __future__ import annotations

from django.urls import path

from . import views

app_name = "message_templates"
urlpatterns = [
    path("", views.template_list, name="list"),
    path("syncs/", views.syncs, name="syncs"),
    path("syncs/live", views.syncs_live, name="syncs_live"),
    path("syncs/<int:account_id>/ask", views.ask_sync, name="ask_sync"),
    path("new/", views.new, name="new"),
    path("<int:template_id>/", views.show, name="show"),
    path("<int:template_id>/live", views.live, name="live"),
    path("<int:template_id>/edit/", views.edit, name="edit"),
    path("<int:template_id>/copy/", views.copy, name="copy"),
    path("<int:template_id>/submit", views.submit, name="submit"),
    path("<int:template_id>/forget", views.forget, name="forget"),
    path("<int:template_id>/delete", views.delete, name="delete"),
]
