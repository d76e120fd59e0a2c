"""The report as one HTML file: for a manager first (the verdict, what to do), then for a developer (the exchanges).

No script and nothing fetched: it opens anywhere, and prints.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from itertools import groupby
from typing import Any

from relais_kit.carnet import Etat

_CIBLES = {"recepteur": "Récepteur de webhooks", "emetteur": "Émetteur de messages", "hub": "Relais"}
_ETATS = {Etat.PASSEE: "✓ passée", Etat.ECHOUEE: "✗ échouée", Etat.NON_COUVERTE: "– non couverte"}
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff;margin:2rem auto;max-width:70rem;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
caption{text-align:left;font-weight:600;font-size:1.1rem;padding:.4rem 0}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid #bbb}
th[scope=row]{font-weight:400}thead th{border-bottom:2px solid #1b1b1b}
.etat{white-space:nowrap}.passee .etat{color:#18622d}.echouee .etat{color:#a3001b;font-weight:700}
.echouee{background:#fff2f2}.non-couverte .etat{color:#4d4d4d}
.verdict{border-left:.5rem solid #18622d;padding:.6rem 1rem;background:#f3f7f4}
.verdict.non{border-color:#a3001b;background:#fff2f2}
code,pre{font:.85rem/1.4 ui-monospace,monospace}small{color:#4d4d4d;font-size:.85rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f5f5f5;padding:.6rem;margin:.3rem 0}
a{color:#0a3f8f}article{break-inside:avoid;border-top:1px solid #bbb;padding-top:.5rem;margin-top:1rem}
@media print{body{margin:0;max-width:none;font-size:11pt}a{color:inherit;text-decoration:none}tr{break-inside:avoid}}
"""
_LEGENDE = (
    "Passée : mise à l'épreuve, et tenue. Échouée : un défaut a été vu. Non couverte : rien ne l'a mise à l'épreuve "
    "pendant cette vérification ; ce n'est pas un défaut, ce n'est pas non plus une preuve."
)


def page(dit: Mapping[str, Any]) -> str:
    """From a document of `resultats.document`."""
    titre = f"{_CIBLES.get(dit['cible'], dit['cible'])} : rapport de vérification"
    exigences = dit["exigences"]
    parties = [
        f"<h1>{escape(titre)}</h1>",
        _verdict(dit),
        "<h2>Ce qui a été vérifié</h2>",
        _contexte(dit),
        *_a_corriger(exigences),
        "<h2>Les exigences</h2>",
        f"<p>{escape(_LEGENDE)}</p>",
        *(_theme(theme, list(lignes)) for theme, lignes in groupby(exigences, key=lambda e: str(e["theme"]))),
        *_annexe(exigences),
    ]
    return (
        "<!doctype html>\n<html lang='fr'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>{escape(titre)}</title><style>{_STYLE}</style></head>\n<body><main>\n{chr(10).join(parties)}\n"
        "</main></body></html>\n"
    )


def _verdict(dit: Mapping[str, Any]) -> str:
    passees, echouees, autres = dit["passees"], dit["echouees"], dit["non_couvertes"]
    comptes = f"{passees} exigences passées, {echouees} échouées, {autres} non couvertes."
    if dit["conforme"]:
        phrase = "Aucun défaut n'a été vu."
    else:
        phrase = "Un défaut a été vu." if echouees == 1 else f"{echouees} exigences ne sont pas tenues."
    classe = "verdict" if dit["conforme"] else "verdict non"
    return f"<p class='{classe}'><strong>{escape(phrase)}</strong><br>{escape(comptes)}</p>"


def _contexte(dit: Mapping[str, Any]) -> str:
    faits = {
        "Programme": _CIBLES.get(dit["cible"], dit["cible"]),
        "Date": _date(dit["instant"]),
        "Contrats": f"relais-contrats {dit['contrats']}",
        **dit["contexte"],
    }
    lignes = "".join(f"<tr><th scope='row'>{escape(nom)}</th><td>{escape(v)}</td></tr>" for nom, v in faits.items())
    return f"<table><tbody>{lignes}</tbody></table>"


def _date(instant: str) -> str:
    return datetime.fromisoformat(instant).strftime("%d/%m/%Y à %H:%M (%Z)")


def _a_corriger(exigences: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    echouees = [e for e in exigences if e["etat"] == Etat.ECHOUEE]
    if not echouees:
        return
    yield "<h2>À corriger</h2><ol>"
    for e in echouees:
        constat = f"Constat : {' ; '.join(map(str, e['details']))}."
        yield f"<li>{escape(e['exigence'])}<br>{escape(constat)}<br><small>{escape(e['source'])}</small></li>"
    yield "</ol>"


def _theme(theme: str, exigences: Sequence[Mapping[str, Any]]) -> str:
    lignes = "".join(map(_ligne, exigences))
    entete = "<thead><tr><th scope='col'>Exigence</th><th scope='col'>Résultat</th></tr></thead>"
    return f"<table><caption>{escape(theme)}</caption>{entete}<tbody>{lignes}</tbody></table>"


def _ligne(e: Mapping[str, Any]) -> str:
    details = "".join(f"<br>{escape(str(detail))}" for detail in e["details"])
    lien = f"<br><a href='#{escape(e['id'])}'>Échanges de {escape(e['id'])}</a>" if e.get("echanges") else ""
    return (
        f"<tr class='{escape(e['etat'])}'><th scope='row'>{escape(e['exigence'])}"
        f"<br><small>{escape(e['id'])} · {escape(e['source'])}</small>{details}{lien}</th>"
        f"<td class='etat'>{escape(_ETATS[Etat(e['etat'])])}</td></tr>"
    )


def _annexe(exigences: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    avec = [e for e in exigences if e.get("echanges")]
    if not avec:
        return
    yield "<h2>Échanges enregistrés</h2>"
    yield "<p>Les données de personnes, les jetons et les signatures y sont remplacés par •••.</p>"
    for e in avec:
        yield f"<article id='{escape(e['id'])}'><h3>{escape(e['id'])}</h3><p>{escape(e['exigence'])}</p>"
        yield "".join(map(_echange, e["echanges"]))
        yield "</article>"


def _echange(echange: Mapping[str, Any]) -> str:
    demande = "\n".join([echange["requete"], *_entetes(echange["entetes"]), "", echange["corps"]]).strip()
    statut = "Sans réponse" if echange["statut"] is None else f"Réponse {echange['statut']}"
    duree = "" if echange["duree_s"] is None else f", {echange['duree_s']} s"
    rendu = "\n".join([*_entetes(echange["entetes_rendus"]), "", echange["corps_rendu"]]).strip()
    note = f"<p>{escape(echange['note'])}</p>" if echange["note"] else ""
    return (
        f"{note}<p><small>{escape(echange['instant'])}</small></p><pre>{escape(demande)}</pre>"
        f"<p>{escape(statut + duree)}</p>" + (f"<pre>{escape(rendu)}</pre>" if rendu else "")
    )


def _entetes(entetes: Mapping[str, str]) -> list[str]:
    return [f"{nom}: {valeur}" for nom, valeur in entetes.items()]
