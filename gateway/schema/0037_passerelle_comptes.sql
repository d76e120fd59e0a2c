--the first page counts by reading indexes only
-- depends: 0036_passerelle_messages

-- migrate: apply
CREATE INDEX livraisons_par_instant ON livraisons (a);
DROP INDEX livraisons_par_date;
CREATE INDEX acces_refuses_par_code ON acces (a) INCLUDE (code, nombre) WHERE code IS NOT NULL;

-- migrate: rollback
DROP INDEX acces_refuses_par_code;
CREATE INDEX livraisons_par_date ON livraisons USING brin (a);
DROP INDEX livraisons_par_instant;
