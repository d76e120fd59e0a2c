"""Events of `engagements`: the contract, its signature and its states, the day of the re-examination."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from services.feuille_de_route.domain.recu import Json, Recu


@dataclass(frozen=True, slots=True)
class Contrat:
    """`propose` is the proposal as published; `repondu_par` the event of the last signature or refusal.

    `etat` is `a-signer`, `signe`, `refuse`, `suspendu` or `clos`; `etat_avant` what a resumption gives back.
    """

    contrat_id: str
    propose: Json = field(default_factory=dict)
    etat: str = "a-signer"
    etat_avant: str = "a-signer"
    repondu_par: UUID | None = None
    signe_le: date | None = None
    signataires: tuple[str, ...] = ()
    refuse_le: date | None = None
    motif: str | None = None
    suspendu_le: date | None = None
    cause: str | None = None
    """Why it is to be signed again."""


@dataclass(frozen=True, slots=True)
class Reexamen:
    """The day on which the re-examination is due, and the event that published it."""

    le: date
    dit_par: UUID


_EN_VIGUEUR = ("signe", "suspendu")
_DE_LA_REPRISE = ("date_signature", "signataires", "suspension")
"""What a declared contract says beside its proposal."""


@dataclass(slots=True)
class Contrats:
    """Folds the events of `engagements` about contracts; those about sanctions are in `sanctions`.

    One contract is in force at most, and one waits for its signature. After a merge the service publishes the contracts
    that go on again, on the survivor. `reexamens`: the last event about the re-examination, by parcours.
    """

    connus: dict[str, Contrat] = field(default_factory=dict)
    reexamens: dict[UUID, Reexamen] = field(default_factory=dict)

    @property
    def actuel(self) -> Contrat | None:
        """The one in force, else the one that waits, else the last."""
        en_vigueur = next((c for c in self.connus.values() if c.etat in _EN_VIGUEUR), None)
        return en_vigueur or self.en_attente or self._dernier("clos")

    @property
    def renouvellement(self) -> Contrat | None:
        """The one that is signed for a day to come, or waits for its signature, beside the one in force."""
        signe = self._dernier(*_EN_VIGUEUR)
        suivant = signe if signe is not self.actuel else self.en_attente
        return suivant if suivant is not self.actuel else None

    @property
    def en_attente(self) -> Contrat | None:
        return self._dernier("a-signer", "refuse")

    def _dernier(self, *etats: str) -> Contrat | None:
        return next((contrat for contrat in reversed(self.connus.values()) if contrat.etat in etats), None)

    def reprendre(self, recu: Recu) -> None:
        """A contract from before the hub, in the state in which it was declared."""
        declare = recu.donnees.get("contrat")
        if declare is None:
            return
        signe_le, suspension = declare.get("date_signature"), declare.get("suspension")
        contrat = Contrat(declare["contrat_id"], {n: v for n, v in declare.items() if n not in _DE_LA_REPRISE})
        if signe_le:
            contrat = replace(
                contrat,
                etat="signe",
                repondu_par=recu.id,
                signe_le=date.fromisoformat(signe_le),
                signataires=tuple(declare.get("signataires") or ("usager",)),
            )
        if suspension:
            contrat = replace(contrat, **_suspendu(contrat, suspension))
        self.connus[contrat.contrat_id] = contrat

    def recevoir(self, recu: Recu) -> None:
        donnees = recu.donnees
        match recu.type:
            case "reexamen.prevu":
                self.reexamens[recu.parcours] = Reexamen(date.fromisoformat(donnees["date_echeance"]), recu.id)
            case "contrat.annule":
                return  # what it cancels is left out
            case "contrat.propose":
                remplace = self.connus.pop(donnees["contrat_id"], None)
                cause = remplace.cause if remplace else None
                self.connus[donnees["contrat_id"]] = Contrat(donnees["contrat_id"], donnees, cause=cause)
            case _:
                contrat = self.connus.get(donnees["contrat_id"]) or Contrat(donnees["contrat_id"])
                self.connus[contrat.contrat_id] = replace(contrat, **_change(contrat, recu))


def _change(contrat: Contrat, recu: Recu) -> dict[str, Any]:
    donnees = recu.donnees
    match recu.type:
        case "contrat.signe":
            return {
                "etat": "signe",
                "repondu_par": recu.id,
                "signe_le": date.fromisoformat(donnees["date_signature"]),
                "signataires": tuple(donnees["signataires"]),
                "refuse_le": None,
                "motif": None,
                "cause": None,
            }
        case "contrat.refuse":
            refuse_le = date.fromisoformat(donnees["date_refus"])
            motif = donnees.get("motif")
            return {"etat": "refuse", "repondu_par": recu.id, "refuse_le": refuse_le, "motif": motif}
        case "contrat.a-resigner":
            return {"etat": "a-signer", "cause": donnees["cause"], "signe_le": None, "signataires": ()}
        case "contrat.suspendu":
            return _suspendu(contrat, donnees)
        case "contrat.repris":
            return {"etat": contrat.etat_avant, "suspendu_le": None, "motif": None}
        case "contrat.clos":
            return {"etat": "clos", "motif": donnees["motif"]}
        case _:
            return {}


def _suspendu(contrat: Contrat, suspension: Json) -> dict[str, Any]:
    suspendu_le = date.fromisoformat(suspension["date"])
    return {
        "etat": "suspendu",
        "etat_avant": contrat.etat,
        "suspendu_le": suspendu_le,
        "motif": suspension["motif"],
    }
