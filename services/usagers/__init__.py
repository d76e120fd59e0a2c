"""The service of identities: persons, their rights, the life of a parcours."""
