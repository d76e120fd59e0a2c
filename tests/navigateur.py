"""Debian's Chromium, headless: what a page measures at a width, what it prints, what it looks like."""

import re
import shutil
import subprocess
from html import escape
from pathlib import Path

import pytest

from deploy.allowed_skips import NO_BROWSER, NO_NPM_TOOL

_AXE = Path(__file__).parent / "outils" / "node_modules" / "axe-core" / "axe.min.js"

# As root in a container, and silent on the network.
CHROMIUM = [
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A window is never narrower than 500 px: the page is put in a frame, which the script outside of it measures.
_MESURE = """<!doctype html><meta charset="utf-8"><style>body {{ margin: 0 }}</style>
<iframe srcdoc="{page}" style="border: 0; width: {largeur}px; height: {hauteur}px"></iframe>
<p id="mesure"></p><script>
addEventListener("load", () => {{
  const root = document.querySelector("iframe").contentDocument.documentElement;
  document.querySelector("#mesure").textContent = "mesure " + root.scrollWidth + " sur " + root.scrollHeight + " fin";
}});
</script>"""

_JUGE = """<script src="{axe}"></script><script>
axe.run().then((found) => {{
  const said = document.createElement("p");
  said.textContent = "axe :" + found.violations.map((one) => " " + one.id).join("") + " ; fin";
  document.body.append(said);
}});
</script></body>"""


class Navigateur:
    """Skips the test where Chromium, or axe for `defauts`, is not installed."""

    def __init__(self, dossier: Path) -> None:
        if shutil.which("chromium") is None:
            pytest.skip(NO_BROWSER)
        self._dossier = dossier

    def taille(self, page: str, largeur: int) -> tuple[int, int]:
        """Width and height that the page takes in a frame of that width, in CSS pixels."""
        document = self._lancer(_MESURE.format(page=escape(page), largeur=largeur, hauteur=800), "--dump-dom")
        trouvee = re.search(rb"mesure (\d+) sur (\d+) fin", document)
        assert trouvee is not None, document[-500:]
        return int(trouvee[1]), int(trouvee[2])

    def defauts(self, page: str) -> list[str]:
        """The rules of axe-core that the page breaks; its colours are judged as they are shown."""
        if not _AXE.exists():
            pytest.skip(NO_NPM_TOOL)
        sondee = page.replace("</body>", _JUGE.format(axe=_AXE.as_uri()))
        document = self._lancer(sondee, "--allow-file-access-from-files", "--virtual-time-budget=20000", "--dump-dom")
        trouves = re.search(rb"axe :([a-z0-9 -]*) ; fin", document)
        assert trouves is not None, document[-500:]
        return trouves[1].decode().split()

    def imprimer(self, page: str) -> bytes:
        pdf = self._dossier / "page.pdf"
        self._lancer(page, f"--print-to-pdf={pdf}", "--no-pdf-header-footer")
        return pdf.read_bytes()

    def photographier(self, page: str, largeur: int, image: Path) -> None:
        hauteur = self.taille(page, largeur)[1]
        cadre = _MESURE.format(page=escape(page), largeur=largeur, hauteur=hauteur)
        self._lancer(cadre, f"--window-size={max(largeur, 500)},{hauteur}", f"--screenshot={image}")

    def _lancer(self, document: str, *options: str) -> bytes:
        source = self._dossier / "page.html"
        source.write_text(document, encoding="utf-8")
        profil = f"--user-data-dir={self._dossier / 'profil'}"
        command = [*CHROMIUM, profil, *options, source.as_uri()]
        return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
