--what the stream lost is seen from the place of the last fact and from counts, without reading the stream back
-- depends: 0004_chassis_rebut

-- migrate: apply

CREATE INDEX faits_par_place ON faits (flux, publie_seq) WHERE publie_seq IS NOT NULL;
CREATE INDEX faits_par_date ON faits USING brin (enregistre_a);
-- How many more messages than facts the stream holds: some were stored twice. Unknown until they are counted.
ALTER TABLE transport ADD COLUMN surplus bigint;

-- migrate: rollback
ALTER TABLE transport DROP COLUMN surplus;
DROP INDEX faits_par_date, faits_par_place;
