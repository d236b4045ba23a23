"""From stored webhooks to actions."""
