--each feed and each subscription numbers what it delivers, without gaps
-- depends: 0026_passerelle_expediteurs

-- migrate: apply

-- The last number of each suite: the feed of a partner by its code, what a subscription pushes by its id. Numbers are
-- given by a row lock here, so that two writers of one suite leave no gap and give none twice.
CREATE TABLE numeros (
    suite   text PRIMARY KEY,
    dernier bigint NOT NULL CHECK (dernier > 0)
) WITH (fillfactor = 50);

ALTER TABLE livraisons ADD COLUMN relaisnumero bigint;
UPDATE livraisons l SET relaisnumero = n.rang
FROM (SELECT numero, row_number() OVER (PARTITION BY partenaire ORDER BY numero) AS rang FROM livraisons) AS n
WHERE n.numero = l.numero;
ALTER TABLE livraisons
    ALTER COLUMN relaisnumero SET NOT NULL,
    DROP CONSTRAINT livraisons_partenaire_evenement_key,
    ADD CONSTRAINT livraisons_evenement_partenaire_key UNIQUE (evenement, partenaire),
    ADD CONSTRAINT livraisons_partenaire_relaisnumero_key UNIQUE (partenaire, relaisnumero);
DROP INDEX livraisons_par_evenement;
INSERT INTO numeros SELECT partenaire, max(relaisnumero) FROM livraisons GROUP BY partenaire;

ALTER TABLE envois ADD COLUMN relaisnumero bigint;
UPDATE envois e SET relaisnumero = n.rang
FROM (SELECT abonnement, livraison, row_number() OVER (PARTITION BY abonnement ORDER BY livraison) AS rang FROM envois) AS n
WHERE (n.abonnement, n.livraison) = (e.abonnement, e.livraison);
ALTER TABLE envois
    ALTER COLUMN relaisnumero SET NOT NULL,
    DROP CONSTRAINT envois_pkey,
    ADD PRIMARY KEY (livraison, abonnement),
    ADD CONSTRAINT envois_abonnement_relaisnumero_key UNIQUE (abonnement, relaisnumero);
DROP INDEX envois_par_livraison;
INSERT INTO numeros SELECT abonnement::text, max(relaisnumero) FROM envois GROUP BY abonnement;

-- When the subscription, if nothing else leaves, is told the last number again.
ALTER TABLE abonnements ADD COLUMN battement_a timestamptz;

-- migrate: rollback
ALTER TABLE abonnements DROP COLUMN battement_a;
CREATE INDEX envois_par_livraison ON envois (livraison);
ALTER TABLE envois
    DROP COLUMN relaisnumero,
    DROP CONSTRAINT envois_pkey,
    ADD PRIMARY KEY (abonnement, livraison);
CREATE INDEX livraisons_par_evenement ON livraisons (evenement);
ALTER TABLE livraisons
    DROP COLUMN relaisnumero,
    DROP CONSTRAINT livraisons_evenement_partenaire_key,
    ADD CONSTRAINT livraisons_partenaire_evenement_key UNIQUE (partenaire, evenement);
DROP TABLE numeros;
