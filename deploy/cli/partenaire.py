"""`partenaire …`: register a partner, change what was declared, list them, suspend or resume one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deploy import partner_registry
from deploy.cli import partenaire_acces, partenaire_certifier, partenaire_etapes
from deploy.cli.hub import Donnees
from deploy.cli.partenaire_connexion import ClePublique, Code, Hub, Machine, administration, public_key, write_client
from deploy.datadir import DEFAULT_FOLDER, LaunchError

app = typer.Typer(
    help="Gère les partenaires : créer, modifier, lister, suspendre, reprendre, changer de clé, certifier.",
    no_args_is_help=True,
)
app.add_typer(partenaire_acces.app)
app.add_typer(partenaire_certifier.app)
app.add_typer(partenaire_etapes.app)

Departements = Annotated[
    list[str] | None, typer.Option("--departement", help="Département (Rhône : 69D, 69M) ; répétable.")
]
Scopes = Annotated[list[str] | None, typer.Option("--scope", help="Périmètre OAuth ; répétable.")]
Structures = Annotated[
    list[str] | None, typer.Option("--structure", metavar="SYSTEME:VALEUR:NOM", help="Structure ; répétable.")
]
Conventions = Annotated[
    list[str] | None, typer.Option("--convention", metavar="FINALITE:DATE", help="Convention et fin ; répétable.")
]
Hotes = Annotated[
    list[str] | None,
    typer.Option("--hote", help="Hôte public où ses webhooks peuvent aller, sans port ni chemin ; répétable."),
]


class Etape(StrEnum):
    DEMANDE = "demande"
    BAC_A_SABLE = "bac-a-sable"
    PRODUCTION = "production"


_REQUIRED = "Aucun jeton sans certificat de conformité de l'émetteur (partenaire certifier)."


@app.command()
def creer(
    code: Code,
    type_organisme: Annotated[str, typer.Option("--type", help="Type d'organisme, par exemple departement.")],
    nom: Annotated[str, typer.Option("--nom", help="Nom affiché.")],
    departement: Departements = None,
    scope: Scopes = None,
    structure: Structures = None,
    finalite: Conventions = None,
    hote: Hotes = None,
    cle_publique: ClePublique = None,
    certificat: Annotated[
        Path | None,
        typer.Option("--certificat", exists=True, dir_okay=False, help="Certificat client PEM, à la place d'une clé."),
    ] = None,
    exige_certificat: Annotated[bool, typer.Option("--exige-certificat", help=_REQUIRED)] = False,
    etape: Annotated[
        Etape, typer.Option("--etape", help="Où il commence : une demande, le bac à sable, ou la production.")
    ] = Etape.PRODUCTION,
    donnees: Donnees = DEFAULT_FOLDER,
    hub: Hub = None,
    machine: Machine = None,
) -> None:
    """Enregistre un partenaire et écrit son client.json.

    Exemple :

        ./relais partenaire creer cd-62 --type departement --nom "Pas-de-Calais" --departement 62
        --scope messages:deposer --scope evenements:lire --convention orientation:2030-12-31
        --hote webhooks.exemple-62.fr
    """
    administered = administration(donnees, hub, machine)
    own = certificat is not None and cle_publique is None
    done = administered.act(
        "partenaire-creer",
        partenaire=code,
        type_organisme=type_organisme,
        nom=nom,
        departements=departement or [],
        scopes=scope or [],
        structures=[_structure(text) for text in structure or []],
        conventions=[_convention(text) for text in finalite or []],
        hotes=hote or [],
        exige_certificat=exige_certificat,
        etape=etape.value,
        cle=None if own else public_key(administered.data, code, cle_publique, renew=False),
        certificat=certificat.read_text() if certificat else None,
    )
    path = write_client(administered, code)
    typer.echo(f"Partenaire {code} créé : {path.parent} ; le relais le connaît dans deux secondes.")
    _warn_of_shared_structures(done)


@app.command()
def modifier(
    code: Code,
    nom: Annotated[str | None, typer.Option("--nom", help="Nouveau nom affiché.")] = None,
    departement: Departements = None,
    sans_departement: Annotated[list[str] | None, typer.Option("--sans-departement", help="À retirer.")] = None,
    scope: Scopes = None,
    sans_scope: Annotated[list[str] | None, typer.Option("--sans-scope", help="À retirer.")] = None,
    structure: Structures = None,
    sans_structure: Annotated[
        list[str] | None, typer.Option("--sans-structure", metavar="SYSTEME:VALEUR", help="À retirer.")
    ] = None,
    finalite: Conventions = None,
    sans_finalite: Annotated[
        list[str] | None, typer.Option("--sans-convention", metavar="FINALITE", help="À retirer.")
    ] = None,
    hote: Hotes = None,
    sans_hote: Annotated[list[str] | None, typer.Option("--sans-hote", help="À retirer.")] = None,
    exige_certificat: Annotated[
        bool | None, typer.Option("--exige-certificat/--sans-certificat", help=_REQUIRED)
    ] = None,
    donnees: Donnees = DEFAULT_FOLDER,
    hub: Hub = None,
    machine: Machine = None,
) -> None:
    """Ajoute, remplace ou retire ce qui est déclaré d'un partenaire ; ce qui n'est pas nommé reste.

    Une structure ou une convention déjà déclarée est remplacée. Retirer un hôte arrête aussitôt les livraisons vers
    lui ; retirer une convention arrête lectures, dépôts et livraisons de cette finalité.

    Exemples :

        ./relais partenaire modifier cd-62 --hote webhooks.exemple-62.fr --sans-hote ancien.exemple-62.fr

        ./relais partenaire modifier ml-lille --convention orientation:2031-12-31
        --structure siret:90000075300013:"Mission locale de Lille"
    """
    changes = {
        "nom": nom,
        "exige_certificat": exige_certificat,
        "departements": departement,
        "scopes": scope,
        "structures": [_structure(text) for text in structure or []] or None,
        "conventions": [_convention(text) for text in finalite or []] or None,
        "hotes": hote,
        "sans_departements": sans_departement,
        "sans_scopes": sans_scope,
        "sans_structures": sans_structure,
        "sans_conventions": sans_finalite,
        "sans_hotes": sans_hote,
    }
    if not any(value is not None for value in changes.values()):
        raise LaunchError("Rien à modifier : donnez au moins une option (--help).")
    administered = administration(donnees, hub, machine)
    done = administered.act("partenaire-modifier", partenaire=code, **changes)
    partner_registry.change_scopes(administered.data, code, done["resultat"]["scopes"])
    typer.echo(f"Partenaire {code} modifié ; le relais le sait dans deux secondes.")
    if stopped := done["resultat"]["abonnements_arretes"]:
        typer.echo(
            f"Attention : {stopped} abonnement(s) en service vers un hôte qui n'est plus déclaré ; "
            "plus rien ne leur est livré (hote-non-declare)."
        )
    _warn_of_shared_structures(done)


@app.command()
def lister(
    donnees: Donnees = DEFAULT_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Écrit la liste en JSON.")] = False,
    hub: Hub = None,
    machine: Machine = None,
) -> None:
    """Liste les partenaires, leur état, leurs clés, leurs certificats, et ceux qui sont un risque (profil hérité).

    Exemple :

        ./relais partenaire lister --json
    """

    rows = administration(donnees, hub, machine).view("partenaires")
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table("code", "type", "nom", "départements", "état", "clés", "certificats", "conformité", "risque")
    for row in rows:
        departements = ", ".join(row["departements"][:6]) + (", …" if len(row["departements"]) > 6 else "")
        first = [row["code"], row["type_organisme"], row["nom"], departements, _state(row)]
        counts = [str(len(row["cles"])), str(len(row["certificats"]))]
        proven = "\n".join(
            f"{one['programme']} {partenaire_certifier.STATES[one['etat']]}" for one in row["conformites"]
        )
        proven = proven or ("exigée, absente" if row["exige_certificat"] else "")
        until = row["herite_jusqua"]
        risk = _risk(datetime.fromisoformat(until) if until else None, datetime.now(UTC))
        table.add_row(*first, *counts, proven, risk)
    Console(highlight=False).print(table)


def _state(row: Mapping[str, Any]) -> str:
    return str(row["etat"] if row["etape"] == "production" else f"{row['etat']}, {row['etape']}")


@app.command()
def fiche(code: Code, donnees: Donnees = DEFAULT_FOLDER, hub: Hub = None, machine: Machine = None) -> None:
    """Montre un partenaire en JSON : ce qui est déclaré, ses clés et leurs fins, et les actes faits sur lui.

    Exemple :

        ./relais partenaire fiche cd-62
    """
    shown = administration(donnees, hub, machine).view("partenaires", partenaire=code)
    typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))


@app.command()
def suspendre(code: Code, donnees: Donnees = DEFAULT_FOLDER, hub: Hub = None, machine: Machine = None) -> None:
    """Suspend un partenaire : plus de jeton, plus de dépôt, plus de livraison.

    Exemple :

        ./relais partenaire suspendre ml-lille
    """
    administration(donnees, hub, machine).act("partenaire-suspendre", partenaire=code)
    typer.echo(f"Partenaire {code} : suspendu.")


@app.command()
def reprendre(code: Code, donnees: Donnees = DEFAULT_FOLDER, hub: Hub = None, machine: Machine = None) -> None:
    """Lève la suspension d'un partenaire.

    Exemple :

        ./relais partenaire reprendre ml-lille
    """
    administration(donnees, hub, machine).act("partenaire-reprendre", partenaire=code)
    typer.echo(f"Partenaire {code} : actif.")


def _risk(legacy_until: datetime | None, now: datetime) -> str:
    if legacy_until is None:
        return ""
    state = "secret expiré le" if legacy_until <= now else "secret valable jusqu'au"
    return f"profil hérité, {state} {legacy_until:%d/%m/%Y}"


def _structure(text: str) -> dict[str, str]:
    systeme, _, rest = text.partition(":")
    valeur, _, nom = rest.partition(":")
    if not (systeme and valeur and nom):
        raise LaunchError(f"Structure illisible : {text} ; forme attendue : siret:90000059700014:Nom.")
    return {"systeme": systeme, "valeur": valeur, "nom": nom}


def _convention(text: str) -> dict[str, str]:
    finalite, _, last_day = text.partition(":")
    try:
        return {"finalite": finalite, "date_fin": date.fromisoformat(last_day).isoformat()}
    except ValueError as error:
        raise LaunchError(f"Convention illisible : {text} ; forme attendue : orientation:2030-12-31.") from error


def _warn_of_shared_structures(done: Mapping[str, Any]) -> None:
    for one in done["resultat"]["structures_partagees"]:
        typer.echo(
            f"Attention : la structure {one['structure']} est aussi celle de {one['partenaire']} ; "
            "chacun des deux reçoit ce qui la concerne."
        )
