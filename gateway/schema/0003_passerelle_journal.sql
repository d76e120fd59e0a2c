--what partners deposit, what became of it, its receipts, and every access
-- depends: 0002_passerelle_usages_uniques

-- migrate: apply
CREATE TABLE depots (
    numero         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id             uuid NOT NULL UNIQUE,
    partenaire     text NOT NULL REFERENCES partenaires,
    message        text NOT NULL,
    empreinte      bytea NOT NULL CHECK (length(empreinte) = 32),
    type           text NOT NULL,
    brique         text NOT NULL,
    parcours       uuid,
    agent          text NOT NULL,
    finalite       text NOT NULL,
    corps          bytea,
    recu_a         timestamptz NOT NULL,
    trace          text,
    etat           text NOT NULL DEFAULT 'en-attente' CHECK (etat IN ('en-attente', 'accepte', 'refuse', 'rebut')),
    essais         integer NOT NULL DEFAULT 0,
    prochain_essai timestamptz NOT NULL,
    reponse        jsonb,
    regle_a        timestamptz,
    UNIQUE (partenaire, message),
    -- Settled with an answer, or neither.
    CHECK ((etat IN ('accepte', 'refuse')) = (reponse IS NOT NULL)),
    -- What waits keeps its body.
    CHECK (etat <> 'en-attente' OR corps IS NOT NULL)
);
CREATE INDEX depots_en_attente ON depots (numero) WHERE etat = 'en-attente';
CREATE INDEX depots_en_attente_par_parcours ON depots (parcours, numero) WHERE etat = 'en-attente';
CREATE INDEX depots_par_date ON depots (partenaire, numero);
CREATE INDEX depots_a_vider ON depots (regle_a) WHERE corps IS NOT NULL;

-- One hash chain per writing process: `rang` has no hole, `precedent` is the SHA-256 of the receipt before.
CREATE TABLE recus (
    chaine    uuid NOT NULL,
    rang      bigint NOT NULL CHECK (rang > 0),
    depot     uuid,
    livraison uuid,
    jws       text NOT NULL,
    empreinte bytea NOT NULL CHECK (length(empreinte) = 32),
    PRIMARY KEY (chaine, rang)
);

CREATE TABLE acces (
    numero     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partenaire text NOT NULL,
    agent      text,
    parcours   uuid,
    finalite   text,
    quoi       text NOT NULL,
    resultat   integer NOT NULL,
    trace      text,
    a          timestamptz NOT NULL
);
CREATE INDEX acces_par_parcours ON acces (parcours, a);

-- migrate: rollback
DROP TABLE acces, recus, depots;
