--the days to come on which who follows a person changes
-- depends: 0001_referents_dossiers

-- migrate: apply

ALTER TABLE dossiers ADD COLUMN effets date[] NOT NULL DEFAULT '{}';

-- migrate: rollback
ALTER TABLE dossiers DROP COLUMN effets;
