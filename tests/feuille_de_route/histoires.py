"""Plausible lives of a parcours as the hub records them: each brique decides, the others hear of it later.

`referents` and `engagements` take a new decision in when they please, as on the bus; what they tell then follows.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from hypothesis import strategies as st

from services.feuille_de_route.domain.recu import Recu
from tests.feuille_de_route.fabrique import (
    JOUR,
    Json,
    Recit,
    action,
    contrat,
    decision,
    designation,
    objectif,
    prescription,
    rendez_vous,
    signature,
)

CHEZ = ("UTAS-03", "ML-LILLE")
_SUITES = (
    "prescription.mise-a-l-etude",
    "prescription.acceptee",
    "participation.commencee",
    "participation.terminee",
    "prescription.expiree",
)


@dataclass
class Brique:
    """What a brique that listens to `orientation` knows of it: the structure of the open orientation, if any."""

    rang: int = 0
    chez: str | None = None


@dataclass
class Vie:
    """The truth that the view must reach: who is référent, and whether the contract answers for what is open."""

    recit: Recit = field(default_factory=Recit)
    orientation: Brique = field(default_factory=Brique)
    referents: Brique = field(default_factory=Brique)
    engagements: Brique = field(default_factory=Brique)
    referent: str | None = None
    contrat: str | None = None
    actions: int = 0
    decisions: list[UUID] = field(default_factory=list)

    @property
    def jour(self) -> date:
        return JOUR + timedelta(days=30 * self.orientation.rang)

    def possibles(self) -> list[str]:
        ouverte = self.orientation.chez is not None
        gestes = ["decider", "ajouter", "transferer"] + (["clore", "notifier", "rencontrer"] if ouverte else [])
        gestes += ["entendre-referents"] if self.referents != self.orientation else []
        gestes += ["entendre-engagements"] if self.engagements != self.orientation else []
        # Drawn more often: little can go wrong while there is no référent.
        gestes += ["designer"] * 4 if self.referents.chez and not self.referent else []
        gestes += ["remplacer", "terminer"] if self.referent and self.referents.chez else []
        gestes += ["proposer"] if self.contrat is None else []
        gestes += ["signer"] if self.contrat in ("a-signer", "refuse") and self.engagements.chez else []
        gestes += ["refuser"] if self.contrat == "a-signer" else []
        return gestes

    def vivre(self, geste: str, chez: str, numero: int) -> None:
        dit = self.recit.dit
        match geste:
            case "decider":
                self.orientation = Brique(self.orientation.rang + 1, chez)
                dite = decision(self.orientation.rang, self.jour, chez)
                self.decisions.append(dit("orientation.decidee", dite).id)
            case "clore":
                self.orientation = Brique(self.orientation.rang, None)
                dit("orientation.close", {"date_fin": (self.jour + timedelta(days=9)).isoformat(), "motif": "Emploi."})
            case "notifier":
                dit("orientation.notifiee", {"date_notification": self.jour.isoformat()})
            case "entendre-referents":
                self._finir("Nouvelle décision d'orientation.")
                self.referents = Brique(self.orientation.rang, self.orientation.chez)
            case "designer":
                self._designer(numero, self.referents.chez)
            case "remplacer":
                self.referent = f"AG-{numero:02}"
                nouveau = designation(self.referent, self.referents.chez or "")
                dit("referent.remplace", {"date_fin": self.jour.isoformat(), "motif": "Départ.", "nouveau": nouveau})
            case "terminer":
                self._finir("Départ.")
            case "entendre-engagements":
                if self.engagements.rang != self.orientation.rang:
                    self._resigner("reorientation")
                self.engagements = Brique(self.orientation.rang, self.orientation.chez)
            case "transferer":
                dit("parcours.transfere", {"departement_nouveau": "62", "date_effet": self.jour.isoformat()})
                self._resigner("transfert")
            case "rencontrer":
                le = self.jour + timedelta(days=numero)
                dit("rdv.planifie", rendez_vous(le, rdv_id=f"rdv-{numero}"))
                dit("rdv.modifie", rendez_vous(le + timedelta(days=1), rdv_id=f"rdv-{numero}"))
                if numero % 2:
                    dit("rdv.constate", rendez_vous(le + timedelta(days=1), "honore", rdv_id=f"rdv-{numero}"))
            case "ajouter":
                self._ajouter(numero)
            case _:
                self._contracter(geste)

    def _designer(self, numero: int, chez: str | None) -> None:
        self.referent = f"AG-{numero:02}"
        self.recit.dit("referent.designe", designation(self.referent, chez or ""))

    def _finir(self, motif: str) -> None:
        if self.referent:
            self.recit.dit("referent.termine", {"date_fin": self.jour.isoformat(), "motif": motif})
        self.referent = None

    def _resigner(self, cause: str) -> None:
        if self.contrat in ("signe", "refuse"):
            self.contrat = "a-signer"
            self.recit.dit("contrat.a-resigner", {"contrat_id": "ce-1", "cause": cause})

    def _contracter(self, geste: str) -> None:
        suites: dict[str, tuple[str, str, Json]] = {
            "proposer": ("a-signer", "contrat.propose", contrat()),
            "signer": ("signe", "contrat.signe", signature(self.jour)),
            "refuser": ("refuse", "contrat.refuse", {"contrat_id": "ce-1", "date_refus": self.jour.isoformat()}),
        }
        self.contrat, type_, donnees = suites[geste]
        self.recit.dit(type_, donnees)

    def _ajouter(self, numero: int) -> None:
        """An objective, its action, the prescription that carries it out, and what becomes of that."""
        self.actions += 1
        cle = str(self.actions)
        self.recit.dit("objectif.ajoute", objectif(f"o{cle}"))
        self.recit.dit("action.ajoutee", action(f"a{cle}", f"o{cle}", prescription_id=f"p{cle}", echeance="2026-05-31"))
        self.recit.dit("action.modifiee", action(f"a{cle}", f"o{cle}", prescription_id=f"p{cle}", libelle="Revoir"))
        self.recit.dit("objectif.modifie", objectif(f"o{cle}", theme="sante"))
        self.recit.dit("prescription.emise", prescription(f"p{cle}"))
        self.recit.dit("prescription.mise-a-l-etude", {"prescription_id": f"p{cle}", "date": self.jour.isoformat()})
        suite = {"prescription_id": f"p{cle}", "date": self.jour.isoformat(), "issue": "accomplie"}
        self.recit.dit(_SUITES[numero % len(_SUITES)], suite)


@st.composite
def vies(tirer: st.DrawFn, gestes: int = 14) -> Vie:
    """A life in which every brique has heard of everything in the end."""
    vie = Vie()
    vie.recit.dit("parcours.ouvert")
    vie.vivre("decider", CHEZ[0], 0)
    for numero in range(tirer(st.integers(0, gestes))):
        vie.vivre(tirer(st.sampled_from(vie.possibles())), tirer(st.sampled_from(CHEZ)), numero + 1)
    for geste in ("entendre-referents", "entendre-engagements"):
        if geste in vie.possibles():
            vie.vivre(geste, CHEZ[0], 0)
    return vie


@st.composite
def entrelacements(tirer: st.DrawFn, recus: list[Recu]) -> list[Recu]:
    """The same events as they may arrive: in order within a brique and a parcours, in any order between them."""
    files: dict[tuple[UUID, str], list[Recu]] = {}
    for recu in recus:
        files.setdefault((recu.parcours, recu.brique), []).append(recu)
    arrives: list[Recu] = []
    while files:
        cle = tirer(st.sampled_from(sorted(files)))
        arrives.append(files[cle].pop(0))
        if not files[cle]:
            del files[cle]
    return arrives
