--the keys of archived parcours, under masters that the processes of every day do not hold
-- depends: 0002_coffre_detruites

-- migrate: apply

-- A key that is put away leaves its row here without an envelope, so that nobody makes a second key of this id.
ALTER TABLE cles
    ADD COLUMN est_archivee boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT cles_archivees CHECK (NOT est_archivee OR enveloppe IS NULL);

-- `maitre`: of the archive's own file.
CREATE TABLE archives (
    id        uuid PRIMARY KEY REFERENCES cles,
    enveloppe bytea NOT NULL CHECK (octet_length(enveloppe) = 60),
    maitre    integer NOT NULL CHECK (maitre > 0)
);

-- The book of what came back: who asked for which key, and when it was given. The processes of every day insert an id.
CREATE TABLE retours (
    id        uuid NOT NULL,
    demandeur text NOT NULL DEFAULT session_user,
    demande_a timestamptz NOT NULL DEFAULT now(),
    rendu_a   timestamptz
);
CREATE UNIQUE INDEX retours_attendus ON retours (id) WHERE rendu_a IS NULL;
CREATE INDEX retours_rendus ON retours (rendu_a);

CREATE OR REPLACE FUNCTION detruire(ids uuid[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = coffre, pg_temp AS $$
    INSERT INTO cles (id) SELECT id FROM (SELECT DISTINCT unnest(ids) AS id) AS n ORDER BY id
    ON CONFLICT (id) DO UPDATE SET enveloppe = NULL, maitre = NULL, est_archivee = false;
    DELETE FROM archives WHERE id = ANY(ids);
$$;

-- migrate: rollback
CREATE OR REPLACE FUNCTION detruire(ids uuid[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = coffre, pg_temp AS $$
    INSERT INTO cles (id) SELECT id FROM (SELECT DISTINCT unnest(ids) AS id) AS n ORDER BY id
    ON CONFLICT (id) DO UPDATE SET enveloppe = NULL, maitre = NULL;
$$;
DROP TABLE retours, archives;
ALTER TABLE cles DROP COLUMN est_archivee;
