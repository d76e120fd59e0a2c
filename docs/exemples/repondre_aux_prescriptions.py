"""Répondre aux prescriptions reçues, sans aucun système : le fil du hub, et une question par personne.

    python docs/exemples/repondre_aux_prescriptions.py DOSSIER [--tout accepter|refuser]

DOSSIER contient `client.json` et `cle.pem`, remis par l'opérateur. Relancé, il reprend là où il s'est arrêté.
"""

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from relais_contrats.client import Partner, RequestRefused

EMISE = "fr.insertion.prescription.emise.v1"
PARIS = ZoneInfo("Europe/Paris")


async def repondre(dossier: Path, reponse: str | None) -> None:
    async with Partner.load(dossier) as moi:
        while (page := await moi.events()).evenements:
            for recu in (evenement for evenement in page.evenements if evenement["type"] == EMISE):
                prc, donnees = recu["subject"], recu["data"]
                try:
                    personne = (await moi.get(f"/v1/parcours/{prc}")).get("identite", {})
                except RequestRefused:  # finie depuis longtemps : la personne n'est plus visible
                    continue
                qui = f"{personne.get('prenoms')} {personne.get('nom_naissance')} : {donnees['motif']}"
                choix = reponse or await asyncio.to_thread(input, f"{qui} — accepter ou refuser ? ")
                jour = datetime.now(PARIS).date().isoformat()
                suite = {"prescription_id": donnees["prescription_id"], "date": jour}
                fait = "prescription.acceptee" if choix == "accepter" else "prescription.refusee"
                suite |= {} if choix == "accepter" else {"motifs": ["capacite-atteinte"]}
                envoi = moi.message(
                    fait, suite, departement=recu["departement"], subject=prc, finalite="accompagnement"
                )
                sys.stdout.write(f"{donnees['prescription_id']} {(await moi.post(envoi)).etat}\n")
            await moi.acknowledge(page.curseur)


if __name__ == "__main__":
    asyncio.run(repondre(Path(sys.argv[1]), sys.argv[3] if "--tout" in sys.argv else None))
