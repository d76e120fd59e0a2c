"""Every SQL statement of the service: `registre` loads and saves, `lectures` and `portefeuille` read."""
