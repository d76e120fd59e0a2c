"""Write every generated file: `python -m relais_contrats.generer [folder]`. The same input gives the same bytes."""

import json
import sys
from pathlib import Path
from typing import Any

from relais_contrats.asyncapi import document_asyncapi, document_asyncapi_bus
from relais_contrats.openapi import document_openapi
from relais_contrats.reference import reference_markdown
from relais_contrats.registre import registre_csv, registre_markdown
from relais_contrats.schemas import tous_les_schemas

DOSSIER = Path(__file__).resolve().parent.parent / "generated"


def en_texte(document: Any) -> str:
    """Stable JSON text: sorted keys, two spaces, UTF-8, final newline."""
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def fichiers() -> dict[str, str]:
    """Relative path → text of all generated files."""
    schemas = {f"schemas/{nom}": en_texte(schema) for nom, schema in tous_les_schemas().items()}
    return {
        **schemas,
        "asyncapi.json": en_texte(document_asyncapi()),
        "asyncapi-bus.json": en_texte(document_asyncapi_bus()),
        "openapi.json": en_texte(document_openapi()),
        "messages.md": reference_markdown(),
        "registre.csv": registre_csv(),
        "registre.md": registre_markdown(),
    }


def ecrire(dossier: Path) -> int:
    """Write the files, remove those that no longer exist; returns how many were written."""
    textes = fichiers()
    for ancien in (p for p in dossier.rglob("*") if p.is_file()):
        if ancien.relative_to(dossier).as_posix() not in textes:
            ancien.unlink()
    for nom, texte in textes.items():
        chemin = dossier / nom
        chemin.parent.mkdir(parents=True, exist_ok=True)
        chemin.write_text(texte, encoding="utf-8", newline="\n")
    return len(textes)


if __name__ == "__main__":
    cible = Path(sys.argv[1]) if len(sys.argv) > 1 else DOSSIER
    sys.stdout.write(f"{ecrire(cible)} fichiers écrits dans {cible}\n")
