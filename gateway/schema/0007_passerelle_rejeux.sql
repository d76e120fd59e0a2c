--replays of a period to one subscription
-- depends: 0006_passerelle_revocations

-- migrate: apply
CREATE TABLE rejeux (
    id           uuid PRIMARY KEY,
    partenaire   text NOT NULL REFERENCES partenaires,
    abonnement   uuid NOT NULL,
    du           timestamptz NOT NULL,
    au           timestamptz NOT NULL CHECK (du < au),
    types        text[] NOT NULL,
    renvoyer     boolean NOT NULL,
    selectionnes integer NOT NULL CHECK (selectionnes >= 0),
    demande_a    timestamptz NOT NULL
);
CREATE INDEX rejeux_demande_a ON rejeux (demande_a);

-- One row per delivery selected, whatever becomes of the delivery itself: the accounts stay whole after an erasure.
CREATE TABLE rejeux_livraisons (
    rejeu     uuid NOT NULL REFERENCES rejeux ON DELETE CASCADE,
    livraison bigint NOT NULL,
    parcours  uuid NOT NULL,
    etat      text NOT NULL CHECK (etat IN ('a-remettre', 'remise', 'deja-livre')),
    PRIMARY KEY (rejeu, livraison)
);
CREATE INDEX rejeux_a_remettre ON rejeux_livraisons (rejeu, livraison) WHERE etat = 'a-remettre';
CREATE INDEX rejeux_a_remettre_par_parcours ON rejeux_livraisons (parcours) WHERE etat = 'a-remettre';

-- migrate: rollback
DROP TABLE rejeux_livraisons, rejeux;
