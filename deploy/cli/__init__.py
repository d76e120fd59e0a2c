"""The commands of `./relais`, one file per group; each imports what it needs only when it runs."""
