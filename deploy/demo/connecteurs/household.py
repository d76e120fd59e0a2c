"""A person as the CNAF tells her: a `vrsb` flow of one household."""

from __future__ import annotations

from datetime import date, timedelta

from deploy.demo.persons import Person

_ASKED = timedelta(days=12)


def flow(person: Person, demande: str, matricule: str, today: date) -> bytes:
    """`demande`, `matricule`: the numbers of her household at the CAF."""
    identite = person.identite
    sexe, qual = ("2", "MME") if identite["sexe"] == "feminin" else ("1", "MR")
    asked = (today - _ASKED).isoformat()
    text = f"""<?xml version="1.0" encoding="windows-1252"?>
<Racine><IdentificationFlux>
<APPLIEME>CRI</APPLIEME><NUMVERSIONAPPLIEME>6200</NUMVERSIONAPPLIEME><TYPEFLUX>M</TYPEFLUX><NATFLUX>D</NATFLUX>
<DTCREAFLUX>{today}</DTCREAFLUX><HEUCREAFLUX>01:18:36.0000</HEUCREAFLUX><DTREF>{today}</DTREF>
</IdentificationFlux>
<InfosFoyerRSA><IdentificationRSA>
<Organisme><FONORG>CAF</FONORG><NUMORG>591</NUMORG><MATRICULE>{matricule}</MATRICULE></Organisme>
<Partenaire><TYPEPARTE>CG </TYPEPARTE><IDEPARTE>059</IDEPARTE></Partenaire>
<DemandeRSA><DTDEMRSA>{asked}</DTDEMRSA><NUMDEMRSA>{demande}</NUMDEMRSA></DemandeRSA></IdentificationRSA>
<Personne><Identification><QUAL>{qual}</QUAL><NOM>{person.nom.upper()}</NOM><NOMNAI>{person.nom.upper()}</NOMNAI>
<PRENOM>{person.prenom.upper()}</PRENOM><NOMCOMNAI>LILLE</NOMCOMNAI><DTNAI>{person.naissance}</DTNAI>
<NIR>{person.nir}</NIR><SEXE>{sexe}</SEXE></Identification>
<DossierCAF><TOPRESPDOS>1</TOPRESPDOS></DossierCAF>
<Prestations><NATPREST>RSA</NATPREST><ROLEPERS>DEM</ROLEPERS></Prestations>
<DossierPoleEmploi><IDASSEDIC>{person.numero_france_travail}</IDASSEDIC></DossierPoleEmploi>
<MontantCalculDroitRSAPersonne><TOPPERSDRODEVORSA>1</TOPPERSDRODEVORSA></MontantCalculDroitRSAPersonne></Personne>
<DonneesAdministratives><Adresse><TroncCommunAdresse><RGADR>01</RGADR><PAYS>FRA</PAYS></TroncCommunAdresse>
<AdresseDetailleeFrance><NUMVOIE>1</NUMVOIE><LIBTYPEVOIE>RUE</LIBTYPEVOIE><NOMVOIE>DE LA FICTION</NOMVOIE>
<NUMCOM>59350</NUMCOM><CODEPOS>59000</CODEPOS><NOMCOM>LILLE</NOMCOM></AdresseDetailleeFrance></Adresse>
</DonneesAdministratives>
<PrestationRSA><SituationDossierRSA><EtatDossierRSA><ETATDOSRSA>2</ETATDOSRSA></EtatDossierRSA></SituationDossierRSA>
</PrestationRSA></InfosFoyerRSA>
<TransmissionFlux><NBTOTDOSRSATRANSM>00000001</NBTOTDOSRSATRANSM>
<NBTOTDOSRSATRANSMANO>00000000</NBTOTDOSRSATRANSMANO></TransmissionFlux></Racine>"""
    return text.encode("windows-1252")
