--a key that was destroyed is never made again
-- depends: 0001_coffre_cles

-- migrate: apply

-- Of a key that was destroyed its id stays, so that who hears late of an erasure makes no second key under it.
ALTER TABLE cles
    ALTER COLUMN enveloppe DROP NOT NULL,
    ALTER COLUMN maitre DROP NOT NULL,
    ADD CONSTRAINT cles_detruites CHECK ((enveloppe IS NULL) = (maitre IS NULL));

-- By its owner, since those who may destroy a key may not change one. In one order: two writers wait for each other.
CREATE FUNCTION detruire(ids uuid[]) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = coffre, pg_temp AS $$
    INSERT INTO cles (id) SELECT id FROM (SELECT DISTINCT unnest(ids) AS id) AS n ORDER BY id
    ON CONFLICT (id) DO UPDATE SET enveloppe = NULL, maitre = NULL;
$$;
REVOKE ALL ON FUNCTION detruire(uuid[]) FROM PUBLIC;

-- migrate: rollback
DROP FUNCTION detruire(uuid[]);
DELETE FROM cles WHERE enveloppe IS NULL;
ALTER TABLE cles
    DROP CONSTRAINT cles_detruites,
    ALTER COLUMN enveloppe SET NOT NULL,
    ALTER COLUMN maitre SET NOT NULL;
