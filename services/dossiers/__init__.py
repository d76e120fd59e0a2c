"""The dossiers of a service: folded from its facts and stored by the engine, with read tables derived from them.

A service declares a table of rules (`Regles`) and a `Modele`; it writes no SQL that loads or saves a dossier, no reader
and no translation (decisions 0077, 0078).
"""
