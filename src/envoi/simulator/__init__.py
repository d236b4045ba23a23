"""The providers as a server, for rehearsal and crash tests; it refuses to share code with Envoi's.

`main.run` starts it, `app.App` routes, `world.World` is what every face shares (clock, customers, faults,
limits, webhooks, ledger), and a face such as `meta` owns one provider's routes and JSON shapes.
"""
