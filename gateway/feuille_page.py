"""The feuille de route as a page to read on a telephone, or to print on A4 and hand to the person.

One pure function of the view as a partner may see it: what the person needs, in the order in which it is needed, what
is missing said; no script, nothing to load. Answer it with the header `feuille_style.CSP`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

from gateway import feuille_mots as mots
from gateway.balises import Element, Noeud, document, h
from gateway.feuille_mots import jour
from gateway.feuille_style import STYLE
from relais_contrats.codes.engagements import CauseResignature
from relais_contrats.codes.offre import MotifRefusPrescription
from relais_contrats.codes.suivi import Theme
from relais_contrats.groupes import Groupe
from relais_contrats.territoires import TERRITOIRES, fuseau, jour_legal

Json: TypeAlias = Mapping[str, Any]

_PIED = (
    "Cette feuille de route réunit ce que vos interlocuteurs ont décidé avec vous. Une information est fausse ou a "
    "changé ? Dites-le à votre référent. Vous avez droit à l'accès à vos données et à leur rectification."
)


@dataclass(frozen=True, slots=True)
class Contexte:
    """The day on which the page is made, the name of the partner that makes it, and the groups that it sees.
    `services` are the records of the catalogue for the services that are prescribed, by their id."""

    aujourd_hui: date
    partenaire: str
    groupes: frozenset[Groupe]
    services: Mapping[str, Json] = field(default_factory=dict)


def page(vue: Json, contexte: Contexte) -> str:
    """`vue` is a `VueFeuilleDeRoute` projected for the partner: what it may not see is absent, and is not spoken of."""
    contenu = h("main", *_sections(vue, contexte))
    feuille = h("div", _entete(vue, contexte), contenu, h("footer", _PIED), classe="page")
    return document("Ma feuille de route", STYLE, feuille)


def _sections(vue: Json, contexte: Contexte) -> list[Element]:
    """In the order in which the person needs them. Of what the partner may not see, nothing is said to be missing."""
    visibles = [(titre, dire) for titre, groupe, dire in _SECTIONS if groupe in contexte.groupes]
    sections = [_section(f"s{rang}", titre, dire(vue, contexte)) for rang, (titre, dire) in enumerate(visibles, 1)]
    return sections or _vide("Le détail de ce parcours n'est pas ouvert à votre organisme.")


def _entete(vue: Json, contexte: Contexte) -> Element:
    le = jour(contexte.aujourd_hui)
    fin = f"Ce parcours a pris fin le {jour(vue['date_fin'])}." if vue.get("date_fin") else "Ce parcours a pris fin."
    return h(
        "header",
        h("h1", "Ma feuille de route"),
        h("p", f"{_territoire(vue['departement'])} · établie le {le} par {contexte.partenaire}"),
        h("div", h("span", "Nom :"), h("span", "Prénom :"), classe="nom"),
        h("p", fin, classe="alerte") if vue["etat"] == "close" else None,
    )


def _territoire(code: str) -> str:
    connu = TERRITOIRES.get(code)
    return f"{connu.nom} ({code})" if connu else f"Département {code}"


def _echeances(vue: Json, contexte: Contexte) -> list[Element]:
    pour_elle = [due for due in vue.get("echeances", ()) if due["nature"] not in mots.ENTRE_PROFESSIONNELS]
    dues = [_echeance(due, contexte.aujourd_hui) for due in pour_elle]
    return [h("ul", *dues, classe="dates")] if dues else _vide("Aucune date à retenir pour le moment.")


def _echeance(due: Json, aujourd_hui: date) -> Element:
    le = date.fromisoformat(due["date_echeance"])
    nature = mots.ECHEANCES.get(due["nature"], due["nature"])
    libelle = due.get("libelle", mots.RESERVE if due.get("sensibilite") else None)
    retard = h("span", "date passée", classe="etat retard") if le < aujourd_hui else None
    return h("li", _temps(le), h("div", nature, f" : {libelle}" if libelle else None, " ", retard))


def _rendez_vous(vue: Json, _: Contexte) -> list[Element]:
    tous = vue.get("rendez_vous", ())
    if not tous:
        return _vide("Aucun rendez-vous n'est noté.")
    prevus = [rdv for rdv in tous if rdv["statut"] == "planifie"]
    passes = [rdv for rdv in reversed(tous) if rdv["statut"] != "planifie"]
    return [h("ul", *(_un_rendez_vous(rdv, vue["departement"]) for rdv in [*prevus, *passes]), classe="dates")]


def _un_rendez_vous(rdv: Json, departement: str) -> Element:
    """At the hour that the clocks show where the person lives."""
    debut = datetime.fromisoformat(rdv["debut"]).astimezone(fuseau(departement))
    comment = f"{mots.MODALITES.get(rdv['modalite'], rdv['modalite'])}, {rdv['duree_min']} min"
    return h(
        "li",
        _temps(debut, mots.instant(debut)),
        h(
            "div",
            h("p", mots.RENDEZ_VOUS.get(rdv["motif"], "Rendez-vous"), " ", _etat(rdv["statut"]), classe="titre"),
            h("p", f"{rdv['lieu']} · {comment}" if rdv.get("lieu") else comment.capitalize(), classe="discret"),
        ),
    )


def _orientation(vue: Json, _: Contexte) -> list[Element]:
    ouverte, demande = vue.get("orientation"), vue.get("demande")
    trouves: list[Element] = []
    if ouverte:
        depuis = f"Depuis le {jour(ouverte['date_debut'])} · décision du {jour(ouverte['date_decision'])}"
        trouves.append(_bloc(h("h3", _type(ouverte)), h("p", ouverte["structure"]["nom"]), _discret(depuis)))
    if demande:
        trouves.append(_bloc(h("p", f"Décision attendue au plus tard le {jour(demande['date_echeance'])}.")))
    passees = [h("li", _passee(orientation)) for orientation in vue.get("orientations_passees", ())]
    if passees:
        trouves.append(h("div", h("h3", "Auparavant"), h("ul", *passees, classe="discret"), classe="suite"))
    return trouves or _vide("Aucune orientation n'est encore décidée.")


def _passee(orientation: Json) -> str:
    fin = f" au {jour(orientation['date_fin'])}" if orientation.get("date_fin") else ""
    nom = orientation["structure"]["nom"]
    return f"{_type(orientation)}, {nom}, du {jour(orientation['date_debut'])}{fin}"


def _type(orientation: Json) -> str:
    type_: str = orientation["parcours_type"]
    return mots.PARCOURS.get(type_, type_)


def _accompagnement(vue: Json, _: Contexte) -> list[Element]:
    referent, autres = vue.get("referent"), vue.get("accompagnants", ())
    trouves = [
        _professionnel(referent["referent"], referent, "Mon référent unique", _etat(referent["etat"]))
    ] if referent else _vide("Aucun référent n'est désigné pour le moment.")  # fmt: skip
    return [*trouves, *(_professionnel(un["accompagnant"], un, "M'accompagne aussi", None) for un in autres)]


def _professionnel(qui: Json, ou: Json, titre: str, etat: Noeud) -> Element:
    contact = [mots.telephone(qui["telephone"]), " · "] if qui.get("telephone") else []
    return _bloc(
        h("p", titre, " ", etat, classe="titre discret"),
        h("h3", f"{qui['prenom']} {qui['nom']}"),
        h("p", ou["structure"]["nom"]),
        h("p", *contact, qui["courriel"]),
    )


def _objectifs(vue: Json, _: Contexte) -> list[Element]:
    return [*map(_objectif, vue.get("objectifs", ()))] or _vide("Aucun objectif n'est encore noté.")


def _objectif(objectif: Json) -> Element:
    theme = "Santé" if objectif.get("theme") == Theme.SANTE else mots.dire(Theme, objectif.get("theme"))
    actions = [_action(action) for action in objectif.get("actions", ())]
    return _bloc(
        h("div", h("h3", objectif.get("libelle", mots.RESERVE)), _etat(objectif["statut"]), classe="titre"),
        _discret(theme),
        h("ul", *actions, classe="actions") if actions else h("p", "Aucune action pour cet objectif.", classe="vide"),
    )


def _action(action: Json) -> Element:
    echeance = f"Au plus tard le {jour(action['echeance'])}" if action.get("echeance") else None
    return h("li", h("div", action.get("libelle", mots.RESERVE), _discret(echeance)), _etat(action["statut"]))


def _contrats(vue: Json, _: Contexte) -> list[Element]:
    titres = (("Contrat", "contrat"), ("Nouveau contrat proposé", "renouvellement"))
    contrats = [_contrat(titre, vue[nom]) for titre, nom in titres if nom in vue]
    return contrats or _vide("Aucun contrat n'est encore proposé.")


def _contrat(titre: str, contrat: Json) -> Element:
    a_signer = contrat["etat"] == "a-signer"
    dates = (
        ("Signé le", contrat.get("date_signature")),
        ("Début", contrat.get("date_debut")),
        ("À signer au plus tard le", contrat.get("date_limite_signature") if a_signer else None),
    )
    faits = [h("div", h("dt", nom), h("dd", jour(le))) for nom, le in dates if le]
    if contrat.get("duree_mois"):
        faits.append(h("div", h("dt", "Durée"), h("dd", f"{contrat['duree_mois']} mois")))
    cotes = (("Je m'engage à", "engagements_usager"), ("L'organisme s'engage à", "engagements_organisme"))
    return _bloc(
        h("div", h("h3", titre), _etat(contrat["etat"]), classe="titre"),
        _discret(mots.dire(CauseResignature, contrat.get("cause")) if a_signer else None),
        h("dl", *faits, classe="faits"),
        h("div", *(_engagements(qui, contrat[cote]) for qui, cote in cotes if contrat.get(cote)), classe="deux"),
    )


def _engagements(titre: str, engagements: Iterable[Json]) -> Element:
    return h("div", h("h3", titre), h("ul", *map(_engagement, engagements)))


def _engagement(engagement: Json) -> Element:
    heures, echeance = engagement.get("heures_hebdo"), engagement.get("echeance")
    precisions = [f"{heures:g} h par semaine".replace(".", ",")] if heures else []
    precisions += [f"au plus tard le {jour(echeance)}"] if echeance else []
    return h("li", engagement["libelle"], _discret(", ".join(precisions).capitalize()))


def _prescriptions(vue: Json, contexte: Contexte) -> list[Element]:
    dites = [_prescription(une, contexte.services) for une in vue.get("prescriptions", ())]
    return dites or _vide("Aucun service n'a été proposé.")


def _prescription(prescription: Json, services: Mapping[str, Json]) -> Element:
    message = prescription.get("message")
    dits = [m for m in prescription.get("motifs", ()) if not (message and m == MotifRefusPrescription.AUTRE)]
    motifs = [mots.dire(MotifRefusPrescription, motif) for motif in dits]
    return _bloc(
        h("div", h("h3", prescription.get("motif", mots.RESERVE)), _etat(prescription["etat"]), classe="titre"),
        *_service(prescription, services),
        h("p", f"Pourquoi : {' ; '.join(filter(None, motifs))}.") if motifs else None,
        h("p", message, classe="texte") if message else None,
    )


def _service(prescription: Json, services: Mapping[str, Json]) -> Iterable[Noeud]:
    """Its name, where it is and how it is joined; of one that left the catalogue, what the prescription says."""
    if not prescription.get("service_id"):
        return ()
    fiche, structure = services.get(prescription["service_id"], {}), prescription.get("structure", {})
    nom, chez = fiche.get("nom") or f"Service {prescription['service_id']}", structure.get("nom")
    rue = ", ".join(fiche[cle] for cle in ("adresse", "complement_adresse") if fiche.get(cle))
    ville = " ".join(fiche[cle] for cle in ("code_postal", "commune") if fiche.get(cle))
    contact = [mots.telephone(fiche["telephone"])] if fiche.get("telephone") else []
    contact += [fiche["courriel"]] if fiche.get("courriel") else []
    return (
        h("p", f"{nom}, {chez}" if chez and chez != nom else nom),
        _discret(", ".join(filter(None, (rue, ville)))),
        h("p", " · ".join(contact)) if contact else None,
    )


def _observations(vue: Json, _: Contexte) -> list[Element]:
    dites = [_observation(observation, vue["departement"]) for observation in vue.get("observations", ())]
    return dites or _vide("Aucune observation.")


def _observation(observation: Json, departement: str) -> Element:
    le = jour_legal(departement, datetime.fromisoformat(observation["ajoute_a"]))
    texte = h("p", observation.get("texte", mots.RESERVE), classe="texte")
    return _bloc(texte, h("p", _temps(le), f", {observation['auteur'].rpartition('/')[2]}", classe="discret"))


_SECTIONS: Sequence[tuple[str, Groupe, Callable[[Json, Contexte], list[Element]]]] = (
    ("Ce qui vient", Groupe.ORIENTATION, _echeances),
    ("Mes rendez-vous", Groupe.ORIENTATION, _rendez_vous),
    ("Mon parcours", Groupe.ORIENTATION, _orientation),
    ("Qui m'accompagne", Groupe.ORIENTATION, _accompagnement),
    ("Mes objectifs et mes actions", Groupe.ORIENTATION, _objectifs),
    ("Mon contrat d'engagement", Groupe.CONTRAT, _contrats),
    ("Les services proposés", Groupe.ORIENTATION, _prescriptions),
    ("Observations", Groupe.DIAGNOSTIC, _observations),
)
"""Title of a section, group without which it is not shown, and what it says."""


def _section(nom: str, titre: str, contenu: Iterable[Element]) -> Element:
    return h("section", h("h2", titre, id=nom), *contenu, aria_labelledby=nom)


def _bloc(*enfants: Noeud) -> Element:
    return h("div", *enfants, classe="bloc")


def _discret(texte: str | None) -> Element | None:
    return h("p", texte, classe="discret") if texte else None


def _vide(phrase: str) -> list[Element]:
    return [h("p", phrase, classe="vide")]


def _etat(etat: str) -> Element:
    return h("span", mots.ETATS.get(etat, etat), classe="etat fait" if etat in mots.FAITS else "etat")


def _temps(le: date, dit: str | None = None) -> Element:
    return h("time", dit or jour(le), datetime=le.isoformat())
