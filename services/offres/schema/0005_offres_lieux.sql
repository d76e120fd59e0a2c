--a service that says only its commune is found at its centre; records that were placed otherwise are read again
-- depends: 0004_offres_reperes

-- migrate: apply

ALTER TABLE services
    ADD COLUMN est_approche boolean NOT NULL DEFAULT false CHECK (NOT est_approche OR x IS NOT NULL);
ALTER TABLE services ALTER est_approche SET STATISTICS 0;
-- Another hash than that of the record: the next import, or publication, takes it in again.
UPDATE services SET empreinte = decode(md5(encode(empreinte, 'hex')), 'hex')
WHERE retire_a IS NULL AND (x IS NULL OR departement = '69' OR departement LIKE '97%');
UPDATE structures SET empreinte = decode(md5(encode(empreinte, 'hex')), 'hex')
WHERE retire_a IS NULL AND (departement = '69' OR departement LIKE '97%');

-- migrate: rollback
ALTER TABLE services DROP COLUMN est_approche;
