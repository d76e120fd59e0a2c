--one row per dossier, folded from an append-only history; what 0.2.0 wrote becomes the first fact of each
-- depends: 0004_referents_annulations 0003_referents_fusions

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

ALTER TABLE dossiers ADD COLUMN etat jsonb;
UPDATE dossiers d SET etat = jsonb_build_object(
    'parcours', d.parcours, 'departement', d.departement, 'est_clos', d.est_clos, 'est_efface', false,
    'absorbe_par', d.absorbe_par, 'effets', to_jsonb(d.effets),
    'orientations', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'rang', o.rang, 'departement', o.departement,
            'structure', jsonb_build_object(
                'systeme', o.structure_systeme, 'valeur', o.structure_valeur, 'nom', o.structure_nom),
            'decidee_le', o.date_decision, 'debut', o.date_debut, 'fin', o.date_fin, 'est_close', o.est_close,
            'est_reprise', o.est_reprise) ORDER BY o.date_debut)
        FROM orientations o WHERE o.parcours = d.parcours), '[]'),
    'designations', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'numero', n.numero,
            'affectation', jsonb_build_object(
                'referent', jsonb_build_object(
                    'nom', n.nom, 'prenom', n.prenom, 'courriel', n.courriel, 'telephone', n.telephone,
                    'identifiant_agent', n.identifiant_agent),
                'structure', jsonb_build_object(
                    'systeme', n.structure_systeme, 'valeur', n.structure_valeur, 'nom', n.structure_nom),
                'debut', n.date_debut),
            'rang', n.rang, 'designee_le', n.designee_le, 'acceptee_le', n.acceptee_le, 'issue', n.issue,
            'fin', n.date_fin, 'motif_fin', n.motif_fin,
            'decidee', CASE WHEN n.depot IS NOT NULL
                THEN jsonb_build_object('id', n.depot, 'auteur', n.auteur) END,
            'terminee', CASE WHEN n.fin_depot IS NOT NULL
                THEN jsonb_build_object('id', n.fin_depot, 'auteur', n.fin_auteur) END,
            'signatures', to_jsonb(string_to_array(n.signatures, ' '))) ORDER BY n.numero)
        FROM designations n WHERE n.parcours = d.parcours), '[]'),
    'accompagnants', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'professionnel', jsonb_build_object(
                'nom', a.nom, 'prenom', a.prenom, 'courriel', a.courriel, 'telephone', a.telephone,
                'identifiant_agent', a.identifiant_agent),
            'structure', jsonb_build_object(
                'systeme', a.structure_systeme, 'valeur', a.structure_valeur, 'nom', a.structure_nom),
            'role', a.role, 'debut', a.date_debut, 'fin', a.date_fin, 'motif_fin', a.motif_fin) ORDER BY a.numero)
        FROM accompagnants a WHERE a.parcours = d.parcours), '[]'),
    'rendez_vous', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'rendez_vous', jsonb_build_object(
                'rdv_id', r.rdv_id, 'motif', r.motif,
                'debut', replace(to_char(r.debut AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000', ''),
                'duree_min', r.duree_min, 'modalite', r.modalite, 'forme', r.forme, 'lieu', r.lieu,
                'statut', r.statut, 'annule_par', r.annule_par),
            'organisateur', r.organisateur, 'rang', r.rang,
            'constate_a', replace(
                to_char(r.constate_a AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000', '')
            ) ORDER BY r.numero)
        FROM rendez_vous r WHERE r.parcours = d.parcours), '[]'));
INSERT INTO histoire (dossier, type, fait) SELECT parcours, 'dossier.pose', etat::text::json FROM dossiers;

-- Read tables: the engine replaces the rows of a dossier when they changed. Nobody has two référents on one day.
CREATE TABLE suivis (
    parcours          uuid NOT NULL,
    departement       text NOT NULL,
    structure_systeme text NOT NULL,
    structure_valeur  text NOT NULL,
    date_debut        date NOT NULL,
    date_fin          date CHECK (date_fin >= date_debut),
    PRIMARY KEY (parcours, date_debut),
    CONSTRAINT suivis_sans_chevauchement
        EXCLUDE USING gist (parcours WITH =, daterange(date_debut, date_fin + 1) WITH &&)
);
CREATE INDEX suivis_par_structure ON suivis (structure_systeme, structure_valeur, parcours);
INSERT INTO suivis
SELECT n.parcours, d.departement, n.structure_systeme, n.structure_valeur, n.date_debut, n.date_fin
FROM designations n JOIN dossiers d USING (parcours)
WHERE n.acceptee_le IS NOT NULL AND NOT d.est_clos AND (n.date_fin IS NULL OR n.date_fin >= n.date_debut);

CREATE TABLE delais (
    parcours       uuid NOT NULL,
    departement    text NOT NULL,
    date_decision  date NOT NULL,
    date_echeance  date NOT NULL CHECK (date_echeance > date_decision),
    referent_le    date,
    premier_rdv_le date,
    est_close      boolean NOT NULL
);
CREATE INDEX delais_par_parcours ON delais (parcours);
CREATE INDEX delais_par_mois ON delais (departement, date_decision);
INSERT INTO delais
SELECT o.parcours, o.departement, o.date_decision, o.date_echeance, o.referent_le, o.premier_rdv_le, o.est_close
FROM orientations o JOIN dossiers d USING (parcours) WHERE d.absorbe_par IS NULL AND NOT o.est_reprise;

DROP TABLE rendez_vous, accompagnants, designations, orientations;
ALTER TABLE dossiers
    ALTER COLUMN etat SET NOT NULL, DROP COLUMN departement, DROP COLUMN est_clos, DROP COLUMN effets;

-- migrate: rollback
-- The rows of before are not made again: what was before is in the backup.
DROP TABLE delais, suivis, histoire;
