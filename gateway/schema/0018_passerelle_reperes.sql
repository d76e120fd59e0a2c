--marks by which a cursor of another life of the database is known; each secret that was replaced has its own overlap
-- depends: 0017_passerelle_departs 0017_passerelle_distribution

-- migrate: apply

-- One random mark per batch of deliveries, at its highest number. A restored database gives the numbers that it lost to
-- other deliveries, under other marks.
CREATE TABLE reperes (
    numero bigint PRIMARY KEY,
    marque bytea NOT NULL CHECK (octet_length(marque) = 8)
);
INSERT INTO reperes (numero, marque)
SELECT max(numero), substr(uuid_send(gen_random_uuid()), 9) FROM livraisons HAVING max(numero) IS NOT NULL;

-- A second rotation within a day takes nothing from the first: each stays good until its own end.
CREATE TABLE secrets_anciens (
    abonnement uuid NOT NULL REFERENCES abonnements ON DELETE CASCADE,
    secret     bytea NOT NULL,
    jusqua     timestamptz NOT NULL,
    PRIMARY KEY (abonnement, secret)
);
INSERT INTO secrets_anciens (abonnement, secret, jusqua)
SELECT id, secret_ancien, ancien_jusqua FROM abonnements WHERE ancien_jusqua > now();
ALTER TABLE abonnements DROP COLUMN secret_ancien, DROP COLUMN ancien_jusqua;

-- migrate: rollback
ALTER TABLE abonnements
    ADD COLUMN secret_ancien bytea,
    ADD COLUMN ancien_jusqua timestamptz,
    ADD CHECK ((secret_ancien IS NULL) = (ancien_jusqua IS NULL));
UPDATE abonnements a SET secret_ancien = s.secret, ancien_jusqua = s.jusqua
FROM secrets_anciens s WHERE s.abonnement = a.id
AND s.jusqua = (SELECT max(jusqua) FROM secrets_anciens WHERE abonnement = a.id);
DROP TABLE secrets_anciens, reperes;
