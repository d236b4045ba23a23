"""The team's pages that show or move work; they live above the apps whose work it is."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "staffing"
urlpatterns = [
    path("", views.staff_list, name="list"),
    path("people/<int:staff_id>/", views.person, name="person"),
    path("people/<int:staff_id>/rights", views.set_rights, name="rights"),
    path("people/<int:staff_id>/sign-out", views.sign_out, name="sign_out"),
    path("people/<int:staff_id>/two-step-off", views.two_step_off, name="two_step_off"),
    path("people/<int:staff_id>/password-link", views.password_link, name="password_link"),
    path("people/<int:staff_id>/leave/", views.leave, name="leave"),
    path("people/<int:staff_id>/return", views.come_back, name="come_back"),
    path("teams/<int:team_id>/delete", views.delete_team, name="delete_team"),
]
