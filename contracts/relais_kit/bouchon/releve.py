"""What each partner was seen to send and to read: its `attentes.json`, beside its access."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from relais_contrats.catalogue import par_type_cloudevents
from relais_kit.attentes import NOM, Attentes, lire


class _Rendu(NamedTuple):
    evenement: Mapping[str, Any]
    avait_un_code_inconnu: bool


@dataclass
class Releve:
    """Writes `DIR/<code>/attentes.json` at each change when there is a folder; existing content is extended, never
    reduced.

    An event counts as read once it is acknowledged, in the feed or by a webhook's answer. Raises AttentesIllisibles.
    """

    dossier: Path | None = None
    _attentes: dict[str, Attentes] = field(default_factory=dict)
    _rendus: dict[str, dict[int, _Rendu]] = field(default_factory=lambda: defaultdict(dict))

    def ouvrir(self, dossier: Path, codes: Iterable[str]) -> None:
        """Take up what is known of these partners. Raises AttentesIllisibles."""
        self.dossier = dossier
        for code in codes:
            if (fichier := dossier / code / NOM).exists():
                self._attentes[code] = lire(fichier)

    def de(self, code: str) -> Attentes:
        return self._attentes.setdefault(code, Attentes(partenaire=code))

    def accepte(self, code: str, nom: str, message: Mapping[str, Any]) -> None:
        """A deposit of the type `nom` was accepted."""
        if self.de(code).noter_envoi(nom, message):
            self._garder(code)

    def rend(self, code: str, page: Iterable[tuple[int, Mapping[str, Any]]], modes: frozenset[str]) -> None:
        for rang, evenement in page:
            self._rendus[code][rang] = _Rendu(evenement, "code-inconnu" in modes)

    def acquitte(self, code: str, jusqu_a: int) -> None:
        """All that was given up to this rank is read."""
        rendus = self._rendus[code]
        self._lues(code, [rendus.pop(rang) for rang in list(rendus) if rang <= jusqu_a])

    def recoit(self, code: str, evenement: Mapping[str, Any]) -> None:
        """A webhook was answered 2xx: its event is read."""
        self._lues(code, [_Rendu(evenement, avait_un_code_inconnu=False)])

    def _lues(self, code: str, rendus: Iterable[_Rendu]) -> None:
        siennes, est_nouveau = self.de(code), False
        for evenement, avait_un_code_inconnu in rendus:
            if avait_un_code_inconnu and not siennes.tolere_codes_inconnus:
                siennes.tolere_codes_inconnus = est_nouveau = True
            if message := par_type_cloudevents(evenement["type"]):
                est_nouveau |= siennes.noter_lecture(message.nom, evenement)
        if est_nouveau:
            self._garder(code)

    def _garder(self, code: str) -> None:
        if self.dossier:
            (self.dossier / code / NOM).write_text(self.de(code).en_texte(), encoding="utf-8")
