"""What the service declares of its dossiers (`dossiers`), how a batch finds them (`registre`, `lot`), its reads."""
