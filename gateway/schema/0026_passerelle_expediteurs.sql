--the queues that a killed sender held are free at once
-- depends: 0024_passerelle_suspensions 0025_passerelle_liens_lisibles

-- migrate: apply

-- The senders that run. Each holds an advisory lock on its key, in a session that ends with its process.
CREATE TABLE expediteurs (
    cle    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    depuis timestamptz NOT NULL
);
-- Who took the queue, until `bail_jusqua` or its own end.
ALTER TABLE files ADD COLUMN expediteur integer;

-- migrate: rollback
ALTER TABLE files DROP COLUMN expediteur;
DROP TABLE expediteurs;
