"""What the hub promises, kept while its processes are killed."""
