"""The import of a catalogue: a file of structures and services, checked line by line and published in order.

`fichier` reads records, `controle` checks them (in worker processes), `passage` runs the import, `rapport` reports it.
"""
