"""How things are said to an operator: French words, instants of Paris, durations in the unit that reads best. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from console.spans import DECIDER, DEPOSER, DEPOSIT_ROUTE, LIVRER, SERVEUR, Issue, Span, Valeur, pire
from relais_contrats.briques import BRIQUES
from relais_contrats.catalogue import CATALOGUE

PARIS = ZoneInfo("Europe/Paris")
_MONTHS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
_THIN = "\u202f"  # narrow no-break space: French puts it between a number and its unit

SERVICES: Mapping[str, str] = {
    "entrant": "entrée",
    **{brique.nom: brique.titre.lower() for brique in BRIQUES},
    "sortant": "sortie",
    "console": "console",
}
ISSUES: Mapping[Issue, str] = {
    "erreur": "erreur",
    "refuse": "refusé",
    "echec": "envoi en échec",
    "accepte": "accepté",
    "livre": "livré",
    "attente": "en attente",
}
ATTRIBUTS: Mapping[str, str] = {
    "relais.id": "identifiant du relais",
    "relais.message": "message",
    "relais.type": "type",
    "relais.partenaire": "partenaire",
    "relais.etat": "décision",
    "relais.code": "code",
    "relais.brique": "brique",
    "relais.lot": "messages du lot",
    "relais.abonnement": "abonnement",
    "relais.livraison": "événement livré",
    "relais.tentative": "tentative",
    "http.request.method": "méthode HTTP",
    "http.route": "chemin",
    "http.response.status_code": "réponse HTTP",
}
_SIGNAUX: Mapping[str, str] = {
    "abonnement.verification": "vérification d'un abonnement",
    "abonnement.essai": "essai d'un abonnement",
    "abonnement.battement": "battement d'un abonnement au repos",
}
_RAISONS: Mapping[str, str] = {
    "adresse-interdite": "adresse interdite",
    "hote-non-declare": "hôte que l'opérateur n'a pas déclaré",
    "nom-introuvable": "nom introuvable",
    "connexion": "connexion impossible",
    "tls": "certificat non admis",
    "delai-depasse": "pas de réponse à temps",
    "coupure": "connexion coupée",
    "exercice": "exercice du bac à sable",
    "signature-acceptee": "exercice : une signature fausse a été acceptée",
}


def lu(text: str) -> datetime:
    """An instant as the gateway tells it."""
    return datetime.fromisoformat(text)


def de_paris(text: str) -> datetime:
    """What a form field of date and hour holds. Raises ValueError."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=PARIS)


def depuis(text: str | None, now: datetime) -> str:
    """How long ago that was."""
    return age((now - lu(text)).total_seconds()) if text else "—"


def jour(instant: datetime) -> str:
    local = instant.astimezone(PARIS)
    return f"{local.day}{'er' if local.day == 1 else ''} {_MONTHS[local.month - 1]} {local.year}"


def heure(instant: datetime) -> str:
    """To the second; `heure_fine` goes to the millisecond."""
    return instant.astimezone(PARIS).strftime("%H:%M:%S")


def heure_minute(instant: datetime) -> str:
    return instant.astimezone(PARIS).strftime("%H:%M")


def heure_fine(instant: datetime) -> str:
    local = instant.astimezone(PARIS)
    return f"{local:%H:%M:%S},{local.microsecond // 1000:03d}"


def iso(instant: datetime) -> str:
    return instant.astimezone(PARIS).isoformat(timespec="milliseconds")


def duree(span: timedelta) -> str:
    """`840 µs`, `3,2 ms`, `41 ms`, `1,25 s`, `2 min 05 s`, `3 h 12 min`."""
    seconds = span.total_seconds()
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f}{_THIN}µs"
    if seconds < 1:
        return f"{_decimal(seconds * 1e3)}{_THIN}ms"
    if seconds < 60:
        return f"{_decimal(seconds)}{_THIN}s"
    minutes, left = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{_THIN}min {left:02d}{_THIN}s"
    return f"{minutes // 60}{_THIN}h {minutes % 60:02d}{_THIN}min"


def millisecondes(count: float) -> str:
    return duree(timedelta(milliseconds=count))


def _decimal(value: float) -> str:
    """Three figures that mean something: 3,25 · 41,2 · 840."""
    digits = 2 if value < 10 else 1 if value < 100 else 0
    text = f"{value:.{digits}f}"
    return (text.rstrip("0").rstrip(".") if digits else text).replace(".", ",")


