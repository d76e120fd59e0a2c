"""The vocabulary in which a message is declared. The declarations stand below their models, in `v1`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from inspect import cleandoc
from types import MappingProxyType

from relais_contrats.briques import Brique
from relais_contrats.codes.acteurs import TypeOrganisme
from relais_contrats.enveloppe import PREFIXE_TYPE, SUFFIXE_TYPE
from relais_contrats.finalites import finalites_du_message
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees

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
    finalites: frozenset[str]
    """The purposes that it serves: one of them must be in force in the convention of who sends or receives it."""
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
    def groupe_ecrit(self) -> Groupe:
        """The group that it writes in the parcours: who may not see it may not write it either."""
        return _GROUPES_ECRITS.get(self.nom) or self.modele.groupe or Groupe.COMMUN

    @property
    def se_depose(self) -> bool:
        """Whether a partner may deposit it; otherwise only the hub writes it."""
        return bool(self.roles_emetteurs or self.emetteurs - {HUB})


def message(
    nom: str,
    brique: Brique,
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
        brique.nom,
        modele,
        titre,
        frozenset(map(str, emetteurs)),
        frozenset(roles),
        frozenset(map(str, recepteurs)),
        frozenset(map(str, finalites_du_message(nom, brique))),
        ouvre,
        sujet,
    )


SIGNALEURS = (CAF, MSA, CD, FT, ML, CE)
TOUS = (PARTICIPANTS,)

DU_REFERENT = (STRUCTURE_REFERENT,)
DU_SUIVI = (STRUCTURE_REFERENT, ACCOMPAGNANT)
PUBLIEURS = (OFFRE, ASSO, SIAE, DCD, CD)
REPONSE = (EMETTEUR_PRESCRIPTION, STRUCTURE_REFERENT)
ECHEANCE_PRESCRIPTION = (EMETTEUR_PRESCRIPTION, STRUCTURE_REFERENT, STRUCTURE_SERVICE)


# Where the group of the data does not say what the message does in the parcours.
_GROUPES_ECRITS: Mapping[str, Groupe] = MappingProxyType(
    {
        # A request: the payer of the RSA makes it, and reads nothing of what follows.
        "orientation.demandee": Groupe.COMMUN,
        # Whatever its parts: only those who see all of them may send it.
        "reprise.declaree": Groupe.ORIENTATION,
        # It lets a structure into the parcours, as an accompagnant does.
        "prescription.emise": Groupe.ORIENTATION,
        # Who follows the person reports to the département, which alone decides and tells.
        "manquement.signale": Groupe.ORIENTATION,
        "sanction.proposee": Groupe.ORIENTATION,
        # Whoever follows the person may note something, even where diagnostics stay closed to it.
        "observation.ajoutee": Groupe.ORIENTATION,
    }
)
