"""All rules, and their verdicts on the runs of one program."""

from collections.abc import Sequence

from relais_kit.carnet import Carnet, Resultat
from relais_kit.emetteur import regles_acces, regles_depots, regles_fil, regles_relances
from relais_kit.emetteur.exigences import EXIGENCES, STRICTES
from relais_kit.emetteur.jugement import Dossier, Regle, inscrites

_MODULES = (regles_acces, regles_depots, regles_relances, regles_fil)


def toutes() -> Sequence[Regle]:
    """In the order of their modules."""
    return [regle for module in _MODULES for regle in inscrites(module.__name__)]


def juger(dossier: Dossier, *, est_strict: bool = False, arret: str | None = None) -> Sequence[Resultat]:
    """The result of each requirement; `arret` says why some steps were not run."""
    carnet = Carnet(EXIGENCES)
    for regle in toutes():
        regle.juger(dossier, carnet)
    for nom in () if est_strict else STRICTES:
        carnet.omettre(nom, "voyez --strict")
    return carnet.resultats(arret or "rien de ce qu'il a envoyé ne l'a mise à l'épreuve")
