--how the contracts were before each deposit on them, the last of which may be cancelled
-- depends: 0003_engagements_annulations

-- migrate: apply
ALTER TABLE dossiers ADD COLUMN etapes jsonb NOT NULL DEFAULT '{"franchies": []}';

-- migrate: rollback
ALTER TABLE dossiers DROP COLUMN etapes;
