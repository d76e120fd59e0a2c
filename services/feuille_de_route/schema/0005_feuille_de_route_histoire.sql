--one row per dossier, folded from an append-only history; what 0.2.0 was told becomes the first fact of each
-- depends: 0004_feuille_de_route_fusions

-- migrate: apply

-- All that changed each dossier, in order, told to partners or not. `fait`: the fact, or the whole dossier
-- (`dossier.pose`), with which the history of one that was wrongly merged begins anew.
CREATE TABLE histoire (
    dossier uuid NOT NULL,
    numero  bigint GENERATED ALWAYS AS IDENTITY,
    type    text NOT NULL,
    fait    json NOT NULL,
    PRIMARY KEY (dossier, numero)
);

-- An absorbed dossier leads to the one that absorbed it, no more to the last survivor. What was told of it is in `etat`
-- of the survivor.
CREATE TABLE dossiers (
    parcours    uuid PRIMARY KEY,
    absorbe_par uuid CHECK (absorbe_par <> parcours),
    etat        jsonb NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX dossiers_absorbes ON dossiers (absorbe_par) WHERE absorbe_par IS NOT NULL;

-- An object that a wrongly merged parcours gave its name to goes with it: its place there is said by the ids, no sequence.
INSERT INTO dossiers (parcours, absorbe_par, etat)
WITH rendus AS (
    SELECT DISTINCT r.parcours AS rendu, d.parcours AS par, '%@' || replace(r.parcours::text, '-', '') AS nom
    FROM recus r JOIN recus d ON d.type = 'usager.defusionne' AND d.donnees ->> 'annule' = r.donnees ->> 'annule'
    WHERE r.type = 'parcours.rendu'
        AND NOT EXISTS (SELECT FROM feuilles f WHERE (f.parcours, f.absorbee_par) = (r.parcours, d.parcours))),
dits AS (
    SELECT parcours, brique, sequence, id, type, departement, auteur, survenu_a, donnees, effet, cause FROM recus
    UNION ALL
    SELECT agregat, 'feuille_de_route', sequence, id, type, partition, source, survenu_a, donnees, NULL, NULL FROM faits),
places AS (
    SELECT coalesce(f.absorbee_par, f.parcours) AS chez, d.*, d.donnees ->> CASE split_part(d.type, '.', 1)
        WHEN 'objectif' THEN 'objectif_id' WHEN 'action' THEN 'action_id' WHEN 'rdv' THEN 'rdv_id'
        WHEN 'prescription' THEN 'prescription_id' WHEN 'participation' THEN 'prescription_id'
        WHEN 'sanction' THEN 'sanction_id' END AS objet
    FROM dits d JOIN feuilles f USING (parcours)),
recueils AS (
    SELECT coalesce(f.absorbee_par, r.rendu, p.chez) AS chez, jsonb_agg(jsonb_build_object(
        'id', p.id, 'parcours', coalesce(r.rendu, p.parcours), 'brique', p.brique,
        'sequence', CASE WHEN r.rendu IS NULL THEN p.sequence ELSE 0 END,
        'type', p.type, 'departement', p.departement, 'auteur', p.auteur,
        'survenu_a', replace(
            to_char(p.survenu_a AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000', ''),
        'donnees', p.donnees, 'effet', p.effet, 'cause', p.cause) ORDER BY p.id) AS recus
    FROM places p
        LEFT JOIN rendus r ON r.par = p.chez AND p.parcours <> r.rendu AND p.objet LIKE r.nom
        LEFT JOIN feuilles f ON f.parcours = r.rendu
    GROUP BY 1)
SELECT f.parcours, coalesce(f.chemin[array_length(f.chemin, 1)], f.absorbee_par), jsonb_build_object(
    'parcours', f.parcours, 'absorbe_par', coalesce(f.chemin[array_length(f.chemin, 1)], f.absorbee_par),
    'recus', coalesce(r.recus, '[]'),
    'rendus', coalesce((SELECT jsonb_agg(d.rendu ORDER BY d.rendu) FROM rendus d WHERE d.par = f.parcours), '[]'))
FROM feuilles f LEFT JOIN recueils r ON r.chez = f.parcours;

INSERT INTO histoire (dossier, type, fait) SELECT parcours, 'dossier.pose', etat::text::json FROM dossiers;

-- The deposits that merged other parcours into this one.
CREATE TABLE fusions (
    parcours    uuid NOT NULL,
    depot       uuid NOT NULL,
    est_defaite boolean NOT NULL,
    PRIMARY KEY (parcours, depot)
);
CREATE INDEX fusions_par_depot ON fusions (depot);
INSERT INTO fusions
SELECT coalesce(f.absorbee_par, f.parcours), m.depot, bool_or(m.est_defaite)
FROM (SELECT parcours, cause AS depot, false AS est_defaite FROM recus WHERE type = 'usager.fusionne' AND cause IS NOT NULL
    UNION ALL SELECT parcours, (donnees ->> 'annule')::uuid, true FROM recus WHERE type = 'usager.defusionne') AS m
    JOIN feuilles f USING (parcours)
GROUP BY 1, 2;

-- Read tables: the engine replaces the rows of a dossier when they changed. `rang` is the place of what falls due in the
-- view, which alone has its text.
ALTER TABLE prochaines DROP CONSTRAINT prochaines_parcours_fkey, DROP COLUMN libelle, ADD COLUMN rang integer;
UPDATE prochaines p SET rang = r.rang FROM (
    SELECT parcours, nature, numero, row_number() OVER (
        PARTITION BY parcours ORDER BY date_echeance, nature COLLATE "C", numero) - 1 AS rang
    FROM prochaines) AS r
WHERE (p.parcours, p.nature, p.numero) = (r.parcours, r.nature, r.numero);
ALTER TABLE prochaines ALTER COLUMN rang SET NOT NULL;

-- Canonical JSON, to the byte.
DELETE FROM feuilles WHERE vue IS NULL;
ALTER TABLE feuilles
    ALTER COLUMN vue SET NOT NULL, DROP COLUMN departement, DROP COLUMN absorbee_par, DROP COLUMN chemin;
DROP TABLE recus;

-- migrate: rollback
-- The rows of before are not made again: what was before is in the backup.
DROP TABLE fusions, dossiers, histoire;
