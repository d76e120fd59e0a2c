"""The decisions of Relais: one folder per brique. Services do not import one another."""
