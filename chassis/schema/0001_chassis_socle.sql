--the append-only facts, the inbox with its decisions, the due dates and the parked entries of one service
-- depends:

-- migrate: apply

-- `faits` is at once the history, the outbox (publie_seq is null) and the source of any replay.
CREATE TABLE faits (
    numero       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           uuid NOT NULL UNIQUE,
    agregat      uuid NOT NULL,
    sequence     integer NOT NULL CHECK (sequence > 0),
    type         text NOT NULL,
    partition    text NOT NULL,
    donnees      jsonb NOT NULL,
    source       text NOT NULL,
    survenu_a    timestamptz NOT NULL,
    enregistre_a timestamptz NOT NULL,
    cause        uuid NOT NULL,
    correlation  text,
    trace        text,
    publie_seq   bigint,
    UNIQUE (agregat, sequence)
);
CREATE INDEX faits_a_publier ON faits (numero) WHERE publie_seq IS NULL;
CREATE INDEX faits_par_cause ON faits (cause);

-- The inbox: an entry decided once is answered the same for ever. The facts of an accepted one are found by `cause`.
CREATE TABLE entrees (
    id        uuid PRIMARY KEY,
    nature    text NOT NULL CHECK (nature IN ('depot', 'evenement', 'echeance')),
    type      text NOT NULL,
    refus     jsonb,
    decidee_a timestamptz NOT NULL
);

-- How far each aggregate of each sibling has been read: an event is taken in its order, and once.
CREATE TABLE positions (
    brique   text NOT NULL,
    agregat  uuid NOT NULL,
    sequence integer NOT NULL,
    PRIMARY KEY (brique, agregat)
);

CREATE TABLE echeances (
    agregat uuid NOT NULL,
    nature  text NOT NULL,
    du_a    timestamptz NOT NULL,
    partition text NOT NULL,
    PRIMARY KEY (agregat, nature)
);
CREATE INDEX echeances_dues ON echeances (du_a);

-- What crashed a decision on its own. Nothing of its content beyond what is needed to try again.
CREATE TABLE rebut (
    id       uuid PRIMARY KEY,
    nature   text NOT NULL,
    type     text NOT NULL,
    entree   jsonb NOT NULL,
    raison   text NOT NULL,
    parque_a timestamptz NOT NULL
);

-- The stream as last seen: another creation date or fewer messages means that the transport lost something.
CREATE TABLE transport (
    flux         text PRIMARY KEY,
    cree_a       timestamptz NOT NULL,
    supprimes    bigint NOT NULL,
    verifie_a    timestamptz NOT NULL
);

-- migrate: rollback
DROP TABLE transport, rebut, echeances, positions, entrees, faits;
