"""Every SQL statement of the service: `registre` loads and saves, `repli` folds, `lectures` reads, `rows` maps rows."""
