--whom each connector serves, what it took, which key is which, how far it read, what it exchanged
-- depends:

-- migrate: apply

-- SQLite reads this part too, where a connector runs alone: it keeps to words that both know.
-- `scelle` holds the configuration and the credentials of the partner; `kid` names its key at the hub, `jeton` is the
-- SHA-256 of the token that the partner's own system shows here.
CREATE TABLE mandats (
    code       text PRIMARY KEY,
    systeme    text NOT NULL,
    partenaire text NOT NULL,
    etat       text NOT NULL CHECK (etat IN ('actif', 'suspendu')),
    scelle     bytea NOT NULL,
    kid        text NOT NULL,
    jeton      text,
    cree_a     timestamptz NOT NULL,
    change_a   timestamptz NOT NULL
);

-- What is handled once, whoever asks: held by one worker until `jusqu_a`, then by another; never again once settled.
CREATE TABLE prises (
    mandat  text NOT NULL,
    objet   text NOT NULL,
    etat    text NOT NULL CHECK (etat IN ('en-cours', 'fait', 'refuse')),
    par     text NOT NULL,
    jusqu_a timestamptz NOT NULL,
    PRIMARY KEY (mandat, objet)
);

-- Their key of a thing and ours. Theirs may name somebody: it is found by its keyed digest and read back unsealed.
CREATE TABLE correspondances (
    mandat    text NOT NULL,
    espace    text NOT NULL,
    empreinte text NOT NULL,
    scelle    bytea NOT NULL,
    la_notre  text NOT NULL,
    PRIMARY KEY (mandat, espace, empreinte)
);
CREATE INDEX correspondances_par_la_notre ON correspondances (mandat, espace, la_notre);

CREATE TABLE positions (
    mandat text NOT NULL,
    nom    text NOT NULL,
    valeur text NOT NULL,
    PRIMARY KEY (mandat, nom)
);

-- One line per exchange, of nobody in particular. `compte` is JSON: how many of each outcome.
CREATE TABLE echanges (
    id         text PRIMARY KEY,
    mandat     text NOT NULL,
    sens       text NOT NULL CHECK (sens IN ('entrant', 'sortant')),
    nature     text NOT NULL,
    reference  text NOT NULL,
    etat       text NOT NULL CHECK (etat IN ('en-cours', 'fait', 'refuse', 'echec')),
    compte     text NOT NULL,
    motif      text,
    trace      text NOT NULL,
    commence_a timestamptz NOT NULL,
    fini_a     timestamptz
);
CREATE INDEX echanges_recents ON echanges (mandat, commence_a);

-- migrate: rollback
DROP TABLE echanges, positions, correspondances, prises, mandats;
