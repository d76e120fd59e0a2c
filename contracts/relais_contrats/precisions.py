"""The facts of a refusal (`details`) as French sentences: a legal date, a present state, what was expected instead."""

from collections.abc import Mapping

PHRASES: Mapping[str, str] = {
    "a_faire": "À faire : {}.",
    "attendu": "Attendu : {}.",
    "au_plus_tard": "Au plus tard le {}.",
    "aujourd_hui": "Le jour du dépôt est le {}.",
    "competents": "Peuvent le faire : {}.",
    "date": "Depuis le {}.",
    "date_debut": "Ce qui est connu commence le {}.",
    "date_decision": "La décision est du {}.",
    "date_echeance": "Le délai finit le {}.",
    "date_expiration": "Elle a expiré le {}.",
    "date_fin": "Ce qui est connu finit le {}.",
    "date_notification": "La notification connue est du {}.",
    "date_reception": "La demande a été reçue le {}.",
    "decideur": "A décidé : {}.",
    "departement": "Département connu : {}.",
    "depend": "Ce qui en dépend : {}.",
    "dit_a": "Le dernier fait connu est du {}.",
    "emise_le": "Émise le {}.",
    "etat": "État actuel : {}.",
    "motif": "Raison : {}.",
    "nir_dit": "Le NIR dit {}.",
    "objet": "Objet : {}.",
    "orientation_debut": "L'orientation ouverte commence le {}.",
    "pas_avant": "Pas avant le {}.",
    "premier_jour_libre": "Le premier jour libre est le {}.",
    "rang": "Rang actuel : {}.",
    "rang_attendu": "Rang attendu : {}.",
    "recu_a": "L'instant du dépôt est {}.",
    "recu_le": "Le jour du dépôt est le {}.",
    "referent": "Référent unique : {}.",
    "source_attendue": "Source attendue : {}.",
    "statut": "Statut actuel : {}.",
    "structure_attendue": "Structure attendue : {}.",
}


def preciser(details: Mapping[str, str | int]) -> str:
    """One sentence per fact that has one; what has none is read in `details`."""
    return " ".join(PHRASES[nom].format(valeur) for nom, valeur in details.items() if nom in PHRASES)
