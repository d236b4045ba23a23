from __future__ import annotations

from django.urls import path

from . import views

app_name = "message_templates"
urlpatterns = [
    path("", views.template_list, name="list"),
    path("<int:template_id>/", views.show, name="show"),
]
