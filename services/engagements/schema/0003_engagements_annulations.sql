--the follow-up as it was before the last decision, which may be cancelled
-- depends: 0002_engagements_effets

-- migrate: apply
ALTER TABLE dossiers ADD COLUMN avant jsonb;

-- migrate: rollback
ALTER TABLE dossiers DROP COLUMN avant;
