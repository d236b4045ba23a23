from __future__ import annotations

from django.urls import path

from . import views

app_name = "orders"
urlpatterns = [
    path("", views.order_list, name="list"),
    path("orders.csv", views.download_orders, name="download"),
    path("<int:contact_id>/<int:order_id>/", views.show, name="show"),
    path("exchange/table/", views.rate_table, name="rate_table"),
    path("exchange/", views.exchange_rates, name="exchange"),
    path("exchange/own/", views.own_currency, name="own"),
    path("exchange/<int:rate_id>/", views.exchange_rate, name="rate"),
    path("exchange/<int:rate_id>/remove/", views.remove_rate, name="remove_rate"),
]
