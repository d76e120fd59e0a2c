"""The declaration of the dossiers (`dossiers`), and the reads."""
