--since when tokens of a partner are good: none survives a suspension
-- depends: 0014_passerelle_hotes

-- migrate: apply
ALTER TABLE partenaires ADD COLUMN jetons_depuis timestamptz;

-- migrate: rollback
ALTER TABLE partenaires DROP COLUMN jetons_depuis;
