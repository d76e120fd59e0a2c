"""`./relais demo --connecteurs`: one parcours in which nobody speaks the protocol of the hub."""
