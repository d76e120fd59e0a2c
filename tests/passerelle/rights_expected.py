"""CATALOGUE § 3 and 5 written by hand a second time: who sends and receives which message, as what, for which purposes.

Where column E names a kind for what it may not read (a CAF corrects what it signalled, asks for an orientation), or the
group that a message writes is decided apart (decision 0030), the table follows them.

Data only, for `test_rights_table`; nothing here is computed by what it is compared with. One character per kind of
partner, in the order of `GENRES`: `r` receives, `e` may send, `b` both, `.` neither.
"""

GENRES = (
    "departement",
    "france-travail",
    "mission-locale",
    "cap-emploi",
    "delegataire",
    "ccas",
    "association",
    "siae",
    "caf",
    "msa",
    "plateforme-offre",
    "departement d'ailleurs",
)
"""The twelve kinds of partners. All act in 59, where the parcours is, but the last, which acts in 62."""

SITUATIONS = ("chez lui", "signale", "prescrit", "referent", "accompagne")
"""The columns of `TABLE`.

`chez lui`: the territory for a département and France Travail, the person oriented to the others, and for a CAF or an
MSA a signalement of somebody whom it may be told; the platform takes no part. `signale`: it signalled her and was not
told who she is (a département and France Travail take part in their territory all the same). Then the structure of a
prescription, of the référent, an accompagnant.
"""

FINALITES = {"o": "orientation", "a": "accompagnement", "e": "engagement", "f": "offre", "p": "pilotage"}

