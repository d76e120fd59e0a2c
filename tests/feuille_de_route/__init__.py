"""The service `feuille_de_route`: the rules of the sheet, the coherence of the view, the store, the page."""
