"""The pages behind a link: the question and its form, what became of the answer, why a link leads nowhere.

They say what is asked, by whom and for what; never who the person is: who holds the address may be anybody.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from gateway.balises import Element, Noeud, csp, document, h
from gateway.feuille_mots import dire, jour
from gateway.inbound.links.answer_form import A_L_ETUDE, ACCEPTEE, MESSAGE_MAX, REFUSEE, Lue, Saisie
from gateway.inbound.links.answer_style import STYLE
from relais_contrats.codes.offre import MotifRefusPrescription

Json: TypeAlias = Mapping[str, Any]

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": csp(STYLE, "'self'"),
    # The address is the right to answer: it is neither kept by caches nor told to other sites.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
_CONTACTS = {
    "telephone": "par téléphone",
    "courriel": "par courriel",
    "referent": "par l'intermédiaire de son référent",
    "autre": "autrement, à convenir avec le prescripteur",
}
_SUITES = {
    "acceptee": "Vous avez accepté cette demande le {le}.",
    "refusee": "Vous avez refusé cette demande le {le}.",
    "annulee": "Le prescripteur a annulé cette demande le {le}.",
    "expiree": "Cette demande a expiré le {le}.",
    "commencee": "Cette demande a été acceptée, et la personne a commencé.",
    "terminee": "Cette demande a été acceptée, et la participation de la personne a pris fin.",
}
_ENREGISTREES = {
    ACCEPTEE: "Vous acceptez cette demande.",
    A_L_ETUDE: "Vous étudiez cette demande. Ce même lien vous permettra d'accepter ou de refuser ensuite.",
    REFUSEE: "Vous refusez cette demande.",
}
_NOMS = {"reponse": "Votre réponse", "motif": "Motif du refus", "message": "Message au prescripteur"}
_ANONYME = (
    "Par prudence, cette page ne dit pas qui est la personne : un lien peut être transmis. Le prescripteur vous le "
    "dira, et comment la joindre."
)


def question(vue: Json, prescripteur: str, lue: Lue | None = None) -> str:
    """`vue` is the answer of `lecture.offres.prescription`; `lue` what was typed, to be put right."""
    erreurs = lue.erreurs if lue else {}
    titre = "Répondre à une demande"
    return _page(
        f"Erreur : {titre.lower()}" if erreurs else titre,
        _resume(erreurs),
        h("h1", titre),
        h("p", "Une personne est adressée à votre structure. Dites au prescripteur la suite que vous donnez."),
        _demande(vue, prescripteur),
        h("p", _ANONYME, classe="discret"),
        _formulaire(vue["etat"] == "a-l-etude", lue.saisie if lue else Saisie(), erreurs),
    )


def recorded(saisie: Saisie) -> str:
    return _page(
        "Réponse enregistrée",
        h("h1", "Merci, votre réponse est enregistrée"),
        h("p", _ENREGISTREES[saisie.reponse]),
        _motifs(saisie.motifs),
        _message(saisie.message),
        h("p", "Elle est transmise au prescripteur. Vous pouvez fermer cette page."),
    )


def answered(vue: Json, prescripteur: str) -> str:
    """What became of a request that awaits nothing any more."""
    le = vue.get("fin_le") or vue.get("repondue_le")
    est_expiree = vue["etat"] in ("expiree", "annulee")
    titre = "Cette demande n'attend plus de réponse" if est_expiree else "Déjà répondu"
    return _page(
        titre,
        h("h1", titre),
        h("p", _SUITES[vue["etat"]].format(le=jour(le) if le else "…")),
        _motifs(vue["motifs"]),
        _message(vue["message"]),
        _demande(vue, prescripteur),
        h("p", "Pour revenir sur cette réponse, adressez-vous au prescripteur.") if not est_expiree else None,
    )


def refused() -> str:
    return _sans_suite(
        "Réponse non enregistrée",
        "Votre réponse n'a pas pu être enregistrée. Ouvrez à nouveau le lien : il dit où en est la demande.",
    )


def unavailable() -> str:
    return _sans_suite(
        "Service momentanément indisponible",
        "Votre réponse n'a pas pu être prise en compte. Le lien reste valable : réessayez dans quelques minutes.",
    )


def too_often() -> str:
    return _sans_suite("Trop de demandes", "Ce lien a été ouvert trop souvent. Il reste valable : attendez une minute.")


def expired() -> str:
    return _sans_suite(
        "Ce lien a expiré",
        "Le délai de réponse est passé. Si vous souhaitez accueillir la personne, dites-le au prescripteur : il pourra "
        "faire une nouvelle demande.",
    )


def has_a_system() -> str:
    return _sans_suite(
        "Ce lien n'est plus utile",
        "Votre structure a désormais un système relié au relais : c'est par lui qu'elle répond à cette demande.",
    )


def unknown() -> str:
    return _sans_suite(
        "Lien inconnu",
        "Ce lien n'existe pas. Vérifiez que l'adresse est entière : un courriel peut l'avoir coupée en deux. Sinon, "
        "demandez-en un nouveau au prescripteur.",
    )


def not_a_form() -> str:
    return _sans_suite(
        "Réponse illisible", "Ce qui a été envoyé n'est pas le formulaire de cette page : ouvrez le lien."
    )


def too_long() -> str:
    return _sans_suite(
        "Réponse trop longue",
        "Le message peut avoir 1\u00a0000 signes. Revenez à la page précédente et raccourcissez-le.",
    )


def _sans_suite(titre: str, phrase: str) -> str:
    return _page(titre, h("h1", titre), h("p", phrase))


def _page(titre: str, *contenu: Noeud) -> str:
    entete = h("header", h("p", "Relais · parcours d'insertion"))
    return document(f"{titre} · Relais", STYLE, entete, h("main", *contenu))


def _demande(vue: Json, prescripteur: str) -> Element:
    agent = vue.get("agent")
    qui = f"{prescripteur}, {agent}" if agent and agent.casefold() != "batch" else prescripteur
    attendue = vue["attend_une_reponse"]
    etude = f"À l'étude depuis le {jour(vue['repondue_le'])}." if vue["etat"] == "a-l-etude" else None
    return h(
        "dl",
        *_ligne("Demandé par", qui),
        *_ligne("Le", jour(vue["emise_le"])),
        *_ligne("Pour le service", vue.get("service_nom") or vue["service_id"]),
        *_ligne("De la structure", vue["structure_nom"]),
        *_ligne("Ce qui est attendu", vue.get("motif"), "texte"),
        *_ligne("Comment la personne préfère être jointe", _CONTACTS.get(vue.get("contact_prefere") or "")),
        *_ligne("Disponible à partir du", jour(vue["disponibilite"]) if vue.get("disponibilite") else None),
        *_ligne("État", etude),
        *_ligne("Répondre avant le", jour(vue["expire_le"]) if attendue else None),
    )


def _ligne(nom: str, dit: str | None, classe: str | None = None) -> Sequence[Element]:
    return (h("dt", nom), h("dd", dit, classe=classe)) if dit else ()


def _formulaire(est_a_l_etude: bool, saisie: Saisie, erreurs: Mapping[str, str]) -> Element:
    choix = [
        (ACCEPTEE, "Accepter", "Votre structure accueillera la personne."),
        (A_L_ETUDE, "Mettre à l'étude", "Vous répondrez plus tard : le délai passe de trente à soixante jours."),
        (REFUSEE, "Refuser", "Dites pourquoi ci-dessous."),
    ]
    offerts = [un for un in choix if not (est_a_l_etude and un[0] == A_L_ETUDE)]
    reponses = [_case("radio", "reponse", valeur, dit, valeur == saisie.reponse, aide) for valeur, dit, aide in offerts]
    motifs = [
        _case("checkbox", "motif", motif.value, motif.description.rstrip("."), motif.value in saisie.motifs)
        for motif in MotifRefusPrescription
    ]
    return h(
        "form",
        h("h2", "Votre réponse"),
        _groupe("reponse", "Suite donnée (obligatoire)", reponses, erreurs),
        _groupe("motif", "Motifs du refus (un au moins si vous refusez)", motifs, erreurs),
        _champ_message(saisie.message, erreurs.get("message")),
        h("p", h("button", "Envoyer la réponse", type="submit")),
        method="post",
    )


def _groupe(nom: str, legende: str, cases: Sequence[Element], erreurs: Mapping[str, str]) -> Element:
    erreur = erreurs.get(nom)
    return h(
        "fieldset",
        h("legend", legende),
        _erreur(nom, erreur),
        *cases,
        id=f"champ-{nom}",
        tabindex="-1" if erreur else None,
        aria_describedby=f"erreur-{nom}" if erreur else None,
        classe="faux" if erreur else None,
    )


def _case(genre: str, nom: str, valeur: str, dit: str, est_cochee: bool, aide: str | None = None) -> Element:
    ident = f"{nom}-{valeur}"
    coche, decrit = "checked" if est_cochee else None, f"{ident}-aide" if aide else None
    return h(
        "div",
        h("input", type=genre, name=nom, value=valeur, id=ident, checked=coche, aria_describedby=decrit),
        h("label", dit, for_=ident),
        h("p", aide, id=decrit, classe="discret") if aide else None,
        classe="case",
    )


def _champ_message(message: str, erreur: str | None) -> Element:
    aide = (
        "Obligatoire si vous cochez « Autre motif » ; 1\u00a0000 signes au plus. N'y écrivez ni le nom de la "
        "personne ni rien de sa santé."
    )
    texte = h(
        "textarea",
        f"\n{message}",  # the first line feed of a text area is not part of it
        id="champ-message",
        name="message",
        rows="5",
        maxlength=str(MESSAGE_MAX),
        aria_invalid="true" if erreur else None,
        aria_describedby="erreur-message aide-message" if erreur else "aide-message",
    )
    return h(
        "div",
        h("label", _NOMS["message"], for_="champ-message"),
        h("p", aide, id="aide-message", classe="discret"),
        _erreur("message", erreur),
        texte,
        classe="champ faux" if erreur else "champ",
    )


def _resume(erreurs: Mapping[str, str]) -> Element | None:
    """What is to be put right, each leading to its field."""
    if not erreurs:
        return None
    liens = [h("li", h("a", f"{_NOMS[nom]} : {phrase}", href=f"#champ-{nom}")) for nom, phrase in erreurs.items()]
    titre = h("p", h("strong", "Votre réponse n'est pas enregistrée. Ce que vous avez saisi est gardé ci-dessous."))
    return h("div", titre, h("ul", *liens), role="alert", classe="alerte")


def _motifs(motifs: Sequence[str]) -> Element | None:
    dits = [dire(MotifRefusPrescription, motif) for motif in motifs]
    return h("p", f"Motifs : {' ; '.join(filter(None, dits))}.") if dits else None


def _message(message: str | None) -> Element | None:
    return h("p", message, classe="texte cite") if message else None


def _erreur(nom: str, erreur: str | None) -> Element | None:
    return h("p", f"Erreur : {erreur}", id=f"erreur-{nom}", classe="erreur") if erreur else None
