--dossiers, their facts and what undoes merges are sealed: cells of `coffre.keys`
-- depends: 0005_feuille_de_route_histoire

-- migrate: apply

-- What is written from now on is a cell. What is here already is JSON still: the service seals it in batches.
ALTER TABLE dossiers ALTER COLUMN etat TYPE bytea USING convert_to(etat::text, 'UTF8');
ALTER TABLE histoire ALTER COLUMN fait TYPE bytea USING convert_to(fait::text, 'UTF8');

-- Which tables have no row in the clear any more.
CREATE TABLE scellements (
    nom      text PRIMARY KEY,
    acheve_a timestamptz NOT NULL
);

-- migrate: rollback
-- Cells do not become JSON again: what was before is in the backup.
DROP TABLE scellements;
ALTER TABLE histoire ALTER COLUMN fait TYPE json USING convert_from(fait, 'UTF8')::json;
ALTER TABLE dossiers ALTER COLUMN etat TYPE jsonb USING convert_from(etat, 'UTF8')::jsonb;
