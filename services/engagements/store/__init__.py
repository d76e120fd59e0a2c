"""The declaration of the dossiers (`dossiers`), the undoing of merges (`fusions`), and the reads."""
