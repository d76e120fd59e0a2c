--what a fact says, a refusal explains and an entry set aside holds is sealed: cells of `coffre.keys`
-- depends: 0007_chassis_derniers_mots

-- migrate: apply

-- A row has its cell, or the content that an older release wrote: the service seals those facts in batches.
ALTER TABLE faits ALTER COLUMN donnees SET DEFAULT '{}', ADD COLUMN scelle bytea;
ALTER TABLE entrees ADD COLUMN scelle bytea;
ALTER TABLE rebut ADD COLUMN scelle bytea;
-- Of a refusal the code is enough: whose it was is not known here, and it is asked again within minutes if ever.
UPDATE entrees SET refus = jsonb_build_object('code', refus -> 'code', 'pointeur', '', 'details', '{}'::jsonb)
WHERE refus IS NOT NULL;

-- migrate: rollback
-- What is in cells is in the backup.
ALTER TABLE rebut DROP COLUMN scelle;
ALTER TABLE entrees DROP COLUMN scelle;
ALTER TABLE faits ALTER COLUMN donnees DROP DEFAULT, DROP COLUMN scelle;
