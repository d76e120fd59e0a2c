"""What a run must show for a certificate, and the set of requirements to which the certificate is bound."""

from collections.abc import Mapping, Sequence

from relais_contrats.conformite import Programme, empreinte_du_jeu
from relais_kit.carnet import Etat, Resultat
from relais_kit.emetteur.exigences import EXIGENCES as EMETTEUR
from relais_kit.exigences import Exigences
from relais_kit.recepteur.exigences import EXIGENCES as RECEPTEUR

JEUX: Mapping[Programme, Exigences] = {Programme.EMETTEUR: EMETTEUR, Programme.RECEPTEUR: RECEPTEUR}
# Without these nothing was put to the test: what is not covered fails nobody, and certifies nothing.
_A_MONTRER: Mapping[Programme, Sequence[frozenset[str]]] = {
    Programme.EMETTEUR: (
        frozenset({"emetteur.jeton-obtenu"}),
        frozenset({"emetteur.dpop-presente"}),
        frozenset({"emetteur.dpop-juste"}),
        frozenset({"emetteur.relance-503", "emetteur.lecture-relancee"}),
    ),
    Programme.RECEPTEUR: tuple(
        frozenset({f"recepteur.{nom}"})
        for nom in (
            *("poignee-de-main", "evenement-accepte", "doublon-accepte"),
            *("sans-signature", "signature-fausse", "corps-altere", "horodatage-ancien"),
        )
    ),
}


def empreinte(programme: Programme) -> str:
    """Of the requirements of this kit."""
    return empreinte_du_jeu(JEUX[programme].values())


def manques(programme: Programme, resultats: Sequence[Resultat], arret: str | None) -> list[str]:
    """Why this run earns no certificate, in French sentences without their full stop; none when it does. `arret`: why
    it was cut short."""
    echecs = [f"{r.exigence.id} : {' ; '.join(r.details)}" for r in resultats if r.etat is Etat.ECHOUEE]
    passees = {r.exigence.id for r in resultats if r.etat is Etat.PASSEE}
    tus = [" ou ".join(sorted(choix)) for choix in _A_MONTRER[programme] if not choix & passees]
    arrets = [f"la vérification s'est arrêtée : {arret}"] if arret else []
    return echecs or [*arrets, *(f"{exigence} n'est pas couverte" for exigence in tus)]
