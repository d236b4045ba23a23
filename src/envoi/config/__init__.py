"""Wiring only: settings, addresses, the server's entry point. Imports everything, imported by none but the command."""
