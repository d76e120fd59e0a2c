"""A dry run of a file, and the first draft of a mapping from a sample."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO

from connectors.archive import folder_of
from connectors.cnaf import intake
from connectors.cnaf.flow import FlowRefused
from connectors.cnaf.kinds import TITRES, Flux, kind_of
from connectors.exchanges import ExchangeRefused
from connectors.fichiers.configuration import CNAF, Arrivee
from connectors.fichiers.files import matching
from connectors.fichiers.reading import LineRefused, read
from connectors.fichiers.sending import checked, opened
from connectors.fichiers.tables import Table, TableRefused
from connectors.fichiers.targets import Kind, Target, targets
from connectors.folders import ARRIVALS
from connectors.hub import refused_by_contract
from connectors.systems import Context
from relais_contrats.catalogue import CATALOGUE

_TOLD = 20
_SOMEBODY = "prc_aaaaaaaaaaaaaaaaaaaaaaaaaa"


async def try_out(context: Context, fichier: Path | None) -> AsyncIterator[str]:
    """Nothing is deposited: each line that the mapping or the contract refuses, with the reason."""
    if fichier is None:
        waiting = [path.name for path in folder_of(context, ARRIVALS).iterdir() if not path.name.startswith(".")]
        yield f"{len(waiting)} fichier(s) en attente dans {folder_of(context, ARRIVALS)}"
        return
    arrivee = matching(context, fichier.name)
    if arrivee is None:
        raise ExchangeRefused("Aucune arrivée configurée ne porte ce nom de fichier.")
    with fichier.open("rb") as source:
        try:
            for line in _flow(source) if arrivee.message == CNAF else _lines(context, arrivee, source):
                yield line
        except (TableRefused, FlowRefused) as refused:
            raise ExchangeRefused(f"Fichier refusé : {refused}") from refused


def _flow(source: BinaryIO) -> Iterator[str]:
    kind = kind_of(source)
    held = {} if kind in (Flux.CONTACTS, Flux.CREANCES, Flux.FINANCIER) else intake.count(source)
    yield f"flux {kind} ({TITRES[kind]})" + "".join(f", {count} {name}" for name, count in held.items())


def _lines(context: Context, arrivee: Arrivee, source: BinaryIO) -> Iterator[str]:
    total = checked(arrivee, source)
    faults: Counter[str] = Counter()
    with opened(arrivee, source) as table:
        for line in table.lines():
            try:
                found = read(arrivee, line)
            except LineRefused as refused:
                why: str | None = str(refused)
            else:
                fait = CATALOGUE[arrivee.message]
                message = context.hub.message(
                    fait.nom,
                    found.data,
                    departement=arrivee.departement or context.configuration.departement,
                    subject=(found.parcours or _SOMEBODY) if fait.porte_sur_parcours else None,
                    instant=context.clock(),
                )
                answer = refused_by_contract(message)
                why = f"{answer.code} : {answer.detail}" if answer else None
            if why:
                faults[why] += 1
                if sum(faults.values()) <= _TOLD:
                    yield f"Ligne {line.number} : {why}"
    wrong = sum(faults.values())
    yield f"{total} lignes, {total - wrong} conformes, {wrong} refusées ({arrivee.message})"


_WORDS = {
    "identite.nom_naissance": ("nom de naissance", "nom naissance", "nom patronymique", "nom de famille", "nom"),
    "identite.nom_usage": ("nom d usage", "nom usage", "nom marital"),
    "identite.prenoms": ("prenom", "prenoms"),
    "identite.date_naissance": ("date de naissance", "ne e le", "ne le", "nee le", "naissance", "ddn"),
    "identite.sexe": ("sexe", "genre", "civilite"),
    "coordonnees.adresse.code_postal": ("code postal", "cp"),
    "coordonnees.adresse.code_commune": ("code insee", "code commune", "insee"),
    "coordonnees.adresse.voie": ("adresse", "voie"),
    "coordonnees.telephone": ("telephone", "tel", "portable", "mobile"),
    "coordonnees.courriel": ("courriel", "email", "e mail", "mail", "adresse mail"),
    "brsa": ("brsa", "rsa", "beneficiaire du rsa"),
}
_NUMBERS = {
    "nir": ("nir", "numero de securite sociale", "n securite sociale", "n ss", "securite sociale"),
    "numero-france-travail": ("numero france travail", "identifiant france travail", "n pole emploi", "id pe", "n ft"),
    "matricule-caf": ("matricule caf", "numero allocataire", "n allocataire", "n caf", "matricule"),
    "matricule-msa": ("matricule msa",),
    "numero-demande-rsa": ("numero demande rsa", "n demande rsa", "n demande"),
    "local": ("identifiant", "id", "n dossier", "numero dossier", "id usager", "reference"),
}


def propose(name: str, fait: str, source: BinaryIO) -> str:
    """A mapping (TOML) drafted from the heading of a sample: what was recognised, and what is left to be said."""
    with Table(source) as table:
        columns = [column for column in table.columns if column]
        first = next(table.lines(), None)
    left = dict.fromkeys(columns)
    numbers = {nature: found for nature, words in _NUMBERS.items() if (found := _column(left, words))}
    found_fields: dict[str, str] = {}
    missing: list[Target] = []
    for one in targets(fait):
        if one.path.startswith("identifiants."):
            continue
        column = _column(left, (*_WORDS.get(one.path, ()), _folded(one.path.rsplit(".", 1)[-1])))
        if column:
            found_fields[one.path] = _source(one, column, first.cells.get(column, "") if first else "")
        elif one.is_required:
            missing.append(one)
    lines = ["[[arrivees]]", f"nom = {_quoted(name)}", f"motif = {_quoted(name + '*')}", f"message = {_quoted(fait)}"]
    if numbers:
        lines += [
            "",
            "[arrivees.identifiants]",
            *(f"{nature} = {_quoted(column)}" for nature, column in numbers.items()),
        ]
    lines += ["", "[arrivees.champs]", *(f"{_quoted(path)} = {told}" for path, told in found_fields.items())]
    lines += [f'# {_quoted(one.path)} = {{ colonne = "…" }}  # obligatoire{_choices(one)}' for one in missing]
    lines += [f"# colonne non reconnue : {column}" for column in left]
    return "\n".join(lines) + "\n"


def _column(left: dict[str, None], words: tuple[str, ...]) -> str | None:
    folded = {_folded(column): column for column in left}
    for word in words:
        if word in folded:
            column = folded[word]
            del left[column]
            return column
    return None


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain.lower()).split())


def _source(one: Target, column: str, value: str) -> str:
    if one.kind is Kind.DATE and re.fullmatch(r"\d\d/\d\d/\d{4}", value):
        return f'{{ colonne = {_quoted(column)}, format = "%d/%m/%Y" }}'
    return _quoted(column)


def _choices(one: Target) -> str:
    return f" ; choix : {', '.join(one.codes)}" if one.codes else ""


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
