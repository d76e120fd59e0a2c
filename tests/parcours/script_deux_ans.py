"""Two years of four persons, as five partners tell them: one row a message, in the order in which they are sent.

A row says who deposits what about whom, and the code with which it is refused, if it is; then, in the words of
CATALOGUE § 5, who takes part from then on (`entre`) and who no more (`sort`). `suite` is what the services tell because
of it. To add rows is enough: ids, expectations and feeds follow.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.parcours.droits_attendus import ACCOMPAGNANT, EMETTEUR, ORIENTE, REFERENT, SIGNALANT, TERRITOIRE
from tests.parcours.piece import Etape, Profil
from tests.parcours.script_droits import Personne, jour

CD, FT, ML, ASSO, CAF = "cd-59", "ft-hauts-de-france", "ml-lille", "asso-mobilite", "caf-59"
DEPARTEMENT = "59"
TEMOINS = (CD, FT)
_ECHANGE = frozenset({"messages:deposer", "evenements:lire", "parcours:lire"})
PROFILS = {
    CD: Profil("departement", _ECHANGE | {"sante:lire"}),
    FT: Profil("france-travail", _ECHANGE | {"sante:lire"}),
    ML: Profil("mission-locale", _ECHANGE),
    ASSO: Profil("association", _ECHANGE),
    CAF: Profil("caf", _ECHANGE),
}

MAISON = {"systeme": "siret", "valeur": "90000059700014", "nom": "Maison Nord Solidarités de Lille"}
AGENCE = {"systeme": "siret", "valeur": "90000062100012", "nom": "Agence France Travail de Lille"}
MISSION = {"systeme": "siret", "valeur": "90000075300013", "nom": "Mission locale de Lille"}
PLATEFORME = {"systeme": "siret", "valeur": "90000083700014", "nom": "Plateforme mobilité de Lille"}

_CRITERES = {
    "situation_professionnelle": "plus-deux-ans",
    "niveau_etude": "nv4",
    "projet_pro": "salariat",
    "contrainte_sante": "impact-faible-recherche-emploi",
    "contrainte_logement": "aucune",
    "contrainte_mobilite": "aucun-moyen-de-transport",
    "contrainte_familiale": "aucune",
    "contrainte_financiere": "aucune",
    "contrainte_administrative_juridique": "aucune",
    "contrainte_francais_calcul": "aucune",
    "contrainte_numerique": "aucune",
}
_SANCTION = {"sanction_id": "s-1", "nature": "n65", "rang": "r1", "type": "susp-rsa", "modalite": "pourcentage"} | {
    "montant": 30,
    "duree_mois": 1,
}
_MANQUEMENT = {"manquement_id": "m-1", "nature": "n65", "rang": "r1", "faits": "Deux absences."}
_REORIENTATION = {"motif": "Des freins demeurent.", "parcours_type_propose": "social"} | {
    "accord_referent": True,
    "accord_personne": True,
    "urgence": False,
}
_ACCORD = {"decision": "acceptee", "motif": "Accord de tous."}


def _signale(personne: Personne, *identifiants: Mapping[str, str], **plus: Any) -> dict[str, Any]:
    data = {"identite": personne.identite, "identifiants": list(identifiants), "brsa": True}
    return data | {"origine": "inscription-auto-caf"} | plus


def _nir(personne: Personne) -> dict[str, str]:
    return {"type": "nir", "valeur": personne.nir}


def _local(personne: Personne) -> dict[str, str]:
    return {"type": "local", "valeur": f"dossier-{personne.rang}"}


def _decision(organisme: str, structure: Mapping[str, str], rang: int, le: int, **plus: Any) -> dict[str, Any]:
    parcours_type = "social" if organisme == "departement" else "emploi"
    ou = {"parcours_type": parcours_type, "organisme": organisme, "structure": structure, "rang": rang}
    return ou | {"date_decision": jour(le), "date_debut": jour(le)} | plus


def _decide(organisme: str, structure: Mapping[str, str], rang: int, le: int, **plus: Any) -> dict[str, Any]:
    return {"decision": "acceptee"} | _decision(organisme, structure, rang, le, **plus)


def _reoriente(le: int, debut: int) -> dict[str, Any]:
    nouvelle = _decision("departement", MAISON, 2, le, date_debut=jour(debut))
    return _ACCORD | {"nouvelle_decision": nouvelle}


def _agent(cle: str) -> dict[str, str]:
    return {"nom": "Delattre", "prenom": "Inès", "courriel": f"{cle}@exemple.example", "identifiant_agent": cle}


def _designe(cle: str, structure: Mapping[str, str], le: int) -> dict[str, Any]:
    return {"referent": _agent(cle), "structure": structure, "date_debut": jour(le)}


def _accompagnant(cle: str, structure: Mapping[str, str], le: int) -> dict[str, Any]:
    return {
        "accompagnant": _agent(cle),
        "structure": structure,
        "date_debut": jour(le),
        "role": "accompagnant",
    }


def _rdv(cle: str, le: int, statut: str = "planifie", **plus: str) -> dict[str, Any]:
    quoi = {"rdv_id": cle, "motif": "accompagnement", "duree_min": 30, "modalite": "telephone", "forme": "individuel"}
    return quoi | {"debut": f"{jour(le)}T09:00:00Z", "statut": statut} | plus


def _contrat(cle: str, le: int, duree_mois: int = 6) -> dict[str, Any]:
    engagement = {"id": "e-1", "theme": "mobilite", "libelle": "Passer le code", "heures_hebdo": 15}
    soins = {"id": "e-2", "theme": "sante", "libelle": "Faire un bilan de santé"}
    return {
        "contrat_id": cle,
        "date_debut": jour(le),
        "duree_mois": duree_mois,
        "engagements_usager": [engagement, soins],
        "engagements_organisme": [engagement | {"id": "o-1", "libelle": "Payer le code"}],
    }


def _signe(le: int, cle: str = "c-1") -> dict[str, Any]:
    return {"contrat_id": cle, "date_signature": jour(le), "signataires": ["usager", "referent"]}


def _etape(le: int, cle: str = "c-1") -> dict[str, Any]:
    return {"contrat_id": cle, "date": jour(le), "motif": "Selon la situation."}


def _objectif(cle: str, theme: str = "mobilite", statut: str = "en-cours") -> dict[str, str]:
    return {"objectif_id": cle, "theme": theme, "libelle": "Pouvoir se déplacer", "statut": statut}


def _action(cle: str, objectif: str, statut: str = "prevue") -> dict[str, str]:
    return {"action_id": cle, "objectif_id": objectif, "libelle": "S'inscrire", "echeance": jour(30), "statut": statut}


def _droits(etat: str, le: int, **plus: str) -> dict[str, Any]:
    return {"etat_dossier": etat, "soumis_droits_devoirs": True, "date_effet": jour(le)} | plus


def _le(fait: str, ecart: int, **plus: Any) -> dict[str, Any]:
    return {fait: jour(ecart)} | plus


def _suite(sur: str, *faits: str) -> tuple[tuple[str, str], ...]:
    return tuple((fait, sur) for fait in faits)


_DU_NORD = ((CD, TERRITOIRE), (FT, TERRITOIRE))


def messages(rang: int) -> Sequence[Etape]:
    """`rang` makes the persons: another one, and they are others."""
    p1, p2, p4 = _personnes(rang)
    return (*_entree(p1), *_premiere_annee(), *_seconde_annee(), *_deux_dossiers(p2), *_ailleurs(p4, p1), *_fin(p1))


def noms(rang: int) -> Mapping[str, str]:
    """What is proper to the persons of this rank, by a name that is not."""
    return {
        f"{quoi} de {place}": vrai
        for place, personne in enumerate(_personnes(rang))
        for quoi, vrai in {
            "nom": personne.nom,
            "nir": personne.nir,
            "matricule": personne.numero(7),
            "dossier": _local(personne)["valeur"],
        }.items()
    }


def _personnes(rang: int) -> Sequence[Personne]:
    return [Personne(rang + n, f"Fictive-{n}-{_lettres(rang)}", f"1971-01-1{n}") for n in (1, 2, 4)]


def _lettres(rang: int) -> str:
    return "".join("abcdefghij"[int(chiffre)] for chiffre in str(rang))


def _entree(p1: Personne) -> tuple[Etape, ...]:
    """Refused at the door, then taken; six weeks have passed long ago, so France Travail decides."""
    bonne = _signale(p1, _nir(p1), {"type": "matricule-caf", "valeur": p1.numero(7), "role": "demandeur"})
    fausse = _signale(p1, {"type": "nir", "valeur": p1.nir[:13] + f"{int(p1.nir[13:]) % 97 + 1:02}"})
    ancienne = bonne | _le("date_reception_droit", -720)
    emploi = _decide("france-travail", AGENCE, 1, -700)
    return (
        Etape(CAF, "usager.signale", "P1", fausse, refus="identifiant-invalide"),
        Etape(CAF, "usager.signale", "P1", bonne, refus="emetteur-inconnu", enveloppe={"source": "/partenaires/cd-59"}),
        Etape(CAF, "usager.signale", "P1", bonne, refus="hors-territoire", enveloppe={"departement": "75"}),
        Etape(CAF, "usager.signale", "P1", bonne, refus="finalite-interdite", enveloppe={"finalite": "offre"}),
        Etape(CAF, "usager.signale", "P1", bonne, refus="code-inconnu", enveloppe={"specversion": "2.0"}),
        Etape(CAF, "usager.invente", "P0", bonne, refus="code-inconnu"),
        Etape(
            CAF,
            "usager.signale",
            "P1",
            ancienne,
            _suite("P1", "parcours.ouvert", "orientation.demandee", "orientation.dessaisie"),
            (*_DU_NORD, (CAF, SIGNALANT)),
        ),
        Etape(CAF, "usager.signale", "P1", ancienne | {"brsa": False}, refus="schema-invalide"),
        Etape(CAF, "usager.signale", "P1", bonne, _suite("P1", "parcours.rattache")),
        Etape(
            CAF, "usager.signale", "P1", _signale(p1, _nir(p1)), refus="contenu-different", enveloppe={"id": "{n}006"}
        ),
        Etape(ML, "orientation.demandee", "P1", _le("date_reception", -720), refus="parcours-inconnu"),
        Etape(CAF, "parcours.clos", "P1", _le("date_fin", -1, motif="Essai."), refus="non-autorise"),
        Etape(CD, "orientation.demandee", "P1", _le("date_reception", -720), refus="deja-traite"),
        Etape(
            CD, "orientation.notifiee", "P1", _le("date_notification", -1), refus="orientation-prealable-obligatoire"
        ),
        Etape(CD, "referent.designe", "P1", _designe("n-1", MAISON, -1), refus="orientation-prealable-obligatoire"),
        Etape(CD, "diagnostic.realise", "P1", {"criteres": _CRITERES}, _suite("P1", "orientation.preconisee")),
        Etape(CD, "orientation.decidee", "P1", _decide("departement", MAISON, 1, -700), refus="delai-depasse"),
        Etape(FT, "orientation.decidee", "P1", emploi | {"decision": "refusee"}, refus="motif-obligatoire"),
        Etape(FT, "orientation.decidee", "P1", emploi | _le("date_decision", 1), refus="dates-incoherentes"),
        Etape(FT, "orientation.decidee", "P1", emploi | {"rang": 2}, refus="orientation-prealable-obligatoire"),
        Etape(FT, "orientation.decidee", "P1", emploi, entre=((FT, ORIENTE),)),
        Etape(FT, "orientation.decidee", "P1", emploi, refus="version-perimee"),
    )


def _premiere_annee() -> tuple[Etape, ...]:
    """Followed by France Travail: référent, contract, appointments, roadmap, a sanction; some of it told late."""
    return (
        Etape(FT, "orientation.notifiee", "P1", _le("date_notification", -699), _suite("P1", "engagement.retard")),
        Etape(FT, "orientation.notifiee", "P1", _le("date_notification", -699), refus="deja-traite"),
        Etape(FT, "referent.accepte", "P1", {}, refus="non-autorise"),
        Etape(CD, "referent.designe", "P1", _designe("n-1", MAISON, -690), refus="referent-incoherent"),
        Etape(CD, "referent.designe", "P1", _designe("f-1", AGENCE, -690), entre=((FT, REFERENT),)),
        Etape(CD, "referent.designe", "P1", _designe("f-2", AGENCE, -690), refus="etat-interdit"),
        Etape(FT, "contrat.signe", "P1", _signe(-680), refus="etat-interdit"),
        Etape(FT, "contrat.propose", "P1", _contrat("c-1", -690)),
        Etape(FT, "contrat.propose", "P1", _contrat("c-1", -690), refus="deja-traite"),
        Etape(FT, "contrat.signe", "P1", _signe(-680), refus="referent-obligatoire"),
        Etape(FT, "referent.accepte", "P1", {}),
        Etape(FT, "referent.accepte", "P1", {}, refus="deja-traite"),
        Etape(FT, "referent.decline", "P1", {"motif": "Trop tard."}, refus="etat-interdit"),
        Etape(FT, "contrat.signe", "P1", _signe(-680)),
        Etape(FT, "contrat.signe", "P1", _signe(-680), refus="deja-traite"),
        Etape(CD, "accompagnant.ajoute", "P1", _accompagnant("m-1", PLATEFORME, -675), entre=((ASSO, ACCOMPAGNANT),)),
        Etape(CD, "accompagnant.ajoute", "P1", _accompagnant("m-1", PLATEFORME, -675), refus="deja-traite"),
        Etape(
            CD,
            "accompagnant.retire",
            "P1",
            {"identifiant_agent": "m-9", "structure": PLATEFORME} | _le("date_fin", -1),
            refus="referent-inconnu",
        ),
        Etape(
            ASSO, "contrat.bilan", "P1", _le("date", -500, contrat_id="c-1", points=["x"]), refus="finalite-interdite"
        ),
        Etape(ASSO, "rdv.constate", "P1", _rdv("rdv-1", -670, "honore"), refus="etat-interdit"),
        Etape(ASSO, "rdv.planifie", "P1", _rdv("rdv-1", -670)),
        Etape(ASSO, "rdv.planifie", "P1", _rdv("rdv-1", -670), refus="deja-traite"),
        Etape(ASSO, "rdv.constate", "P1", _rdv("rdv-1", -670, "honore")),
        Etape(ASSO, "rdv.planifie", "P1", _rdv("rdv-2", 10)),
        Etape(ASSO, "rdv.constate", "P1", _rdv("rdv-2", 10, "honore"), refus="dates-incoherentes"),
        Etape(ASSO, "rdv.modifie", "P1", _rdv("rdv-2", 12)),
        Etape(ASSO, "rdv.annule", "P1", _rdv("rdv-2", 12, "annule"), refus="schema-invalide"),
        Etape(ASSO, "rdv.annule", "P1", _rdv("rdv-2", 12, "annule", annule_par="usager")),
        Etape(ASSO, "rdv.annule", "P1", _rdv("rdv-2", 12, "annule", annule_par="usager"), refus="deja-traite"),
        Etape(ASSO, "action.ajoutee", "P1", _action("a-1", "o-1"), refus="etat-interdit"),
        Etape(ASSO, "objectif.ajoute", "P1", _objectif("o-1")),
        Etape(ASSO, "action.ajoutee", "P1", _action("a-1", "o-1")),
        Etape(FT, "objectif.ajoute", "P1", _objectif("o-2", "sante")),
        Etape(FT, "action.ajoutee", "P1", _action("a-2", "o-2"), dit={"sensibilite": "sante"}),
        Etape(CAF, "droits.modifies", "P1", _droits("2", -640)),
        Etape(CAF, "droits.modifies", "P1", _droits("2", -660), enveloppe={"time": f"{jour(-655)}T08:00:00Z"}),
        Etape(CAF, "droits.modifies", "P1", _droits("4", -600), refus="motif-obligatoire"),
        Etape(CAF, "droits.modifies", "P1", _droits("4", -600, motif_suspension="31")),
        Etape(ASSO, "observation.ajoutee", "P1", {"texte": "Vient toujours.", "sensibilite": "courante"}),
        Etape(FT, "observation.ajoutee", "P1", {"texte": "A été opérée.", "sensibilite": "sante"}),
        Etape(FT, "contrat.bilan", "P1", _le("date", -500, contrat_id="c-1", points=["Le code est acquis."])),
        Etape(FT, "manquement.signale", "P1", _MANQUEMENT | _le("date_constat", -410)),
        Etape(FT, "manquement.signale", "P1", _MANQUEMENT | _le("date_constat", -410), refus="deja-traite"),
        Etape(CD, "sanction.proposee", "P1", _SANCTION | _le("date_proposition", -400), refus="non-autorise"),
        Etape(FT, "sanction.proposee", "P1", _SANCTION | _le("date_proposition", -400)),
        Etape(
            CD,
            "sanction.levee",
            "P1",
            _le("date_effet", -380, sanction_id="s-1", motif="Reprise."),
            refus="etat-interdit",
        ),
        Etape(
            CD,
            "sanction.decidee",
            "P1",
            _SANCTION | _le("date_notification", -390),
            entre=((CAF, EMETTEUR),),
        ),
        Etape(CD, "sanction.levee", "P1", _le("date_effet", -380, sanction_id="s-1", motif="Reprise.")),
    )


def _seconde_annee() -> tuple[Etape, ...]:
    """A réorientation: the département follows her, the contract is signed again, changed, refused, signed."""
    return (
        Etape(CD, "reorientation.decidee", "P1", _reoriente(-370, -365), refus="etat-interdit"),
        Etape(FT, "reorientation.demandee", "P1", _REORIENTATION),
        Etape(CD, "reorientation.demandee", "P1", _REORIENTATION, refus="deja-traite"),
        Etape(CD, "reorientation.decidee", "P1", {"decision": "maintenue"}, refus="motif-obligatoire"),
        Etape(CD, "reorientation.decidee", "P1", _reoriente(-370, -705), refus="dates-incoherentes"),
        Etape(CD, "reorientation.decidee", "P1", _reoriente(-370, -697), refus="chevauchement"),
        Etape(
            CD,
            "reorientation.decidee",
            "P1",
            _reoriente(-370, -365),
            _suite("P1", "orientation.decidee", "referent.termine", "contrat.a-resigner", "reexamen.du"),
            ((CD, ORIENTE),),
            ((FT, ORIENTE), (FT, REFERENT)),
        ),
        Etape(FT, "referent.termine", "P1", _le("date_fin", -366, motif="Fin."), refus="non-autorise"),
        Etape(CD, "orientation.notifiee", "P1", _le("date_notification", -364), _suite("P1", "engagement.retard")),
        Etape(CD, "referent.designe", "P1", _designe("n-1", MAISON, -360), entre=((CD, REFERENT),)),
        Etape(CD, "referent.accepte", "P1", {}),
        Etape(CD, "contrat.signe", "P1", _signe(-355)),
        Etape(CD, "contrat.propose", "P1", _contrat(f"obj_{'a' * 26}", -690), refus="identifiant-invalide"),
        Etape(CD, "contrat.propose", "P1", _contrat("c-1", -690, 24), _suite("P1", "contrat.a-resigner")),
        Etape(CD, "contrat.refuse", "P1", _le("date_refus", -350, contrat_id="c-1")),
        Etape(CD, "contrat.refuse", "P1", _le("date_refus", -350, contrat_id="c-1"), refus="deja-traite"),
        Etape(CD, "contrat.signe", "P1", _signe(-340)),
        Etape(FT, "contrat.suspendu", "P1", _etape(-330)),
        Etape(FT, "contrat.suspendu", "P1", _etape(-330), refus="deja-traite"),
        Etape(CD, "contrat.repris", "P1", _etape(-320)),
        Etape(CD, "contrat.repris", "P1", _etape(-320), refus="etat-interdit"),
        Etape(FT, "contrat.suspendu", "P1", _etape(-325), refus="dates-incoherentes"),
        Etape(
            CD,
            "referent.remplace",
            "P1",
            _le("date_fin", -300, motif="Congé.", nouveau=_designe("n-2", MAISON, -300)),
            refus="dates-incoherentes",
        ),
        Etape(
            CD,
            "referent.remplace",
            "P1",
            _le("date_fin", -300, motif="Congé.", nouveau=_designe("n-2", MAISON, -299)),
        ),
        Etape(
            CD, "objectif.modifie", "P1", _objectif("o-1"), refus="version-perimee", enveloppe={"versionattendue": 1}
        ),
        Etape(CD, "objectif.modifie", "P1", _objectif("o-1")),
        Etape(CD, "objectif.clos", "P1", _objectif("o-1", statut="atteint")),
        Etape(CD, "objectif.modifie", "P1", _objectif("o-1"), refus="etat-interdit"),
        Etape(ASSO, "action.realisee", "P1", _action("a-1", "o-1", "realisee")),
        Etape(ASSO, "action.realisee", "P1", _action("a-1", "o-1", "realisee"), refus="deja-traite"),
    )


def _deux_dossiers(p2: Personne) -> tuple[Etape, ...]:
    """Told by the Caf, then by the mission locale under the same name and no common number: ambiguous, recognised."""
    par_la_mission = _signale(p2, _local(p2), brsa=False, origine="inscription-auto-milo")
    mission = _decide("mission-locale", MISSION, 1, -5)
    retrait = {"identifiant_agent": "m-1", "structure": PLATEFORME} | _le("date_fin", -1)
    return (
        Etape(
            CAF,
            "usager.signale",
            "P2",
            _signale(p2, _nir(p2)) | _le("date_reception_droit", -10),
            _suite("P2", "parcours.ouvert", "orientation.demandee"),
            (*_DU_NORD, (CAF, SIGNALANT)),
        ),
        Etape(
            ML,
            "usager.signale",
            "P3",
            par_la_mission,
            _suite("P3", "usager.ambigu"),
            (*_DU_NORD, (ML, SIGNALANT)),
        ),
        Etape(FT, "usager.corrige", "P3", {"coordonnees": {"telephone": "0320000000"}}, refus="usager-ambigu"),
        Etape(FT, "usager.fusionne", "P2", {"conserve": "{P2}", "absorbes": ["{P3}"]}, refus="usager-ambigu"),
        Etape(CD, "usager.rapproche", "P3", {"decision": "meme-personne"}, refus="schema-invalide"),
        Etape(CD, "usager.rapproche", "P3", {"decision": "meme-personne", "parcours": "{P1}"}, refus="etat-interdit"),
        Etape(
            CD,
            "usager.rapproche",
            "P3",
            {"decision": "meme-personne", "parcours": "{P2}"},
            _suite("P2", "usager.fusionne", "parcours.rattache"),
            ((ML, EMETTEUR),),
            vers="P2",
        ),
        Etape(
            ML,
            "usager.corrige",
            "P2",
            {"coordonnees": {"telephone": "0320000000"}},
            enveloppe={"subject": "{P3}"},
        ),
        Etape(CD, "usager.fusionne", "P2", {"conserve": "{P2}", "absorbes": ["{P1}"]}, refus="etat-interdit"),
        Etape(CD, "orientation.decidee", "P2", mission, entre=((ML, ORIENTE),)),
        Etape(ML, "orientation.decidee", "P2", mission, refus="non-autorise"),
        Etape(CD, "orientation.decidee", "P2", mission | {"rang": 2} | _le("date_debut", -3), refus="chevauchement"),
        Etape(ML, "orientation.notifiee", "P2", _le("date_notification", -4)),
        Etape(ML, "referent.designe", "P2", _designe("l-1", MISSION, -4), entre=((ML, REFERENT),)),
        Etape(ML, "referent.decline", "P2", {"motif": "Portefeuille complet."}, sort=((ML, REFERENT),)),
        Etape(ML, "referent.designe", "P2", _designe("l-2", MISSION, -3), entre=((ML, REFERENT),)),
        Etape(ML, "referent.accepte", "P2", {"motif": "Accord."}),
        Etape(ML, "contrat.propose", "P2", _contrat("c-1", -3)),
        Etape(ML, "contrat.signe", "P2", _signe(-2)),
        Etape(ML, "accompagnant.ajoute", "P2", _accompagnant("m-1", PLATEFORME, -2), entre=((ASSO, ACCOMPAGNANT),)),
        Etape(ML, "accompagnant.retire", "P2", retrait, sort=((ASSO, ACCOMPAGNANT),)),
        Etape(ASSO, "observation.ajoutee", "P2", {"texte": "x", "sensibilite": "courante"}, refus="parcours-inconnu"),
    )


def _ailleurs(p4: Personne, p1: Personne) -> tuple[Etape, ...]:
    """She moves to another département, which is no partner: the one that she leaves keeps the parcours."""
    return (
        Etape(
            CD,
            "usager.signale",
            "P4",
            _signale(p4, _local(p4), brsa=False, origine="inscription-conseiller-cd"),
            _suite("P4", "parcours.ouvert"),
            (*_DU_NORD, (CD, EMETTEUR)),
        ),
        Etape(CD, "usager.corrige", "P4", {"identifiants": [_nir(p1)]}, refus="usager-ambigu"),
        Etape(CD, "usager.corrige", "P4", {"identifiants": [_nir(p4)]}),
        Etape(CD, "parcours.transfere", "P4", _le("date_effet", -1, departement_nouveau="59"), refus="deja-traite"),
        Etape(
            CD,
            "parcours.transfere",
            "P4",
            _le("date_effet", -1, departement_nouveau="62"),
        ),
    )


def _fin(p1: Personne) -> tuple[Etape, ...]:
    """The end of the first parcours, and what may still be told of it."""
    return (
        Etape(CD, "parcours.clos", "P1", _le("date_fin", 1, motif="Emploi."), refus="dates-incoherentes"),
        Etape(CD, "contrat.clos", "P1", _etape(-3)),
        Etape(CD, "contrat.clos", "P1", _etape(-3), refus="deja-traite"),
        Etape(
            CD,
            "orientation.close",
            "P1",
            _le("date_fin", -2, motif="Emploi."),
            _suite("P1", "referent.termine"),
            sort=((CD, ORIENTE), (CD, REFERENT)),
        ),
        Etape(CD, "parcours.clos", "P1", _le("date_fin", -1, motif="Emploi.")),
        Etape(CD, "parcours.clos", "P1", _le("date_fin", -1, motif="Emploi."), refus="etat-interdit"),
        Etape(ASSO, "rdv.constate", "P1", _rdv("rdv-1", -670, "non-honore")),
        Etape(ASSO, "rdv.planifie", "P1", _rdv("rdv-3", 5), refus="etat-interdit"),
    )
