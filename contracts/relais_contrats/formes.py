"""What a text must look like, in French, by the pattern that it missed. Every pattern of a deposit has its sentence."""

from collections.abc import Mapping

from relais_contrats import enveloppe as env
from relais_contrats import identifiants as ident
from relais_contrats import telephones as tel
from relais_contrats import valeurs as val
from relais_contrats.v1 import offres, orientation

SUR_UNE_LIGNE = "un texte sur une seule ligne, sans caractère de commande"

FORMES: Mapping[str, str] = {
    env.MOTIF_AGENT: "« nom prenom identifiant » de qui a agi, ou « batch », sans barre verticale",
    env.MOTIF_DATACONTENTTYPE: "application/json",
    env.MOTIF_DATASCHEMA: "l'adresse du schéma, telle que `/v1/contrats` la publie",
    env.MOTIF_SOURCE_PARTENAIRE: "/partenaires/ suivi de votre code, par exemple /partenaires/cd-59",
    env.MOTIF_TYPE: "fr.insertion.<fait>.v1, par exemple fr.insertion.usager.signale.v1",
    ident.MOTIF_CODE_COMMUNE: "le code INSEE d'une commune, par exemple 59350 (ce n'est pas le code postal)",
    ident.MOTIF_CODE_POSTAL: "un code postal de 5 chiffres, par exemple 59000",
    ident.MOTIF_DEPARTEMENT: "le code d'un département, par exemple 59, 2A, 69M ou 974",
    ident.MOTIF_LIEU_NAISSANCE: "le code INSEE d'une commune, ou 99 et trois chiffres pour un pays étranger",
    ident.MOTIF_PSEUDONYME: "le pseudonyme d'un parcours, « prc_ » suivi de 26 signes",
    ident.MOTIF_SIRET: "un SIRET de 14 chiffres, sans espaces",
    offres.MOTIF_ID_OFFRE: "<source>--<identifiant>, sans espace ni barre, par exemple dora--4f2b",
    offres.MOTIF_CODE_INSEE: "le code INSEE d'une commune, par exemple 59350",
    offres.MOTIF_ZONE: "« france », ou le code d'une région, d'un département, d'un EPCI ou d'une commune",
    orientation.MOTIF_CODE_NIVEAU: "un code de 1 à 3 chiffres",
    orientation.MOTIF_CRITERE: "le nom d'un critère de `diagnostic.realise`",
    orientation.MOTIF_REFERENTIEL: "la version du référentiel, par exemple ft-v4",
    tel.MOTIF_PERSONNE: "un numéro sans espaces ni points : 0612345678, ou +33612345678",
    tel.MOTIF_SERVICE: "un numéro sans espaces ni points : 0320000000, +33320000000, ou un numéro court (3949)",
    val.MOTIF_CODE_LOCAL: "un code de 64 signes au plus : lettres, chiffres, point, tiret, souligné ou deux-points",
    val.MOTIF_COURRIEL: "une adresse électronique, par exemple prenom.nom@exemple.fr, sans accents",
    val.MOTIF_ID_MESSAGE: "1 à 64 signes : lettres sans accent, chiffres, point, tiret ou souligné",
    val.MOTIF_SANS_NUL: "un texte sans caractère nul",
    val.MOTIF_SLUG: "minuscules sans accent et chiffres, séparés par des tirets",
    val.MOTIF_SUR_UNE_LIGNE: SUR_UNE_LIGNE,
    val.MOTIF_URL: "une adresse qui commence par http:// ou https://, sans espaces",
}


def forme(motif: str) -> str:
    """The sentence of an error about this pattern."""
    attendu = FORMES.get(motif)
    return f"Attendu : {attendu}." if attendu else "Ce texte n'a pas la forme attendue : voyez le schéma."
