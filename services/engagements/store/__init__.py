"""Every SQL statement of the service: `registre` loads and saves, `lectures` reads, `rows` maps rows and objects."""
