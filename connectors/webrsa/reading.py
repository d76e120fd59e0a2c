"""A dossier of an ALI, read: what each of its objects says in our words, or why WebRSA would refuse it.

Pure. Ids are those of the shared référentiel; an object has the id of the ALI, and is refused alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from lxml import etree

from connectors.webrsa.codes import Erreur, Objet
from connectors.webrsa.configuration import Referent, WebrsaConfiguration
from connectors.webrsa.xml import number, text
from relais_contrats.codes.suivi import Forme, StatutRdv
from relais_contrats.correspondances import WEBRSA, correspondance
from relais_contrats.territoires import fuseau

_FIRST_CONTRACT = date(2009, 6, 1)
_LATEST_START = timedelta(days=92)
"""Three months: a contract that begins later is refused by WebRSA."""
_LABEL_MAX, _TEXT_MAX = 200, 1_000
_PARCOURS = correspondance(WEBRSA, "parcours")
_LOST = ("liste_dsps", "formulaire_d1", "formulaire_d2", "formulaire_b7")
Json = dict[str, Any]


@dataclass(slots=True)
class Act:
    """One object of a dossier. `faits`: (message, data) in their order; of an appointment, `etat` is its whole state,
    and the messages follow from what the hub was told before."""

    objet: Objet
    id_ali: int
    faits: list[tuple[str, Json]] = field(default_factory=list)
    etat: Json | None = None
    erreurs: list[Erreur] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Header:
    instant: datetime
    id_structure_ali: int
    est_stock: bool


def header(root: etree._Element, settings: WebrsaConfiguration) -> Header:
    """Their instants are those of the clocks of the territory."""
    generated = datetime.fromisoformat(text(root, "entete/date_generation"))
    structure = number(root, "entete/id_structure_ali") or 0
    is_stock = text(root, "entete/fichier_stock") in ("1", "true")
    return Header(generated.replace(tzinfo=fuseau(settings.departement)), structure, is_stock)


def acts(dossier: etree._Element, settings: WebrsaConfiguration, today: date) -> Iterator[Act]:
    """In the order in which they lean on one another."""
    for one in dossier.iterfind("liste_referents_parcours/referent_parcours"):
        yield _referent(one, settings)
    for one in dossier.iterfind("liste_rendez_vous/rendez_vous"):
        yield _rendez_vous(one, settings)
    for one in dossier.iterfind("liste_cers/cer"):
        yield _cer(one, settings, today)
    for one in dossier.iterfind("liste_changements_orientation/changement_orientation"):
        yield _changement(one, settings)


def lost(dossier: etree._Element) -> int:
    """How many of its parts the catalogue has no message for."""
    return sum(1 for name in _LOST for one in dossier.iterfind(name) if len(one))


def _referent(one: etree._Element, settings: WebrsaConfiguration) -> Act:
    act, day = Act(Objet.REFERENT, _id(one)), text(one, "date_designation")
    referent = settings.referent(number(one, "id_webrsa") or 0)
    if referent is None:
        act.erreurs.append(Erreur.REFERENT_INCONNU)
    elif referent.cloture and referent.cloture < date.fromisoformat(day):
        act.erreurs.append(Erreur.REFERENT_CLOTURE)
    else:
        act.faits = [
            ("referent.designe", {**designation(referent, settings), "date_debut": day}),
            ("referent.accepte", {}),
        ]
    return act


def designation(referent: Referent, settings: WebrsaConfiguration) -> Json:
    structure = settings.structure(referent.structure)
    assert structure is not None, "the configuration has it"
    return {"referent": referent.ours, "structure": structure.ours}


def _rendez_vous(one: etree._Element, settings: WebrsaConfiguration) -> Act:
    act, ref = Act(Objet.RDV, _id(one)), settings.referentiel
    structure = settings.structure(number(one, "id_structurereferente") or 0)
    if structure is None:
        act.erreurs.append(Erreur.STRUCTURE_INCONNUE)
        return act
    objet = ref.objets_rdv.get(number(one, "id_objet_rdv") or 0)
    statut = ref.statuts_rdv.get(number(one, "id_statut_rdv") or 0)
    if objet is None:
        act.erreurs.append(Erreur.RDV_OBJET_INCONNU)
    if statut is None:
        act.erreurs.append(Erreur.RDV_STATUT_INCONNU)
    is_alone = objet is not None and objet.forme is Forme.INDIVIDUEL
    act.erreurs += _of_referent(one, structure.id, settings, is_wanted=is_alone)
    thematiques = [int(each.text or 0) for each in one.iterfind("thematiques/id_thematique_rdv")]
    known = {each for known in ref.objets_rdv.values() for each in known.thematiques}
    if any(each not in known for each in thematiques):
        act.erreurs.append(Erreur.RDV_THEMATIQUE_INCONNUE)
    elif objet is not None and any(each not in objet.thematiques for each in thematiques):
        act.erreurs.append(Erreur.RDV_TYPE_THEMATIQUE)
    if objet is not None and not is_alone and len(thematiques) > 1:
        act.erreurs.append(Erreur.RDV_THEMATIQUE_DEPASSEMENT)
    if act.erreurs or objet is None or statut is None:
        return act
    begins = datetime.fromisoformat(f"{text(one, 'date_rdv')}T{text(one, 'heure_rdv')}")
    act.etat = {
        "motif": str(objet.motif),
        "debut": (begins if begins.tzinfo else begins.replace(tzinfo=fuseau(settings.departement))).isoformat(),
        "duree_min": settings.duree_min,
        "modalite": str(settings.modalite),
        "forme": str(objet.forme),
        "lieu": structure.nom,
        "statut": str(statut),
    }
    if statut is StatutRdv.ANNULE:
        act.etat["annule_par"] = str(settings.annule_par)
    return act


def _of_referent(
    one: etree._Element, structure: int, settings: WebrsaConfiguration, *, is_wanted: bool
) -> Iterator[Erreur]:
    id_ = number(one, "id_referent")
    if id_ is None:
        if is_wanted:
            yield Erreur.REFERENT_OBLIGATOIRE
        return
    referent = settings.referent(id_)
    if referent is None:
        yield Erreur.REFERENT_INCONNU
    elif referent.structure != structure:
        yield Erreur.REFERENT_INCOHERENT


def _cer(one: etree._Element, settings: WebrsaConfiguration, today: date) -> Act:
    act, ref = Act(Objet.CER, _id(one)), settings.referentiel
    begins, signed = date.fromisoformat(text(one, "date_debut")), date.fromisoformat(text(one, "date_signature"))
    duree = ref.durees_cer.get(number(one, "id_duree_cer") or 0)
    if not _FIRST_CONTRACT < begins < today + _LATEST_START:
        act.erreurs.append(Erreur.CER_DEBUT)
    if duree is None:
        act.erreurs.append(Erreur.CER_DUREE_INCONNUE)
    if settings.referent(number(one, "id_referent") or 0) is None:
        act.erreurs.append(Erreur.REFERENT_INCONNU)
    if signed > today:
        act.erreurs.append(Erreur.CER_SIGNATURE)
    sujets = list(one.iterfind("liste_sujets/sujets"))
    if not sujets or any(number(each, "id_sujet_cer") not in ref.sujets_cer for each in sujets):
        act.erreurs.append(Erreur.SUJET_INCONNU)
    if act.erreurs:
        return act
    contrat = f"ali-{act.id_ali}"
    proposed = {
        "contrat_id": contrat,
        "date_debut": begins.isoformat(),
        "duree_mois": duree,
        "engagements_usager": [_engagement(rank, each, settings) for rank, each in enumerate(sujets, 1)],
        "engagements_organisme": [
            {
                "id": "o1",
                "theme": str(ref.sujets_cer[number(sujets[0], "id_sujet_cer") or 0]),
                "libelle": settings.engagement_organisme,
            }
        ],
    }
    signature = {"contrat_id": contrat, "date_signature": signed.isoformat(), "signataires": ["usager", "referent"]}
    act.faits = [("contrat.propose", proposed), ("contrat.signe", signature)]
    return act


def _engagement(rank: int, sujet: etree._Element, settings: WebrsaConfiguration) -> Json:
    theme = settings.referentiel.sujets_cer[number(sujet, "id_sujet_cer") or 0]
    said = " ".join(text(sujet, "champ_libre").split())[:_LABEL_MAX]
    return {"id": f"s{rank}", "theme": str(theme), "libelle": said or theme.description.rstrip(".")}


def _changement(one: etree._Element, settings: WebrsaConfiguration) -> Act:
    act, ref = Act(Objet.ORIENTATION, _id(one)), settings.referentiel
    asked = one.find("reorientation")
    parcours = ref.types_orientation.get(number(one, "id_type_orientation") or 0)
    structure = settings.structure(number(one, "id_structure_referente_accueil") or 0)
    motif = ref.motifs_reorientation.get((number(asked, "id_motif_reorientation") or 0) if asked is not None else 0)
    found: Mapping[Erreur, bool] = {
        Erreur.REFERENT_INCONNU: settings.referent(number(one, "id_referent") or 0) is None,
        Erreur.ORIGINE_INCONNUE: number(one, "id_origine") not in ref.origines,
        Erreur.STATUT_INCONNU: number(one, "id_statut") not in ref.statuts_orientation,
        Erreur.TYPE_ORIENT_INCONNU: parcours is None,
        Erreur.STRUCTURE_ACCUEIL_INCONNUE: structure is None,
        Erreur.MOTIF_OBLIGATOIRE: asked is None,
        Erreur.MOTIF_INCONNU: asked is not None and motif is None,
    }
    act.erreurs = [erreur for erreur, is_so in found.items() if is_so]
    act.erreurs += _of_host(number(one, "id_referent_accueil"), settings, structure.id if structure else None)
    if act.erreurs or asked is None or parcours is None or structure is None:
        return act
    act.faits = [
        (
            "reorientation.demandee",
            {
                "motif": ". ".join(filter(None, (motif, text(asked, "motif_refus"))))[:_TEXT_MAX],
                "parcours_type_propose": _PARCOURS.vers_nous(parcours),
                "structure_proposee": structure.ours,
                "accord_referent": text(asked, "accord_referent") == "1",
                "accord_personne": text(asked, "accord_allocataire") == "1",
                "urgence": text(asked, "urgence") == "1",
            },
        )
    ]
    return act


def _of_host(id_: int | None, settings: WebrsaConfiguration, structure: int | None) -> Iterator[Erreur]:
    if id_ is None:
        return
    referent = settings.referent(id_)
    if referent is None:
        yield Erreur.REFERENT_ACCUEIL_INCONNU
    elif structure is not None and referent.structure != structure:
        yield Erreur.REFERENT_ACCUEIL_INCOHERENT


def _id(one: etree._Element) -> int:
    return number(one, "id_ali") or 0
