--what is about a person is sealed: the content of events and the answers to deposits
-- depends: 0027_passerelle_numeros 0027_passerelle_repos

-- migrate: apply

-- Cells of `coffre.keys`. Beside a cell, `corps` and `entree` hold what SQL looks at only. What an older release wrote
-- in the clear is sealed by the hub, in batches, while it runs.
ALTER TABLE depots
    ADD COLUMN reponse_scellee bytea,
    DROP CONSTRAINT depots_check,
    ADD CONSTRAINT depots_reponse_si_regle CHECK (
        (etat IN ('accepte', 'refuse')) = (reponse IS NOT NULL OR reponse_scellee IS NOT NULL)
    );
ALTER TABLE evenements ADD COLUMN scelle bytea;
ALTER TABLE retenus ADD COLUMN scelle bytea;
ALTER TABLE rebut ADD COLUMN scelle bytea;

-- A body is kept until its deposit is settled: seven days more served nobody.
DROP INDEX depots_a_vider;

-- Which tables have no row of an older release in the clear any more.
CREATE TABLE scellements (
    nom      text PRIMARY KEY,
    acheve_a timestamptz NOT NULL
);

-- migrate: rollback
DROP TABLE scellements;
CREATE INDEX depots_a_vider ON depots (regle_a) WHERE corps IS NOT NULL;
ALTER TABLE rebut DROP COLUMN scelle;
ALTER TABLE retenus DROP COLUMN scelle;
ALTER TABLE evenements DROP COLUMN scelle;
ALTER TABLE depots
    DROP CONSTRAINT depots_reponse_si_regle,
    ADD CONSTRAINT depots_check CHECK ((etat IN ('accepte', 'refuse')) = (reponse IS NOT NULL)),
    DROP COLUMN reponse_scellee;
