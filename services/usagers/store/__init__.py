"""The declaration of the dossiers (`dossiers`), the search of a batch for them (`registre`, `lot`), and the reads."""
