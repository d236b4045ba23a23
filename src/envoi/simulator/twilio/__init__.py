"""Twilio's side of WhatsApp, simulated: Messages, Content, Senders, media, webhooks (Twilio fact sheet).

Written from the fact sheet alone; it shares no code with envoi.providers, so that each checks the other.
"""
