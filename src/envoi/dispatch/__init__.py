"""From the outbox to the provider: limits, sending, recording. asyncio, without Django."""
