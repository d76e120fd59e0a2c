--who asked for a verification is in the register of acts; persons opened to an operator; faults of a sandbox
-- depends: 0040_passerelle_audit 0034_passerelle_administration

-- migrate: apply
ALTER TABLE verifications DROP COLUMN agent;

-- An operator may read, until then, all that the hub holds on a person (RGPD, art. 15). The act says why.
CREATE TABLE ouvertures_personne (
    id       uuid PRIMARY KEY,
    parcours uuid NOT NULL,
    ouvert_a timestamptz NOT NULL,
    jusqua   timestamptz NOT NULL CHECK (jusqua > ouvert_a)
);
CREATE INDEX ouvertures_personne_par_parcours ON ouvertures_personne (parcours, jusqua);
REVOKE UPDATE, DELETE, TRUNCATE ON ouvertures_personne FROM passerelle;

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
-- What a sandbox does to the deliveries of one partner, one fault at a time, until `fin` or until it is stopped.
CREATE TABLE exercices (
    id         uuid PRIMARY KEY,
    partenaire text NOT NULL REFERENCES partenaires,
    panne      text NOT NULL CHECK (panne IN ('lent', 'muet', 'erreur', 'signature')),
    lenteur_s  integer CHECK (lenteur_s BETWEEN 1 AND 14),
    debut      timestamptz NOT NULL,
    fin        timestamptz NOT NULL CHECK (fin > debut),
    arrete_a   timestamptz CHECK (arrete_a >= debut),
    CHECK ((panne = 'lent') = (lenteur_s IS NOT NULL)),
    EXCLUDE USING gist (partenaire WITH =, tstzrange(debut, coalesce(arrete_a, fin)) WITH &&)
);
CREATE INDEX exercices_par_debut ON exercices (debut);

-- migrate: rollback
DROP TABLE exercices, ouvertures_personne;
ALTER TABLE verifications ADD COLUMN agent text NOT NULL DEFAULT '';
