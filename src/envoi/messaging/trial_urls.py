from __future__ import annotations

from django.urls import path

from . import trial_views as views

app_name = "trials"
urlpatterns = [
    path("<int:channel_id>/test/", views.trial, name="new"),
    path("<int:channel_id>/test/<int:message_id>/", views.trial_show, name="show"),
    path("<int:channel_id>/test/<int:message_id>/live", views.trial_live, name="live"),
]
