--what was absorbed by a merge is told apart from the names under which partners signalled a person
-- depends: 0023_passerelle_fusions 0025_passerelle_liens_lisibles

-- migrate: apply
ALTER TABLE alias ADD COLUMN est_un_nom boolean NOT NULL DEFAULT true;
UPDATE alias SET est_un_nom = false
WHERE EXISTS (SELECT FROM fusions WHERE absorbes @> ARRAY[alias.absorbe] AND NOT est_defaite);
ALTER TABLE alias ALTER COLUMN est_un_nom DROP DEFAULT;

-- migrate: rollback
ALTER TABLE alias DROP COLUMN est_un_nom;
