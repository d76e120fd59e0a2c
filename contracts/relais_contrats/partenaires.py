"""A partner as the operator declares it: what the gate of `droits` asks of it."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

CLIENT_PREFIX = "si:"
"""A `client_id` is this, then the code of the partner."""

_PARIS = ZoneInfo("Europe/Paris")


def jour_des_conventions(instant: datetime) -> date:
    """The day on which a convention is asked to be in force: organisations sign for the days of Paris."""
    return instant.astimezone(_PARIS).date()


@dataclass(frozen=True, slots=True)
class Convention:
    """A purpose for which the partner may exchange, until `fin` included (None: no end)."""

    finalite: str
    fin: date | None


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure of the partner as the field names it: SIRET, AURORE, SAFIR, or a local code."""

    systeme: str
    valeur: str
    nom: str


@dataclass(frozen=True, slots=True)
class Quotas:
    """What one partner may ask; None: as much as all of them."""

    rafale: int | None = None
    debit_par_s: int | None = None
    quota_jour: int | None = None


@dataclass(frozen=True, slots=True)
class Partenaire:
    """A partner as the operator declared it. `departements` are INSEE codes; `scopes` those in force, fewer than
    declared in the profil hérité; `hotes` the hosts to which its webhooks may go.
    """

    code: str
    type_organisme: str
    nom: str
    departements: frozenset[str]
    structures: tuple[Structure, ...]
    conventions: tuple[Convention, ...]
    scopes: frozenset[str]
    est_actif: bool
    hotes: frozenset[str] = frozenset()
    quotas: Quotas = Quotas()

    @property
    def source(self) -> str:
        """The CloudEvents `source` of what this partner deposits."""
        return f"/partenaires/{self.code}"
