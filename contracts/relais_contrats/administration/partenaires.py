"""The acts on partners, and what each is asked with."""

from typing import Annotated

from pydantic import StringConstraints

from relais_contrats.administration.acte import Acte, Portee
from relais_contrats.modele import Demande

CodePartenaire = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9-]{1,30}$")]


class UnPartenaire(Demande):
    """Un partenaire, par son code."""

    partenaire: CodePartenaire


ACTES = (
    Acte("partenaire-suspendre", "Couper un partenaire, aussitôt", Portee.EXPLOITER, UnPartenaire),
    Acte("partenaire-reprendre", "Lever la coupure d'un partenaire", Portee.ADMINISTRER, UnPartenaire, True),
)
