--where a merged sheet was part of before, so that undoing a merge of merges gives it back
-- depends: 0003_feuille_de_route_annulations 0003_feuille_de_route_natures

-- migrate: apply

-- The last first.
ALTER TABLE feuilles ADD COLUMN chemin uuid[] NOT NULL DEFAULT '{}';
CREATE INDEX recus_rendus ON recus (parcours) WHERE type = 'parcours.rendu';
CREATE INDEX recus_defusions ON recus ((donnees ->> 'annule')) WHERE type = 'usager.defusionne';
CREATE INDEX recus_fusions_par_cause ON recus (cause) WHERE type = 'usager.fusionne';

-- migrate: rollback
DROP INDEX recus_fusions_par_cause, recus_defusions, recus_rendus;
ALTER TABLE feuilles DROP COLUMN chemin;
