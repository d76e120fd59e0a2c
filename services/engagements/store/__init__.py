"""What the service declares of its dossiers (`dossiers`), how a merge is undone (`fusions`), and its reads."""
