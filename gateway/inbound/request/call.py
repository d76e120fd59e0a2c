"""One authenticated request: who calls, what it says of itself, and what the access journal must say about it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from gateway.inbound.deposit.store import RefusedDeposit
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.consultation import AGENT, FINALITE, est_un_agent
from relais_contrats.droits import RESOUDRE, Demandeur
from relais_contrats.oauth.resource import Jeton
from relais_contrats.oauth.tokens import Liaison
from relais_contrats.oauth.usages import UsageUnique
from relais_contrats.partenaires import Partenaire, jour_des_conventions


@dataclass(slots=True)
class Call:
    """One authenticated request. The handler fills in what the access journal must say about it."""

    partenaire: Partenaire
    jeton: Jeton
    usages: Sequence[UsageUnique]
    agent: str | None = None
    parcours: UUID | None = None
    finalite: str | None = None
    finalites: frozenset[str] = frozenset()
    """The purposes for which it reads, one of which is in force."""
    precision: str = ""
    """What the journal adds to the route, such as by which key somebody was searched."""
    montres: list[UUID] = field(default_factory=list)
    """The parcours of which a list, a page or a batch showed something."""
    refuses: list[RefusedDeposit] = field(default_factory=list)
    """What it deposited and the door refused."""
    is_journalled: bool = field(default=False)
    """The deposit journal holds this request, its proof spent with it: no access row on top, unless it is refused."""

    @property
    def demandeur(self) -> Demandeur:
        """As the gate knows it: with the scopes of its token, today."""
        return Demandeur(self.partenaire, self.jeton.scopes, jour_des_conventions(datetime.now(UTC)))

    @property
    def reconnait_dans(self) -> list[str]:
        """The territories in which the caller may be told who a person is."""
        return sorted(self.partenaire.departements) if RESOUDRE in self.jeton.scopes else []

    @property
    def is_bound(self) -> bool:
        """False for the bare token of the profil hérité: the access journal then lists the request in any case."""
        return self.jeton.liaison is not Liaison.AUCUNE


Handler = Callable[[Call, Request], Awaitable[Response]]


def declared_by(request: Request) -> tuple[str | None, str | None]:
    """Who acts and for what, as far as the request says it in its headers: the handler judges them, or knows better."""
    agent, finalite = request.headers.get(AGENT), request.headers.get(FINALITE)
    is_agent = agent is not None and est_un_agent(agent)
    return agent if is_agent else None, finalite if finalite in set(Finalite) else None
