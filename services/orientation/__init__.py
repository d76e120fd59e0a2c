"""The service `orientation`: who is asked to orient a person, within which delay, and what was decided."""
