--a deposit whose decision was set aside holds the later ones of its parcours, like one that waits
-- depends: 0014_passerelle_hotes 0014_passerelle_rebut

-- migrate: apply
CREATE INDEX depots_non_regles_par_parcours ON depots (parcours, numero) WHERE etat IN ('en-attente', 'rebut');
DROP INDEX depots_en_attente_par_parcours;

-- migrate: rollback
CREATE INDEX depots_en_attente_par_parcours ON depots (parcours, numero) WHERE etat = 'en-attente';
DROP INDEX depots_non_regles_par_parcours;