TABLE: dict[str, tuple[str, str, str, str, str, str]] = {
    "usager.signale": ("oae", "bbee....ee.e", "bbee....ee.e", "bbee....ee.e", "bbee....ee.e", "bbee....ee.e"),
    "usager.corrige": ("oae", "bbee....ee..", "bb..........", "bbee....ee..", "bbee....ee..", "bbee....ee.."),
    "parcours.ouvert": ("oae", "r...........", "r...........", "r...........", "r...........", "r..........."),
    "parcours.rattache": ("oae", "r...........", "r...........", "r...........", "r...........", "r..........."),
    "parcours.partage": ("oaef", "............", "............", "............", "............", "............"),
    "usager.ambigu": ("oae", "r...........", "r...........", "r...........", "r...........", "r..........."),
    "usager.rapproche": ("oae", "bb..........", "bb..........", "bb..........", "bb..........", "bb.........."),
    "usager.fusionne": ("oaef", "bbrrrrrrrr..", "bb..........", "bbrrrrrrrrrr", "bbrrrrrrrrrr", "bbrrrrrrrrrr"),
    "usager.defusionne": ("oaef", "bbrrrrrrrr..", "bb..........", "bbrrrrrrrrrr", "bbrrrrrrrrrr", "bbrrrrrrrrrr"),
    "droits.modifies": ("oae", "br......ee..", "br......ee..", "br......ee..", "br......ee..", "br......ee.."),
    "parcours.transfere": ("oaef", "brrrrrrrrr..", "br..........", "brrrrrrrrrrr", "brrrrrrrrrrr", "brrrrrrrrrrr"),
    "transfert.signale": ("oae", "rr..........", "rr..........", "rr..........", "rr..........", "rr.........."),
    "parcours.clos": ("oaef", "bbrrrrrrrr..", "bb..........", "bbrrrrrrrrrr", "bbrrrrrrrrrr", "bbrrrrrrrrrr"),
    "usager.oppose": ("oaef", "brrrrrrrrr..", "brrrrrrrrrrr", "brrrrrrrrrrr", "brrrrrrrrrrr", "brrrrrrrrrrr"),
    "usager.efface": ("oaef", "brrrrrrrrr..", "brrrrrrrrrrr", "brrrrrrrrrrr", "brrrrrrrrrrr", "brrrrrrrrrrr"),
    "orientation.demandee": ("oa", "bbbrrrrree..", "bb..........", "bbbrrrrree.r", "bbbrrrrree.r", "bbbrrrrree.r"),
    "diagnostic.realise": ("oa", "bbbbb.......", "bb..........", "bbbbb......r", "bbbbb......r", "bbbbb......r"),
    "orientation.preconisee": ("oa", "bbrrrrrr....", "bb..........", "bbrrrrrr...r", "bbrrrrrr...r", "bbrrrrrr...r"),
    "orientation.decidee": ("oae", "bbbbrrrr....", "bb..........", "bbbbrrrr...r", "bbbbrrrr...r", "bbbbrrrr...r"),
    "orientation.annulee": ("oae", "bbbbrrrr....", "bb..........", "bbbbrrrr...r", "bbbbrrrr...r", "bbbbrrrr...r"),
    "orientation.notifiee": ("oae", "bbbbbbbb....", "bb..........", "bbrrrrrr...r", "bbrrrrrr...r", "bbrrrrrr...r"),
    "orientation.dessaisie": ("oa", "rr..........", "rr..........", "rr..........", "rr..........", "rr.........."),
    "reorientation.demandee": ("oa", "bbrrrrrr....", "bb..........", "bbrrrrrr...r", "bbbbbbbb...b", "bbrrrrrr...r"),
    "reorientation.decidee": ("oae", "bbrrrrrr....", "bb..........", "bbrrrrrr...r", "bbrrrrrr...r", "bbrrrrrr...r"),
    "reprise.declaree": ("oae", "bbrrrrrr....", "bb..........", "bbrrrrrr...r", "bbrrrrrr...r", "bbrrrrrr...r"),
    "orientation.close": ("oae", "bbbbbbbb....", "bb..........", "bbrrrrrr...r", "bbrrrrrr...r", "bbrrrrrr...r"),
    "referent.designe": ("ae", "brbbbbbb....", "br..........", "brrrrrrr...r", "brrrrrrr...r", "brrrrrrr...r"),
    "referent.accepte": ("ae", "rrrrrrrr....", "rr..........", "rrrrrrrr...r", "bbbbbbbb...b", "rrrrrrrr...r"),
    "referent.decline": ("ae", "rrrrrrrr....", "rr..........", "rrrrrrrr...r", "bbbbbbbb...b", "rrrrrrrr...r"),
    "referent.remplace": ("ae", "brbbbbbb....", "br..........", "brrrrrrr...r", "bbbbbbbb...b", "brrrrrrr...r"),
    "referent.termine": ("ae", "brbbbbbb....", "br..........", "brrrrrrr...r", "bbbbbbbb...b", "brrrrrrr...r"),
    "referent.annule": ("ae", "brbbbbbb....", "br..........", "brrrrrrr...r", "bbbbbbbb...b", "brrrrrrr...r"),
    "accompagnant.ajoute": ("ae", "bbbbbbbb....", "bb..........", "bbbbbbbb...b", "bbbbbbbb...b", "bbbbbbbb...b"),
    "accompagnant.retire": ("ae", "bbbbbbbb....", "bb..........", "bbbbbbbb...b", "bbbbbbbb...b", "bbbbbbbb...b"),
    "rdv.planifie": ("oa", "bbbbbbbb....", "bb..........", "bbbbbbbb...b", "bbbbbbbb...b", "bbbbbbbb...b"),
    "rdv.modifie": ("oa", "bbbbbbbb....", "bb..........", "bbbbbbbb...b", "bbbbbbbb...b", "bbbbbbbb...b"),
    "rdv.annule": ("oa", "bbbbbbbb....", "bb..........", "bbbbbbbb...b", "bbbbbbbb...b", "bbbbbbbb...b"),
    "rdv.constate": ("oa", "bbbbbbbb....", "bb..........", "bbbbbbbb...b", "bbbbbbbb...b", "bbbbbbbb...b"),
    "contrat.propose": ("ae", "bbrrr.......", "bb..........", "bbrrr......r", "bbbbb......b", "bbrrr......r"),
    "contrat.signe": ("ae", "bbrrr.......", "bb..........", "bbrrr......r", "bbbbb......b", "bbrrr......r"),
    "contrat.refuse": ("ae", "bbrrr.......", "bb..........", "bbrrr......r", "bbbbb......b", "bbrrr......r"),
    "contrat.annule": ("ae", "bbrrr.......", "bb..........", "bbrrr......r", "bbbbb......b", "bbrrr......r"),
    "contrat.suspendu": ("ae", "bbrrr.......", "bb..........", "bbrrr......r", "bbrrr......r", "bbrrr......r"),
    "contrat.repris": ("ae", "bbrrr.......", "bb..........", "bbrrr......r", "bbrrr......r", "bbrrr......r"),
    "contrat.clos": ("ae", "bbrrr.......", "bb..........", "bbrrr......r", "bbrrr......r", "bbrrr......r"),
    "contrat.a-resigner": ("ae", "rrrrr.......", "rr..........", "rrrrr......r", "rrrrr......r", "rrrrr......r"),
    "contrat.bilan": ("ae", "rrrrr.......", "rr..........", "rrrrr......r", "bbbbb......b", "rrrrr......r"),
    "engagement.retard": ("ae", "r.rrr.......", "r...........", "r...........", "rrrrr......r", "r..........."),
    "reexamen.du": ("oae", "r.rrr.......", "r...........", "r...........", "rrrrr......r", "r..........."),
    "manquement.signale": ("e", "r...........", "r...........", "r...........", "beeeeeee...e", "r..........."),
    "sanction.proposee": ("e", "r...........", "r...........", "r...........", "beeeeeee...e", "r..........."),
    "sanction.decidee": ("e", "er......rr..", "er..........", "er......rr..", "er......rr..", "er......rr.."),
    "sanction.levee": ("e", "er......rr..", "er..........", "er......rr..", "er......rr..", "er......rr.."),
    "structure.publiee": ("f", "e...e.ee..ee", "e...e.ee..ee", "e...e.ee..ee", "e...e.ee..ee", "e...e.ee..ee"),
    "service.publie": ("f", "e...e.ee..ee", "e...e.ee..ee", "e...e.ee..ee", "e...e.ee..ee", "e...e.ee..ee"),
    "structure.retiree": ("f", "e...e.ee..ee", "e...e.ee..ee", "e...e.ee..ee", "e...e.ee..ee", "e...e.ee..ee"),
    "service.retire": ("f", "e...e.ee..ee", "e...e.ee..ee", "e...e.ee..ee", "e...e.ee..ee", "e...e.ee..ee"),
    "prescription.emise": ("af", "eeeeeeee....", "ee..........", "bbbbbbbbrrrb", "eeeeeeee...e", "eeeeeeee...e"),
    "prescription.mise-a-l-etude": (
        "af",
        "............",
        "............",
        "eeeeeeeeeeee",
        "rrrrrrrrrrrr",
        "............",
    ),
    "prescription.acceptee": ("af", "............", "............", "eeeeeeeeeeee", "rrrrrrrrrrrr", "............"),
    "prescription.refusee": ("af", "............", "............", "eeeeeeeeeeee", "rrrrrrrrrrrr", "............"),
    "prescription.annulee": ("af", "............", "............", "rrrrrrrrrrrr", "rrrrrrrrrrrr", "............"),
    "prescription.relancee": ("af", "............", "............", "rrrrrrrrrrrr", "rrrrrrrrrrrr", "............"),
    "prescription.expiree": ("af", "............", "............", "rrrrrrrrrrrr", "rrrrrrrrrrrr", "............"),
    "participation.commencee": ("af", "............", "............", "eeeeeeeeeeee", "rrrrrrrrrrrr", "............"),
    "participation.terminee": ("af", "............", "............", "eeeeeeeeeeee", "rrrrrrrrrrrr", "............"),
    "objectif.ajoute": ("a", "rrrrrrrr....", "rr..........", "rrrrrrrr...r", "bbbbbbbb...b", "bbbbbbbb...b"),
    "objectif.modifie": ("a", "rrrrrrrr....", "rr..........", "rrrrrrrr...r", "bbbbbbbb...b", "bbbbbbbb...b"),
    "objectif.clos": ("a", "rrrrrrrr....", "rr..........", "rrrrrrrr...r", "bbbbbbbb...b", "bbbbbbbb...b"),
    "action.ajoutee": ("a", "rrrrrrrr....", "rr..........", "rrrrrrrr...r", "bbbbbbbb...b", "bbbbbbbb...b"),
    "action.modifiee": ("a", "rrrrrrrr....", "rr..........", "rrrrrrrr...r", "bbbbbbbb...b", "bbbbbbbb...b"),
    "action.realisee": ("a", "rrrrrrrr....", "rr..........", "rrrrrrrr...r", "bbbbbbbb...b", "bbbbbbbb...b"),
    "action.abandonnee": ("a", "rrrrrrrr....", "rr..........", "rrrrrrrr...r", "bbbbbbbb...b", "bbbbbbbb...b"),
    "observation.ajoutee": ("a", "bbbbbeee....", "bb..........", "bbbbbeee...b", "bbbbbeee...b", "bbbbbeee...b"),
    "abonnement.suspendu": ("oaefp", "............", "............", "............", "............", "............"),
}
"""Purposes, then one column per situation."""
