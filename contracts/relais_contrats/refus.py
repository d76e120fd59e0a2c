"""Every refusal code: its HTTP status, its words for a human, whether to try again, and an example that passes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from relais_contrats.v1.delais import ORIENTATION


class CodeRefus(NamedTuple):
    """Un motif de refus tel que le partenaire le lit (RFC 9457)."""

    code: str
    statut: int
    titre: str
    explication: str
    conseil: str
    relancable: bool
    exemple: str
    """Name of a type whose published example passes: shows what would have been accepted."""


_TABLE = (
    CodeRefus(
        "schema-invalide",
        422,
        "Contenu non conforme au contrat",
        "Un champ ou un paramètre manque, est en trop, ou n'a pas la forme attendue.",
        "Corrigez ceux que désignent les pointeurs ; un message refusé se dépose sous un nouvel identifiant.",
        False,
        "usager.signale",
    ),
    CodeRefus(
        "emetteur-inconnu",
        403,
        "Émetteur inconnu",
        "L'émetteur n'est pas enregistré, est suspendu, ou `source` n'est pas le partenaire authentifié.",
        "Vérifiez `source` et le `client_id` ; sinon, contactez l'exploitant.",
        False,
        "usager.signale",
    ),
    CodeRefus(
        "non-autorise",
        403,
        "Opération non autorisée",
        "Votre organisme ne peut pas émettre ce type de message pour ce parcours.",
        "Vérifiez au catalogue qui peut émettre ce message, et la portée de votre jeton.",
        False,
        "orientation.decidee",
    ),
    CodeRefus(
        "hors-territoire",
        403,
        "Département hors de votre territoire",
        "Le département du message n'est pas de ceux pour lesquels vous êtes habilité.",
        "Vérifiez `departement` ; votre territoire est fixé par convention.",
        False,
        "usager.signale",
    ),
    CodeRefus(
        "finalite-interdite",
        403,
        "Finalité non conventionnée",
        "Aucune convention en cours ne vous ouvre cette finalité.",
        "Vérifiez `finalite` et la date de fin de votre convention.",
        False,
        "diagnostic.realise",
    ),
    CodeRefus(
        "parcours-inconnu",
        404,
        "Parcours inconnu",
        "Aucun parcours visible pour vous ne porte ce pseudonyme.",
        "Un pseudonyme ne vaut que pour le partenaire qui l'a reçu : recherchez la personne ou signalez-la.",
        False,
        "usager.signale",
    ),
    CodeRefus(
        "usager-inconnu",
        404,
        "Usager inconnu",
        "Aucune personne ne correspond aux identifiants donnés.",
        "Vérifiez les identifiants, ou signalez la personne.",
        False,
        "usager.signale",
    ),
    CodeRefus(
        "usager-ambigu",
        409,
        "Usager ambigu",
        "Plusieurs personnes peuvent correspondre ; rien n'est décidé tant qu'un agent n'a pas tranché.",
        "Le département ou France Travail répond par `usager.rapproche`.",
        False,
        "usager.rapproche",
    ),
    CodeRefus(
        "deja-traite",
        409,
        "Déjà traité",
        "Ce fait est déjà acquis, ou l'objet est dans un état final.",
        "Ne redéposez pas : lisez l'état du parcours.",
        False,
        "prescription.acceptee",
    ),
    CodeRefus(
        "version-perimee",
        409,
        "Version périmée",
        "Le parcours a changé depuis la `versionattendue` du message, ou le fait est plus ancien que le dernier connu "
        "du même objet (`details.dit_a`) : entre deux messages sur un objet, `time` décide.",
        "Relisez le parcours, puis déposez ce qui vaut maintenant, avec son instant et la dernière `sequence`.",
        False,
        "orientation.decidee",
    ),
    CodeRefus(
        "etat-interdit",
        409,
        "État incompatible",
        "L'état actuel du parcours ne permet pas cette opération.",
        "Lisez l'état du parcours et la suite des états au guide.",
        False,
        "referent.accepte",
    ),
    CodeRefus(
        "chevauchement",
        409,
        "Orientations qui se chevauchent",
        "Une seule orientation est ouverte à une date donnée ; une orientation raccourcie garde 7 jours.",
        "Vérifiez `date_debut` et `date_fin` avec l'historique des orientations.",
        False,
        "orientation.decidee",
    ),
    CodeRefus(
        "delai-depasse",
        409,
        "Délai légal dépassé",
        f"Les {ORIENTATION} pour orienter sont passées : la compétence appartient à France Travail "
        f"({ORIENTATION.source}).",
        "Rapprochez-vous de France Travail, ou demandez une réorientation.",
        False,
        "reorientation.demandee",
    ),
    CodeRefus(
        "orientation-prealable-obligatoire",
        409,
        "Orientation préalable obligatoire",
        "Cette opération suppose une orientation décidée et ouverte.",
        "Déposez d'abord `orientation.decidee`.",
        False,
        "orientation.decidee",
    ),
    CodeRefus(
        "referent-obligatoire",
        409,
        "Référent obligatoire",
        "Cette opération suppose un référent unique actif.",
        "Déposez d'abord `referent.designe`, et attendez `referent.accepte`.",
        False,
        "referent.designe",
    ),
    CodeRefus(
        "referent-incoherent",
        409,
        "Référent incohérent",
        "La structure du référent n'est pas celle de l'orientation ouverte.",
        "Vérifiez `structure`, ou demandez une réorientation.",
        False,
        "referent.designe",
    ),
    CodeRefus(
        "referent-inconnu",
        404,
        "Référent inconnu",
        "Aucune désignation ne correspond à ce référent.",
        "Vérifiez `identifiant_agent` et la structure.",
        False,
        "referent.designe",
    ),
    CodeRefus(
        "structure-inconnue",
        422,
        "Structure inconnue",
        "La structure désignée n'est connue d'aucun partenaire ni de l'offre.",
        "Vérifiez `systeme` et `valeur`, ou publiez la structure.",
        False,
        "structure.publiee",
    ),
    CodeRefus(
        "service-inconnu",
        404,
        "Service inconnu",
        "Aucun service publié ne porte cet identifiant.",
        "Vérifiez `service_id`, de la forme `source--id`.",
        False,
        "prescription.emise",
    ),
    CodeRefus(
        "service-retire",
        409,
        "Service retiré",
        "Le service a été retiré de l'offre : il n'accepte plus de prescription.",
        "Cherchez un autre service dans l'offre.",
        False,
        "prescription.emise",
    ),
    CodeRefus(
        "motif-obligatoire",
        422,
        "Motif obligatoire",
        "Cette décision doit être motivée.",
        "Renseignez le motif désigné par le pointeur.",
        False,
        "orientation.decidee",
    ),
    CodeRefus(
        "dates-incoherentes",
        422,
        "Dates incohérentes",
        "Une date n'existe pas, ou l'ordre des dates est impossible.",
        "Corrigez les dates désignées par les pointeurs.",
        False,
        "contrat.propose",
    ),
    CodeRefus(
        "identifiant-invalide",
        422,
        "Identifiant invalide",
        "Un identifiant n'a pas la bonne forme, ou sa clé de contrôle est fausse.",
        "Vérifiez la saisie : un NIR a 13 caractères, ou 15 avec sa clé ; un SIRET en a 14.",
        False,
        "usager.signale",
    ),
    CodeRefus(
        "code-inconnu",
        422,
        "Code inconnu",
        "Une valeur n'appartient pas à sa liste fermée, ou le type de message n'existe pas.",
        "Consultez la liste dans le schéma du message ; les codes sont en minuscules, séparés par des tirets.",
        False,
        "usager.signale",
    ),
    CodeRefus(
        "curseur-d-une-autre-epoque",
        409,
        "Curseur d'une autre époque",
        "La base du hub a été restaurée : ce curseur vient d'un état qui a été perdu.",
        "Reprenez depuis `curseur`, puis rapprochez vos comptes par /v1/reconciliation, dans les deux sens.",
        False,
        "usager.signale",
    ),
    CodeRefus(
        "contenu-different",
        409,
        "Même identifiant, contenu différent",
        "Vous avez déjà déposé un autre contenu sous cet identifiant ; les deux empreintes sont jointes.",
        "Déposez le nouveau contenu sous un nouvel identifiant.",
        False,
        "usager.corrige",
    ),
    CodeRefus(
        "annulation-impossible",
        409,
        "Annulation impossible",
        "Le dépôt désigné ne s'annule pas : il est inconnu, ou la suite du parcours repose sur lui (`details`).",
        "Annulez d'abord ce qui en dépend, ou décidez de nouveau.",
        False,
        "orientation.annulee",
    ),
    CodeRefus(
        "transfert-a-confirmer",
        409,
        "Transfert à confirmer",
        "La personne est suivie dans un autre département, qui n'a pas encore confirmé son transfert.",
        "Attendez `parcours.transfere`, ou l'ouverture du droit par la CAF ou la MSA du nouveau territoire.",
        False,
        "parcours.transfere",
    ),
    CodeRefus(
        "indisponible",
        503,
        "Momentanément indisponible",
        "Le hub ne peut pas répondre ; rien n'est perdu de ce qui a été accepté.",
        "Réessayez après le délai de l'en-tête `Retry-After`, avec le même identifiant.",
        True,
        "usager.signale",
    ),
)

REFUS: Mapping[str, CodeRefus] = MappingProxyType({refus.code: refus for refus in _TABLE})
"""All refusal codes of the catalogue. `indisponible` is the only one that is worth sending again unchanged."""
