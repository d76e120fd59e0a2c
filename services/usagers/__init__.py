"""The service of identities: who is who, the rights, the life of a parcours. The only place that knows a person."""
