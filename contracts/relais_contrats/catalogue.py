"""The table of all messages: who emits, who receives, which brique owns the fact, which model describes its data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from inspect import cleandoc
from types import MappingProxyType

from relais_contrats.codes.acteurs import TypeOrganisme
from relais_contrats.enveloppe import PREFIXE_TYPE, SUFFIXE_TYPE
from relais_contrats.modele import Donnees
from relais_contrats.v1 import engagements as e
from relais_contrats.v1 import feuille_de_route as f
from relais_contrats.v1 import offres as s
from relais_contrats.v1 import orientation as o
from relais_contrats.v1 import passerelle as p
from relais_contrats.v1 import referents as r
from relais_contrats.v1 import usagers as u

HUB = "hub"
"""Pseudo-emitter: the fact is produced by a service."""

CD, DCD, FT = TypeOrganisme.DEPARTEMENT, TypeOrganisme.DELEGATAIRE, TypeOrganisme.FRANCE_TRAVAIL
ML, CE = TypeOrganisme.MISSION_LOCALE, TypeOrganisme.CAP_EMPLOI
CAF, MSA = TypeOrganisme.CAF, TypeOrganisme.MSA
ASSO, SIAE, OFFRE = TypeOrganisme.ASSOCIATION, TypeOrganisme.SIAE, TypeOrganisme.PLATEFORME_OFFRE

PARTICIPANTS = "participants"
EMETTEUR = "emetteur"
ENTRANT = "entrant"
STRUCTURE_ORIENTATION = "structure-orientation"
STRUCTURE_REFERENT = "structure-referent"
ACCOMPAGNANT = "accompagnant"
PARTICIPANT = "participant"
STRUCTURE_SERVICE = "structure-service"
EMETTEUR_PRESCRIPTION = "emetteur-prescription"
ABONNES_TERRITOIRE = "abonnes-territoire"
TITULAIRE = "titulaire"

ROLES: Mapping[str, str] = MappingProxyType(
    {
        PARTICIPANTS: "tous ceux qui participent au parcours",
        EMETTEUR: "l'émetteur du message d'origine",
        ENTRANT: "le partenaire qui entre dans le parcours",
        STRUCTURE_ORIENTATION: "la structure de l'orientation ouverte",
        STRUCTURE_REFERENT: "la structure du référent unique",
        ACCOMPAGNANT: "un accompagnant du parcours",
        PARTICIPANT: "un participant au parcours, quel qu'il soit",
        STRUCTURE_SERVICE: "la structure du service prescrit",
        EMETTEUR_PRESCRIPTION: "celui qui a émis la prescription",
        ABONNES_TERRITOIRE: "les abonnés à l'offre du territoire",
        TITULAIRE: "le partenaire concerné, et lui seul",
    }
)
"""Roles that a partner holds on one parcours, besides its nature."""


@dataclass(frozen=True, slots=True)
class TypeMessage:
    """One message of the catalogue.

    A partner may emit it when its type is in `emetteurs`, or when it holds one of `roles_emetteurs` on this parcours.
    `recepteurs` mixes types of organisation and roles; a type receives only when it participates in the parcours.
    """

    nom: str
    brique: str
    modele: type[Donnees]
    titre: str
    emetteurs: frozenset[str]
    roles_emetteurs: frozenset[str]
    recepteurs: frozenset[str]
    ouvre_parcours: bool = False
    porte_sur_parcours: bool = True
    """Whether `subject` is required; False for what opens a parcours and for the offer, where it is refused."""

    @property
    def type_cloudevents(self) -> str:
        return f"{PREFIXE_TYPE}{self.nom}{SUFFIXE_TYPE}"

    @property
    def description(self) -> str:
        return cleandoc(self.modele.__doc__ or "").replace("\n", " ")

    @property
    def se_depose(self) -> bool:
        """Whether a partner may deposit it; otherwise only the hub writes it."""
        return bool(self.roles_emetteurs or self.emetteurs - {HUB})


def _m(
    nom: str,
    brique: str,
    modele: type[Donnees],
    titre: str,
    emetteurs: Iterable[str],
    recepteurs: Iterable[str],
    roles: Iterable[str] = (),
    *,
    ouvre: bool = False,
    sujet: bool = True,
) -> TypeMessage:
    return TypeMessage(
        nom,
        brique,
        modele,
        titre,
        frozenset(map(str, emetteurs)),
        frozenset(roles),
        frozenset(map(str, recepteurs)),
        ouvre,
        sujet,
    )


_SIGNALEURS = (CAF, MSA, CD, FT, ML, CE)
_TOUS = (PARTICIPANTS,)

_USAGERS = "usagers"
_ORIENTATION = "orientation"
_REFERENTS = "referents"
_ENGAGEMENTS = "engagements"
_OFFRES = "offres"
_FEUILLE = "feuille_de_route"
PASSERELLE = "passerelle"
"""Not a brique: what the gateway itself tells a partner. It does not travel on the bus."""

_REFERENT = (STRUCTURE_REFERENT,)
_SUIVI = (STRUCTURE_REFERENT, ACCOMPAGNANT)
_PUBLIEURS = (OFFRE, ASSO, SIAE, DCD, CD)
_REPONSE = (EMETTEUR_PRESCRIPTION, STRUCTURE_REFERENT)
_ECHEANCE_PRESCRIPTION = (EMETTEUR_PRESCRIPTION, STRUCTURE_REFERENT, STRUCTURE_SERVICE)

_TABLE = (
    _m("usager.signale", _USAGERS, u.UsagerSignale, "Usager signalé", _SIGNALEURS, (CD, FT), ouvre=True, sujet=False),
    _m("usager.corrige", _USAGERS, u.UsagerCorrige, "Usager corrigé", _SIGNALEURS, (CD, FT)),
    _m("parcours.ouvert", _USAGERS, u.ParcoursOuvert, "Parcours ouvert", (HUB,), (EMETTEUR, CD)),
    _m("parcours.rattache", _USAGERS, u.ParcoursRattache, "Parcours rattaché", (HUB,), (EMETTEUR, CD)),
    _m("parcours.partage", _USAGERS, u.ParcoursPartage, "Parcours partagé", (HUB,), (ENTRANT,)),
    _m("usager.ambigu", _USAGERS, u.UsagerAmbigu, "Usager ambigu", (HUB,), (EMETTEUR, CD)),
    _m("usager.rapproche", _USAGERS, u.UsagerRapproche, "Usager rapproché", (CD, FT), (EMETTEUR, CD, FT)),
    _m("usager.fusionne", _USAGERS, u.UsagerFusionne, "Usagers fusionnés", (CD, FT), _TOUS),
    _m("droits.modifies", _USAGERS, u.DroitsModifies, "Droits modifiés", (CAF, MSA, CD), (CD, FT)),
    _m("parcours.transfere", _USAGERS, u.ParcoursTransfere, "Parcours transféré", (CD,), _TOUS),
    _m("parcours.clos", _USAGERS, u.ParcoursClos, "Parcours clos", (CD, FT), _TOUS),
    _m("usager.oppose", _USAGERS, u.UsagerOppose, "Opposition au partage", (CD,), _TOUS),
    _m("usager.efface", _USAGERS, u.UsagerEfface, "Usager effacé", (CD,), _TOUS),
    _m(
        "orientation.demandee",
        _ORIENTATION,
        o.OrientationDemandee,
        "Orientation demandée",
        (CD, CAF, MSA, FT, ML),
        _TOUS,
    ),
    _m("diagnostic.realise", _ORIENTATION, o.DiagnosticRealise, "Diagnostic réalisé", (CD, DCD, FT, ML, CE), _TOUS),
    _m("orientation.preconisee", _ORIENTATION, o.OrientationPreconisee, "Orientation préconisée", (FT, CD, HUB), _TOUS),
    _m("orientation.decidee", _ORIENTATION, o.OrientationDecidee, "Orientation décidée", (CD, FT, ML, CE), _TOUS),
    _m(
        "orientation.notifiee",
        _ORIENTATION,
        o.OrientationNotifiee,
        "Orientation notifiée",
        (CD, FT),
        _TOUS,
        (STRUCTURE_ORIENTATION,),
    ),
    _m("orientation.dessaisie", _ORIENTATION, o.OrientationDessaisie, "Département dessaisi", (HUB,), (CD, FT)),
    _m(
        "reorientation.demandee",
        _ORIENTATION,
        o.ReorientationDemandee,
        "Réorientation demandée",
        (CD, FT),
        _TOUS,
        (STRUCTURE_REFERENT,),
    ),
    _m("reorientation.decidee", _ORIENTATION, o.ReorientationDecidee, "Réorientation décidée", (CD, FT), _TOUS),
    _m(
        "orientation.close",
        _ORIENTATION,
        o.OrientationClose,
        "Orientation close",
        (CD, FT, HUB),
        _TOUS,
        (STRUCTURE_ORIENTATION,),
    ),
    _m("referent.designe", _REFERENTS, r.ReferentDesigne, "Référent désigné", (CD,), _TOUS, (STRUCTURE_ORIENTATION,)),
    _m("referent.accepte", _REFERENTS, r.ReferentAccepte, "Référent accepté", (), _TOUS, _REFERENT),
    _m("referent.decline", _REFERENTS, r.ReferentDecline, "Référent décliné", (), _TOUS, _REFERENT),
    _m(
        "referent.remplace",
        _REFERENTS,
        r.ReferentRemplace,
        "Référent remplacé",
        (CD,),
        _TOUS,
        (STRUCTURE_REFERENT, STRUCTURE_ORIENTATION),
    ),
    _m(
        "referent.termine",
        _REFERENTS,
        r.ReferentTermine,
        "Suivi du référent terminé",
        (CD, HUB),
        _TOUS,
        (STRUCTURE_REFERENT, STRUCTURE_ORIENTATION),
    ),
    _m("accompagnant.ajoute", _REFERENTS, r.AccompagnantAjoute, "Accompagnant ajouté", (), _TOUS, (PARTICIPANT,)),
    _m("accompagnant.retire", _REFERENTS, r.AccompagnantRetire, "Accompagnant retiré", (), _TOUS, (PARTICIPANT,)),
    _m("rdv.planifie", _REFERENTS, r.RdvPlanifie, "Rendez-vous planifié", (), _TOUS, (PARTICIPANT,)),
    _m("rdv.modifie", _REFERENTS, r.RdvModifie, "Rendez-vous modifié", (), _TOUS, (PARTICIPANT,)),
    _m("rdv.annule", _REFERENTS, r.RdvAnnule, "Rendez-vous annulé", (), _TOUS, (PARTICIPANT,)),
    _m("rdv.constate", _REFERENTS, r.RdvConstate, "Rendez-vous constaté", (), _TOUS, (PARTICIPANT,)),
    _m("contrat.propose", _ENGAGEMENTS, e.ContratPropose, "Contrat proposé", (CD, FT), _TOUS, _REFERENT),
    _m("contrat.signe", _ENGAGEMENTS, e.ContratSigne, "Contrat signé", (CD, FT), _TOUS, _REFERENT),
    _m("contrat.refuse", _ENGAGEMENTS, e.ContratRefuse, "Contrat refusé", (CD, FT), _TOUS, _REFERENT),
    _m("contrat.suspendu", _ENGAGEMENTS, e.ContratSuspendu, "Contrat suspendu", (CD, FT), _TOUS),
    _m("contrat.repris", _ENGAGEMENTS, e.ContratRepris, "Contrat repris", (CD, FT), _TOUS),
    _m("contrat.clos", _ENGAGEMENTS, e.ContratClos, "Contrat clos", (CD, FT, HUB), _TOUS),
    _m("contrat.a-resigner", _ENGAGEMENTS, e.ContratAResigner, "Contrat à signer de nouveau", (HUB,), _TOUS),
    _m("contrat.bilan", _ENGAGEMENTS, e.ContratBilan, "Bilan du contrat", (), _TOUS, _REFERENT),
    _m(
        "engagement.retard",
        _ENGAGEMENTS,
        e.EngagementRetard,
        "Contrat en retard",
        (HUB,),
        (CD, STRUCTURE_REFERENT, STRUCTURE_ORIENTATION),
    ),
    _m(
        "reexamen.du",
        _ENGAGEMENTS,
        e.ReexamenDu,
        "Réexamen dû",
        (HUB,),
        (CD, STRUCTURE_REFERENT, STRUCTURE_ORIENTATION),
    ),
    _m("manquement.signale", _ENGAGEMENTS, e.ManquementSignale, "Manquement signalé", (), (CD,), _REFERENT),
    _m("sanction.proposee", _ENGAGEMENTS, e.SanctionProposee, "Sanction proposée", (FT,), (CD,), _REFERENT),
    _m("sanction.decidee", _ENGAGEMENTS, e.SanctionDecidee, "Sanction décidée", (CD,), (CAF, MSA, FT)),
    _m("sanction.levee", _ENGAGEMENTS, e.SanctionLevee, "Sanction levée", (CD,), (CAF, MSA, FT)),
    _m(
        "structure.publiee",
        _OFFRES,
        s.StructurePubliee,
        "Structure publiée",
        _PUBLIEURS,
        (ABONNES_TERRITOIRE,),
        sujet=False,
    ),
    _m("service.publie", _OFFRES, s.ServicePublie, "Service publié", _PUBLIEURS, (ABONNES_TERRITOIRE,), sujet=False),
    _m(
        "structure.retiree",
        _OFFRES,
        s.StructureRetiree,
        "Structure retirée",
        _PUBLIEURS,
        (ABONNES_TERRITOIRE,),
        sujet=False,
    ),
    _m("service.retire", _OFFRES, s.ServiceRetire, "Service retiré", _PUBLIEURS, (ABONNES_TERRITOIRE,), sujet=False),
    _m(
        "prescription.emise",
        _OFFRES,
        s.PrescriptionEmise,
        "Prescription émise",
        (),
        (STRUCTURE_SERVICE, STRUCTURE_REFERENT),
        (STRUCTURE_REFERENT, PARTICIPANT),
    ),
    _m(
        "prescription.mise-a-l-etude",
        _OFFRES,
        s.PrescriptionMiseALEtude,
        "Prescription mise à l'étude",
        (),
        _REPONSE,
        (STRUCTURE_SERVICE,),
    ),
    _m(
        "prescription.acceptee",
        _OFFRES,
        s.PrescriptionAcceptee,
        "Prescription acceptée",
        (),
        _REPONSE,
        (STRUCTURE_SERVICE,),
    ),
    _m(
        "prescription.refusee",
        _OFFRES,
        s.PrescriptionRefusee,
        "Prescription refusée",
        (),
        _REPONSE,
        (STRUCTURE_SERVICE,),
    ),
    _m(
        "prescription.annulee",
        _OFFRES,
        s.PrescriptionAnnulee,
        "Prescription annulée",
        (),
        (STRUCTURE_SERVICE, STRUCTURE_REFERENT),
        (EMETTEUR_PRESCRIPTION,),
    ),
    _m(
        "prescription.relancee",
        _OFFRES,
        s.PrescriptionRelancee,
        "Prescription relancée",
        (HUB,),
        _ECHEANCE_PRESCRIPTION,
    ),
    _m("prescription.expiree", _OFFRES, s.PrescriptionExpiree, "Prescription expirée", (HUB,), _ECHEANCE_PRESCRIPTION),
    _m(
        "participation.commencee",
        _OFFRES,
        s.ParticipationCommencee,
        "Participation commencée",
        (),
        _REPONSE,
        (STRUCTURE_SERVICE,),
    ),
    _m(
        "participation.terminee",
        _OFFRES,
        s.ParticipationTerminee,
        "Participation terminée",
        (),
        _REPONSE,
        (STRUCTURE_SERVICE,),
    ),
    _m("objectif.ajoute", _FEUILLE, f.ObjectifAjoute, "Objectif ajouté", (), _TOUS, _SUIVI),
    _m("objectif.modifie", _FEUILLE, f.ObjectifModifie, "Objectif modifié", (), _TOUS, _SUIVI),
    _m("objectif.clos", _FEUILLE, f.ObjectifClos, "Objectif clos", (), _TOUS, _SUIVI),
    _m("action.ajoutee", _FEUILLE, f.ActionAjoutee, "Action ajoutée", (), _TOUS, _SUIVI),
    _m("action.modifiee", _FEUILLE, f.ActionModifiee, "Action modifiée", (), _TOUS, _SUIVI),
    _m("action.realisee", _FEUILLE, f.ActionRealisee, "Action réalisée", (), _TOUS, _SUIVI),
    _m("action.abandonnee", _FEUILLE, f.ActionAbandonnee, "Action abandonnée", (), _TOUS, _SUIVI),
    _m("observation.ajoutee", _FEUILLE, f.ObservationAjoutee, "Observation ajoutée", (), _TOUS, (PARTICIPANT,)),
    _m(
        "abonnement.suspendu",
        PASSERELLE,
        p.AbonnementSuspendu,
        "Abonnement suspendu",
        (HUB,),
        (TITULAIRE,),
        sujet=False,
    ),
)

CATALOGUE: Mapping[str, TypeMessage] = MappingProxyType({t.nom: t for t in _TABLE})
"""Every message of v1, by its short type."""

_PAR_TYPE = {t.type_cloudevents: t for t in _TABLE}


def par_type_cloudevents(type_: str) -> TypeMessage | None:
    """The message of a CloudEvents `type` (`fr.insertion.usager.signale.v1`), or None when there is none."""
    return _PAR_TYPE.get(type_)
