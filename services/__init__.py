"""What Relais decides: one folder per brique, six rooms each, unaware of one another."""
