"""What operators read besides the pages: each view of the gateway that the administration API tells."""

from dataclasses import dataclass

from relais_contrats.administration.acte import Portee


@dataclass(frozen=True, slots=True)
class Vue:
    """`nom` is that of `lecture.passerelle.<nom>`; `parametre`: what narrows it, if it may be narrowed."""

    nom: str
    phrase: str
    parametre: str | None = None
    portee: Portee = Portee.LIRE

    @property
    def chemin(self) -> str:
        return f"/administration/v1/vues/{self.nom}"


VUES = (
    Vue("partenaires", "Les partenaires : déclarés, clés, étape, conformité", "partenaire"),
    Vue("machines", "Les machines qui administrent"),
)
