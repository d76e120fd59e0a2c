"""The page of the mock: what it received, and why it refused; no script, so that it opens anywhere."""

from html import escape

from relais_contrats.refus import REFUS
from relais_kit.bouchon.memoire import Echange, Memoire
from relais_kit.bouchon.modes import MODES, Modes

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}
.non{color:#a00}.oui{color:#060}code{background:#f2f2f2;padding:0 .2rem}button{font:inherit}
"""
_AVIS = (
    "Ce bouchon lit, refuse et explique avec le code du relais : contrat, droits, références, jeton et preuve. Il ne "
    "connaît pas les règles des six services : ce qu'il accepte peut encore être refusé selon l'état du parcours."
)


def page(memoire: Memoire, modes: Modes) -> str:
    """The whole page, in HTML."""
    lignes = "".join(_ligne(echange) for echange in reversed(memoire.journal)) or (
        "<tr><td colspan='5'>Rien encore. Déposez un message, ou lisez votre fil.</td></tr>"
    )
    choix = "".join(
        f"<option value='{escape(nom)}'>{escape(nom)} — {escape(phrase)}</option>" for nom, phrase in MODES.items()
    )
    poses = ", ".join(f"{nom} ({fois})" for nom, fois in modes.restants.items()) or "aucun"
    return (
        f"<!doctype html><html lang='fr'><meta charset='utf-8'><title>Bouchon de Relais</title><style>{_STYLE}</style>"
        f"<h1>Bouchon de Relais</h1><p>{escape(_AVIS)}</p>"
        f"<form method='post' action='/bouchon/modes'><label>Pour les prochaines requêtes : "
        f"<select name='mode'>{choix}</select></label> <label>fois "
        f"<input name='fois' type='number' value='1' min='1' max='1000'></label> <button>Poser</button></form>"
        f"<p>Modes posés : {escape(poses)}. L'en-tête <code>Relais-Bouchon: lent, 503</code> fait de même pour une "
        f"seule requête.</p>"
        f"<table><thead><tr><th>Instant<th>Partenaire<th>Requête<th>Réponse<th>Pourquoi</tr></thead>"
        f"<tbody>{lignes}</tbody></table></html>"
    )


def _ligne(echange: Echange) -> str:
    classe = "oui" if echange.statut < 400 else "non"
    quoi = " · ".join(filter(None, [echange.requete, echange.type, echange.message]))
    cellules = (
        echange.instant.strftime("%H:%M:%S"),
        echange.partenaire,
        quoi,
        f"{echange.statut} {echange.code or ''}",
        _pourquoi(echange),
    )
    return f"<tr class='{classe}'>" + "".join(f"<td>{escape(texte)}" for texte in cellules) + "</tr>"


def _pourquoi(echange: Echange) -> str:
    refus = REFUS.get(echange.code or "")
    phrase = f"{refus.explication} {refus.conseil}" if refus else ""
    return " ".join(filter(None, [", ".join(echange.pointeurs), phrase]))