def age(seconds: float) -> str:
    return duree(timedelta(seconds=round(seconds))) if seconds >= 1 else "—"


def mesure(value: float, unite: str) -> str:
    """A value in the unit of its threshold; seconds as a duration."""
    if unite == "s":
        return age(value)
    return f"{_decimal(value)}{_THIN}{unite}" if unite else "—"


def jours(count: float | None) -> str:
    """`12 j`, `12,5 j`; a dash for what may not be shown."""
    return f"{_decimal(count)}{_THIN}j" if count is not None else "—"


def part(share: float | None) -> str:
    return f"{_decimal(round(share * 100, 1))}{_THIN}%" if share is not None else "—"


def chiffre(count: int) -> str:
    return f"{count:,}".replace(",", _THIN)


def nombre(count: int, singulier: str, pluriel: str | None = None) -> str:
    return f"{chiffre(count)} {singulier if count < 2 else pluriel or singulier + 's'}"


def service(nom: str) -> str:
    return SERVICES.get(nom, nom)


def dans_l_ordre(services: Collection[str]) -> list[str]:
    """In the order of a message's way; those of others last."""
    way = list(SERVICES)
    return sorted(services, key=lambda nom: (way.index(nom) if nom in way else len(way), nom))


def famille(nom: str) -> str:
    """The colour class of a service; somebody else's has the neutral one."""
    return nom.replace("_", "-") if nom in SERVICES else "autre"


def issue(code: Issue) -> str:
    return ISSUES[code]


def etat(issues: Collection[str]) -> tuple[Issue, str] | None:
    """The state of a trace: the worst of what happened in it, nuanced when the rest went well."""
    worst = pire(issues)
    if worst == "refuse" and {"accepte", "livre"} & set(issues):
        return worst, "en partie refusé"
    if worst == "echec" and "livre" in issues:
        return worst, "livré en partie ou après échec"
    return (worst, ISSUES[worst]) if worst else None


def etape(span: Span) -> str:
    """What a span does, in a few words; a name that is not ours is shown as it is."""
    objet = span.nom.partition(" ")[2]
    if span.verbe == DEPOSER:
        return "dépôt d'un lot" if objet == "lot" else f"dépôt {objet}".rstrip()
    if span.verbe == DECIDER:
        return f"décision {objet}"
    if span.verbe == LIVRER:
        return f"envoi {objet}"
    if span.nom in _SIGNAUX:
        return _SIGNAUX[span.nom]
    return f"requête {span.nom}" if span.genre == SERVEUR else span.nom


def entree(nom: str, issues: Collection[str]) -> str:
    """The same for a trace of which only the first span's name is known."""
    verbe, _, objet = nom.partition(" ")
    if nom == DEPOSIT_ROUTE or verbe == DEPOSER:
        return "message refusé à l'entrée" if "refuse" in issues else "dépôt"
    if verbe == DECIDER and objet.startswith("echeance."):
        return f"échéance {objet.removeprefix('echeance.')}"
    return _SIGNAUX.get(nom, nom)


def attribut(nom: str) -> str:
    return ATTRIBUTS.get(nom, nom)


def valeur(raw: Valeur) -> str:
    if isinstance(raw, list):
        shown = [item or "—" for item in raw[:20]]
        return ", ".join(shown) + (f" … et {len(raw) - 20} autres" if len(raw) > 20 else "")
    return str(raw)


def prose(text: str) -> str:
    """The catalogue's Markdown marks say nothing to a reader of a page."""
    return text.replace("`", "")


def raison(code: str) -> str:
    """Why no answer came, as `gateway.outbound` names it."""
    return _RAISONS.get(code, code)


def reponse(code: str | None) -> str:
    """What an endpoint answered: an HTTP status, or why no answer came."""
    return f"HTTP {code}" if code and code.isdecimal() else raison(code or "sans réponse")


def sujet(types: Sequence[str], entrees: Sequence[str], issues: Collection[str]) -> str:
    """What a trace is about, in the list."""
    if len(types) == 1:
        return types[0]
    if types:
        return nombre(len(types), "type")
    return entree(entrees[0], issues) if entrees else "suite d'une autre trace"


def types() -> list[tuple[str, str]]:
    """Every message of the catalogue that a partner may deposit, with its title."""
    return sorted((nom, message.titre) for nom, message in CATALOGUE.items() if message.emetteurs - {"hub"})
