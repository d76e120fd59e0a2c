"""Bus, database, batch engine, outbox, settings and telemetry of every process. Holds no domain word."""
