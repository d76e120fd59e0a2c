"""Small CNAF flows written for the tests: fictitious persons, every part of a household can be changed or left out."""

from pathlib import Path

from relais_contrats.identifiants import cle_nir

SHARED = Path(__file__).resolve().parents[3] / "shared/data/cnaf"
NO_REAL_FILES = "the real CNAF files are not beside this checkout"
HEADER = """<IdentificationFlux>
<APPLIEME>CRI</APPLIEME><NUMVERSIONAPPLIEME>6200</NUMVERSIONAPPLIEME><TYPEFLUX>M</TYPEFLUX><NATFLUX>D</NATFLUX>
<DTCREAFLUX>2026-11-05</DTCREAFLUX><HEUCREAFLUX>01:18:36.0000</HEUCREAFLUX><DTREF>2026-10-31</DTREF>
</IdentificationFlux>"""
TRAILER = """<TransmissionFlux><NBTOTDOSRSATRANSM>00000001</NBTOTDOSRSATRANSM>
<NBTOTDOSRSATRANSMANO>00000000</NBTOTDOSRSATRANSMANO></TransmissionFlux>"""
ADRESSE = """<Adresse><TroncCommunAdresse><RGADR>01</RGADR><PAYS>FRA</PAYS></TroncCommunAdresse>
<AdresseDetailleeFrance><NUMVOIE>25</NUMVOIE><LIBTYPEVOIE>RUE</LIBTYPEVOIE><NOMVOIE>DES ÉCOLES</NOMVOIE>
<NUMCOM>59350</NUMCOM><CODEPOS>59000</CODEPOS><NOMCOM>LILLE</NOMCOM></AdresseDetailleeFrance></Adresse>"""
OPEN = "<EtatDossierRSA><ETATDOSRSA>2</ETATDOSRSA></EtatDossierRSA>"


def nir(place: int, *, key: bool = False) -> str:
    """Born in no commune of the Nord: nobody's."""
    number = f"2850259{900 + place // 1000:03d}{place % 1000:03d}"
    return number + cle_nir(number) if key else number


def personne(
    place: int = 1,
    *,
    nir_: str | None = None,
    role: str = "DEM",
    soumis: str | None = "1",
    nom: str = "FICTIVE",
    ft: str | None = None,
    naissance: str = "1985-02-01",
    prestations: str | None = None,
) -> str:
    prestations = prestations or (
        f"<Prestations><NATPREST>PFA</NATPREST><ROLEPERS>ENF</ROLEPERS></Prestations>"
        f"<Prestations><NATPREST>RSA</NATPREST><ROLEPERS>{role}</ROLEPERS></Prestations>"
    )
    droit = f"<TOPPERSDRODEVORSA>{soumis}</TOPPERSDRODEVORSA>" if soumis is not None else ""
    return f"""<Personne><Identification><QUAL>MME</QUAL><NOM>{nom}</NOM><NOMNAI>{nom}</NOMNAI>
<PRENOM>ZOÉ{chr(65 + place % 26)}</PRENOM><NOMCOMNAI>LILLE</NOMCOMNAI><DTNAI>{naissance}</DTNAI>
<NIR>{nir(place) if nir_ is None else nir_}</NIR><SEXE>2</SEXE></Identification>
<DossierCAF><TOPRESPDOS>0</TOPRESPDOS></DossierCAF>{prestations}
{f"<DossierPoleEmploi><IDASSEDIC>{ft}</IDASSEDIC></DossierPoleEmploi>" if ft else ""}
<MontantCalculDroitRSAPersonne>{droit}</MontantCalculDroitRSAPersonne></Personne>"""


def foyer(
    *personnes: str,
    fonorg: str = "CAF",
    departement: str = "059",
    matricule: str = "1234567",
    demande_le: str = "2026-10-12",
    demande: str = "01024041059",
    adresses: str = ADRESSE,
    situation: str = OPEN,
) -> str:
    return f"""<InfosFoyerRSA><IdentificationRSA>
<Organisme><FONORG>{fonorg}</FONORG><NUMORG>591</NUMORG><MATRICULE>{matricule}</MATRICULE></Organisme>
<Partenaire><TYPEPARTE>CG </TYPEPARTE><IDEPARTE>{departement}</IDEPARTE></Partenaire>
<DemandeRSA><DTDEMRSA>{demande_le}</DTDEMRSA><NUMDEMRSA>{demande}</NUMDEMRSA></DemandeRSA></IdentificationRSA>
{"".join(personnes or (personne(),))}
<DonneesAdministratives>{adresses}</DonneesAdministratives>
<PrestationRSA><SituationDossierRSA>{situation}</SituationDossierRSA></PrestationRSA></InfosFoyerRSA>"""


def flux(*foyers: str, header: str = HEADER, trailer: str = TRAILER, encoding: str = "windows-1252") -> bytes:
    body = "\n".join((header, *(foyers or (foyer(),)), trailer))
    return f'<?xml version="1.0" encoding="{encoding}"?>\n<Racine>\n{body}</Racine>'.encode(encoding)
