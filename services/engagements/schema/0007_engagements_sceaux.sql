--dossiers, their facts and what undoes merges are sealed: cells of `coffre.keys`
-- depends: 0006_engagements_histoire

-- migrate: apply

-- What is written from now on is a cell. What is here already is JSON still: the service seals it in batches.
ALTER TABLE dossiers ALTER COLUMN etat TYPE bytea USING convert_to(etat::text, 'UTF8');
ALTER TABLE histoire ALTER COLUMN fait TYPE bytea USING convert_to(fait::text, 'UTF8');
ALTER TABLE fusions
    DROP CONSTRAINT fusions_check,
    ALTER COLUMN garde TYPE bytea USING convert_to(garde::text, 'UTF8');

-- Which tables have no row in the clear any more.
CREATE TABLE scellements (
    nom      text PRIMARY KEY,
    acheve_a timestamptz NOT NULL
);

-- migrate: rollback
-- Cells do not become JSON again: what was before is in the backup.
DROP TABLE scellements;
ALTER TABLE fusions
    ALTER COLUMN garde TYPE jsonb USING convert_from(garde, 'UTF8')::jsonb,
    ADD CONSTRAINT fusions_check CHECK (NOT defaite OR garde = '{}');
ALTER TABLE histoire ALTER COLUMN fait TYPE json USING convert_from(fait, 'UTF8')::json;
ALTER TABLE dossiers ALTER COLUMN etat TYPE jsonb USING convert_from(etat, 'UTF8')::jsonb;
