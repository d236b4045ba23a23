"""Addresses of the pages on which the service is set."""

from __future__ import annotations

from django.urls import path

from . import service_views as views

app_name = "service"
urlpatterns = [
    path("", views.start, name="start"),
    path("hours/", views.hours_page, name="hours"),
    path("hours/end/", views.own_hours_end, name="own_hours_end"),
    path("hours/parts/", views.parts, name="parts"),
    path("hours/days/", views.add_exception, name="add_exception"),
    path("hours/days/<int:exception_id>/end/", views.end_exception, name="end_exception"),
    path("targets/", views.targets_page, name="targets"),
    path("targets/<int:row_id>/end/", views.end_targets, name="end_targets"),
    path("alarms/", views.alarms_page, name="alarms"),
    path("alarms/end/", views.own_alarms_end, name="own_alarms_end"),
    path("assignment/", views.assignment_page, name="assignment"),
    path("assignment/end/", views.own_assignment_end, name="own_assignment_end"),
    path("assignment/skills/", views.add_skill, name="add_skill"),
    path("assignment/skills/<int:rule_id>/end/", views.end_skill, name="end_skill"),
]
