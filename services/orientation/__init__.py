"""The service `orientation`: requests to orient a person, their legal delay, and decisions."""
