from __future__ import annotations

from django.urls import path

from . import views

app_name = "campaigns"
urlpatterns = [
    path("", views.campaign_list, name="list"),
    path("new/", views.new, name="new"),
    path("new/preview/", views.preview, name="preview"),
    path("breaker/", views.breaker_history, name="breaker"),
    path("breaker/<int:event_id>/resume", views.resume_event, name="resume_event"),
    path("<int:campaign_id>/", views.show, name="show"),
    path("<int:campaign_id>/edit/", views.edit, name="edit"),
    path("<int:campaign_id>/live", views.live, name="live"),
    path("<int:campaign_id>/check", views.check, name="check"),
    path("<int:campaign_id>/counted", views.counted, name="counted"),
    path("<int:campaign_id>/budget", views.budget, name="budget"),
    path("<int:campaign_id>/launch", views.launch, name="launch"),
    path("<int:campaign_id>/schedule", views.plan_launch, name="schedule"),
    path("<int:campaign_id>/pause", views.pause, name="pause"),
    path("<int:campaign_id>/resume", views.resume, name="resume"),
    path("<int:campaign_id>/cancel", views.cancel, name="cancel"),
    path("<int:campaign_id>/recipients/", views.recipients, name="recipients"),
    path("<int:campaign_id>/recipients/export", views.recipients_export, name="recipients_export"),
    path("<int:campaign_id>/recipients/<int:contact_id>/<int:message_id>/", views.recipient, name="recipient"),
]
