--one row per dossier, folded from an append-only history; what 0.2.0 wrote becomes the first fact of each
-- depends: 0006_orientation_appuis 0005_orientation_fusions

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

-- An absorbed dossier leads to the one that absorbed it, no more to the last survivor: a merge that is undone needs not
-- give its names back.
UPDATE dossiers d SET absorbe_par = premiere.absorbe FROM (
    SELECT DISTINCT ON (nom) nom::uuid AS nom, s.key::uuid AS absorbe
    FROM fusions f, jsonb_each(f.suivaient) AS s, jsonb_array_elements_text(s.value) AS nom
    WHERE NOT f.defaite ORDER BY nom, f.fusion) AS premiere
WHERE d.parcours = premiere.nom AND d.absorbe_par IS NOT NULL;

-- What the siblings hold stands in one order from now on, also in the dossiers that a merge keeps to be undone.
UPDATE fusions f SET garde = (
    SELECT jsonb_object_agg(etat.key, (
        SELECT jsonb_object_agg(d.key, d.value || jsonb_build_object('tenus', coalesce((
            SELECT jsonb_agg(quoi ORDER BY quoi COLLATE "C")
            FROM jsonb_array_elements_text(d.value -> 'tenus') AS quoi), '[]')))
        FROM jsonb_each(etat.value) AS d))
    FROM jsonb_each(f.garde) AS etat)
WHERE f.garde <> '{}';

ALTER TABLE dossiers ADD COLUMN etat jsonb;
UPDATE dossiers d SET etat = jsonb_build_object(
    'parcours', d.parcours, 'departement', d.departement, 'brsa', d.brsa,
    'droit_dit', CASE WHEN d.droit_dit_a IS NOT NULL THEN jsonb_build_array(
        replace(to_char(d.droit_dit_a AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000', ''),
        d.droit_effet) END,
    'droit_annonce', CASE WHEN d.annonce_dit_a IS NOT NULL THEN jsonb_build_array(d.annonce_brsa, jsonb_build_array(
        replace(to_char(d.annonce_dit_a AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000', ''),
        d.annonce_effet)) END,
    'est_oppose', d.est_oppose, 'est_clos', d.est_clos, 'est_efface', false, 'absorbe_par', d.absorbe_par,
    'criteres', d.criteres,
    'contraintes', coalesce((
        SELECT jsonb_agg(c.value ORDER BY c.value ->> 'referentiel' COLLATE "C", c.value ->> 'niveau' COLLATE "C",
            c.value ->> 'code' COLLATE "C")
        FROM jsonb_each(d.contraintes) AS c), '[]'),
    'preconisation', d.preconisation, 'reorientation', d.reorientation,
    'demandes', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'numero', e.numero, 'departement', e.departement, 'recue_le', e.date_reception, 'motif', e.motif,
            'est_dessaisie', e.est_dessaisie, 'issue', e.issue, 'decidee_le', e.decidee_le) ORDER BY e.numero)
        FROM demandes e WHERE e.parcours = d.parcours), '[]'),
    'orientations', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'decision', jsonb_build_object(
                'parcours_type', o.parcours_type, 'organisme', o.organisme,
                'structure', jsonb_build_object(
                    'systeme', o.structure_systeme, 'valeur', o.structure_valeur, 'nom', o.structure_nom),
                'date_decision', o.date_decision, 'date_debut', o.date_debut, 'date_fin', o.date_fin, 'rang', o.rang),
            'decideur', jsonb_build_object('partenaire', o.decideur, 'role', o.decideur_role),
            'contestation', CASE WHEN o.motif_refus IS NOT NULL THEN jsonb_build_object(
                'motif_refus', o.motif_refus, 'commentaire', o.commentaire_refus) END,
            'est_close', o.est_close, 'est_effective', o.est_effective, 'motif_fin', o.motif_fin,
            'notifiee_le', o.notifiee_le, 'depot', o.depot, 'avant', o.avant, 'appuis', o.appuis -> 'dits',
            'est_reprise', o.est_reprise) ORDER BY o.rang)
        FROM orientations o WHERE o.parcours = d.parcours), '[]'),
    'tenus', coalesce((
        SELECT jsonb_agg(quoi ORDER BY quoi COLLATE "C") FROM jsonb_object_keys(d.tenus) AS quoi), '[]'));
INSERT INTO histoire (dossier, type, fait) SELECT parcours, 'dossier.pose', etat::text::json FROM dossiers;

-- Read tables: the engine replaces the rows of a dossier when they changed. `delais` has the requests that statistics
-- count; nobody has two orientations on one day.
CREATE TABLE delais (
    parcours       uuid NOT NULL,
    departement    text NOT NULL,
    date_reception date NOT NULL,
    date_echeance  date NOT NULL CHECK (date_echeance > date_reception),
    decidee_le     date,
    est_dessaisie  boolean NOT NULL
);
CREATE INDEX delais_par_parcours ON delais (parcours);
CREATE INDEX delais_par_mois ON delais (departement, date_reception);
INSERT INTO delais
SELECT e.parcours, e.departement, e.date_reception, e.date_echeance, e.decidee_le, e.est_dessaisie
FROM demandes e JOIN dossiers d USING (parcours) WHERE NOT d.est_oppose AND e.issue IS DISTINCT FROM 'reprise';

CREATE TABLE periodes (
    parcours   uuid NOT NULL,
    rang       integer NOT NULL CHECK (rang > 0),
    date_debut date NOT NULL,
    date_fin   date CHECK (date_fin >= date_debut),
    PRIMARY KEY (parcours, rang),
    CONSTRAINT periodes_sans_chevauchement
        EXCLUDE USING gist (parcours WITH =, daterange(date_debut, date_fin, '[]') WITH &&)
);
INSERT INTO periodes SELECT parcours, rang, date_debut, date_fin FROM orientations;

DROP TABLE orientations, demandes;
ALTER TABLE dossiers
    ALTER COLUMN etat SET NOT NULL,
    DROP COLUMN departement, DROP COLUMN brsa, DROP COLUMN est_clos, DROP COLUMN criteres, DROP COLUMN contraintes,
    DROP COLUMN preconisation, DROP COLUMN reorientation, DROP COLUMN droit_dit_a, DROP COLUMN droit_effet,
    DROP COLUMN est_oppose, DROP COLUMN annonce_brsa, DROP COLUMN annonce_dit_a, DROP COLUMN annonce_effet,
    DROP COLUMN tenus;

-- migrate: rollback
-- The rows of before are not made again: what was before is in the backup.
DROP TABLE periodes, delais, histoire;
