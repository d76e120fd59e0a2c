"""What the service declares of its dossiers (`dossiers`), and its reads."""
