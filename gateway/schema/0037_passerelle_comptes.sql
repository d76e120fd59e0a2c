--the first page counts by reading indexes only; a type and a partner are looked for together
-- depends: 0036_passerelle_messages

-- migrate: apply
CREATE INDEX livraisons_par_instant ON livraisons (a);
DROP INDEX livraisons_par_date;
CREATE INDEX acces_refuses_par_code ON acces (a) INCLUDE (code, nombre) WHERE code IS NOT NULL;

-- In the order of numbers, and what follows is judged without the row.
CREATE INDEX depots_par_type_et_partenaire ON depots (type, numero, partenaire);
DROP INDEX depots_par_type;
CREATE INDEX depots_par_etat_et_type ON depots (etat, numero, type, partenaire) WHERE etat IN ('refuse', 'rebut', 'ecarte');
DROP INDEX depots_par_etat;

-- migrate: rollback
CREATE INDEX depots_par_etat ON depots (etat, numero) WHERE etat IN ('refuse', 'rebut', 'ecarte');
DROP INDEX depots_par_etat_et_type;
CREATE INDEX depots_par_type ON depots (type, numero);
DROP INDEX depots_par_type_et_partenaire;
DROP INDEX acces_refuses_par_code;
CREATE INDEX livraisons_par_date ON livraisons USING brin (a);
DROP INDEX livraisons_par_instant;
