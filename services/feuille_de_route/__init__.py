"""The service `feuille_de_route`: objectives and actions of a person, and one view of all that is decided for it."""
