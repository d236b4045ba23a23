from __future__ import annotations

from django.urls import path

from . import views

app_name = "rates"
urlpatterns = [
    path("", views.rate_list, name="list"),
    path("bring/", views.bring, name="bring"),
    path("fees/<slug:provider>/", views.fee, name="fee"),
    path("accounts/<int:account_id>/", views.terms, name="terms"),
    path("<slug:currency>/<str:market>/", views.market, name="market"),
]
