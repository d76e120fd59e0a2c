--the access journal as operators search it: by date, by agent; what each verification of the chains found
-- depends: 0031_passerelle_chemins

-- migrate: apply
CREATE INDEX acces_par_date ON acces (a);
CREATE INDEX acces_d_un_agent ON acces (agent, a) WHERE agent IS NOT NULL;

-- Written once when it begins, once when it ends: `verdicts` is then what was read and found, per kind of chain.
CREATE TABLE verifications (
    id         uuid PRIMARY KEY,
    agent      text NOT NULL,
    demandee_a timestamptz NOT NULL,
    finie_a    timestamptz,
    verdicts   jsonb,
    erreur     text,
    CHECK ((finie_a IS NULL) = (verdicts IS NULL AND erreur IS NULL))
);
CREATE INDEX verifications_par_date ON verifications (demandee_a);

-- migrate: rollback
DROP TABLE verifications;
DROP INDEX acces_d_un_agent, acces_par_date;
