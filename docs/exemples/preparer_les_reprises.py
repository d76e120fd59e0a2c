"""Donne à chaque reprise le `subject` que le relais a rendu pour son signalement. Rien d'autre que Python.

    python3 preparer_les_reprises.py reprises-sans-sujet.ndjson reponses-signalements.ndjson > reprises.ndjson

Le signalement d'un dossier s'appelle `signale-<dossier>`, sa reprise `reprise-<dossier>`.
Ce dont le signalement n'a pas été accepté est dit sur la sortie d'erreur, et n'est pas écrit.
"""

import json
import sys
from pathlib import Path


def lignes(fichier: str) -> list[dict]:
    return [json.loads(ligne) for ligne in Path(fichier).read_text(encoding="utf-8").splitlines() if ligne]


reprises, reponses = map(lignes, sys.argv[1:])
sujets = {r["id"].removeprefix("signale-"): r["parcours"] for r in reponses if r.get("etat") == "accepte"}
for reprise in reprises:
    dossier = reprise["id"].removeprefix("reprise-")
    if dossier in sujets:
        sys.stdout.write(json.dumps(reprise | {"subject": sujets[dossier]}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"{dossier} : son signalement n'est pas accepté\n")
