"""`relais-kit`, for partner developers: checks messages against the contracts, away from any hub, and shows examples.

commande  →  affichage  →  verdict  →  proche      (arguments and flux serve commande; nothing here opens a connection)
"""
