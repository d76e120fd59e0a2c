"""Additions that the contract allows: a reader of events must tolerate them."""

from relais_kit.recepteur.envoi import Maniere
from relais_kit.recepteur.faits import INCONNU, avec_un_code_inconnu
from relais_kit.recepteur.verification import Verification

_PAUSE_S, _PAUSE_RAPIDE_S = 0.5, 0.1


async def inconnus(v: Verification) -> None:
    inconnu = v.faits.de_service(INCONNU, {"essai": True})
    await v.accepter("type-inconnu", "un type inconnu", inconnu, est_du=False)
    champ = v.fait()
    champ["data"] |= {"champ_ajoute": {"detail": ["nouveau"]}, "autre_ajout": None}
    await v.accepter("champ-inconnu", "un champ inconnu de data", champ)
    attribut = {**v.fait(), "attributajoute": "nouveau"}
    await v.accepter("attribut-inconnu", "un attribut d'enveloppe inconnu", attribut)
    code = avec_un_code_inconnu(v.fait())
    await v.accepter("code-inconnu", "un code inconnu dans une liste", code, est_du=False)


async def donnees_reduites(v: Verification) -> None:
    """A receiver sees what its rights open (no NIR, no health), and the hub's own facts have no `agent`."""
    sans_nir = v.faits.fait("usager.signale")
    sans_nir["data"]["identifiants"] = [i for i in sans_nir["data"]["identifiants"] if i["type"] != "nir"]
    await v.accepter("donnees-reduites", "usager.signale sans NIR", sans_nir, est_du=False)
    sans_sante = v.faits.fait("diagnostic.realise")
    for champ in ("contrainte_sante", "boe"):
        sans_sante["data"]["criteres"].pop(champ)
    await v.accepter("donnees-reduites", "diagnostic.realise sans la santé", sans_sante, est_du=False)
    sans_agent = {**v.faits.fait("orientation.dessaisie"), "source": "/services/orientation"}
    del sans_agent["agent"]
    await v.accepter("donnees-reduites", "un fait du relais, sans `agent`", sans_agent, est_du=False)


async def grands_et_lents(v: Verification) -> None:
    await v.accepter("grand", "un événement de 150 ko", v.faits.grand())
    maniere = Maniere(pause_s=_PAUSE_RAPIDE_S if v.est_rapide else _PAUSE_S)
    await v.accepter("corps-lent", "un corps qui arrive par morceaux", v.fait(), maniere=maniere)
