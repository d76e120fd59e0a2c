"""What every process needs and no domain word: bus, database, batch engine, outbox, settings, telemetry."""
