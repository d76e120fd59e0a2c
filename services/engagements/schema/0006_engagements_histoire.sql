--one row per dossier, folded from an append-only history; what 0.2.0 wrote becomes the first fact of each
-- depends: 0005_engagements_levees 0004_engagements_fusions

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

CREATE TEMPORARY TABLE contrats_dits AS
SELECT parcours, numero, jsonb_build_object(
    'numero', numero,
    'contenu', jsonb_build_object(
        'contrat_id', contrat_id, 'date_debut', date_debut, 'duree_mois', duree_mois,
        'engagements_usager', engagements -> 'usager', 'engagements_organisme', engagements -> 'organisme',
        'motif_dispense', motif_dispense),
    'proposeur', jsonb_build_object('partenaire', proposeur, 'role', proposeur_role),
    'etat', etat, 'signe_le', date_signature, 'est_a_venir', est_a_venir, 'signataires', histoire -> 'signataires',
    'est_hors_delai', est_hors_delai, 'refuse_le', date_refus, 'motif_refus', motif_refus, 'cause', cause,
    'suspensions', histoire -> 'suspensions', 'bilans', histoire -> 'bilans', 'clos_le', date_cloture,
    'motif_cloture', motif_cloture) AS contrat
FROM contrats;

ALTER TABLE dossiers ADD COLUMN etat jsonb;
UPDATE dossiers d SET etat = jsonb_build_object(
    'parcours', d.parcours, 'departement', d.departement, 'est_clos', d.est_clos, 'est_efface', false,
    'absorbe_par', d.absorbe_par, 'orientation', d.orientation, 'referent', d.referent, 'criteres', d.criteres,
    'reexamen', CASE WHEN d.reexamen_depuis IS NOT NULL
        THEN jsonb_build_object('depuis', d.reexamen_depuis, 'du_le', d.reexamen_du_le) END,
    'contrats', coalesce((
        SELECT jsonb_agg(c.contrat ORDER BY c.numero) FROM contrats_dits c WHERE c.parcours = d.parcours), '[]'),
    'delais', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'numero', m.numero, 'departement', m.departement, 'notifiee_le', m.date_notification,
            'est_en_retard', m.est_en_retard, 'issue', m.issue, 'signe_le', m.signe_le) ORDER BY m.numero)
        FROM delais m WHERE m.parcours = d.parcours), '[]'),
    'manquements', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'manquement_id', m.manquement_id, 'nature', m.nature, 'rang', m.rang, 'constate_le', m.date_constat,
            'faits', m.faits) ORDER BY m.date_constat, m.manquement_id)
        FROM manquements m WHERE m.parcours = d.parcours), '[]'),
    'sanctions', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'numero', s.numero,
            'mesure', jsonb_build_object(
                'sanction_id', s.sanction_id, 'manquement_id', s.manquement_id, 'nature', s.nature, 'rang', s.rang,
                'type', s.type, 'modalite', s.modalite, 'montant', s.montant, 'duree_mois', s.duree_mois),
            'etat', s.etat, 'proposee_le', s.date_proposition, 'est_hors_delai', s.est_hors_delai,
            'notifiee_le', s.date_notification, 'levee_le', s.date_levee, 'motif_levee', s.motif_levee)
            ORDER BY s.numero)
        FROM sanctions s WHERE s.parcours = d.parcours), '[]'),
    -- The contracts as they are, in the state in which they were.
    'avant', d.avant || jsonb_build_object(
        'etapes', coalesce(d.avant -> 'etapes', '0'),
        'contrats', coalesce((
            SELECT jsonb_agg(c.contrat || (d.avant -> 'contrats' -> c.numero::text) ORDER BY c.numero)
            FROM contrats_dits c WHERE c.parcours = d.parcours AND d.avant -> 'contrats' ? c.numero::text), '[]')),
    'etapes', d.etapes -> 'franchies');
-- Hours and amounts as they are written from now on: 30 as 30.0.
UPDATE dossiers SET etat = regexp_replace(
    etat::text, '"(heures_hebdo|heures_realisees|montant)": (\d+)([,}])', '"\1": \2.0\3', 'g')::jsonb;
INSERT INTO histoire (dossier, type, fait) SELECT parcours, 'dossier.pose', etat::text::json FROM dossiers;

-- The read table: the engine replaces the rows of a dossier when they changed.
ALTER TABLE delais DROP CONSTRAINT delais_parcours_fkey, DROP COLUMN numero, DROP COLUMN issue;
ALTER TABLE delais RENAME COLUMN signe_le TO date_signature;
CREATE INDEX delais_par_parcours ON delais (parcours);

DROP TABLE contrats_dits, contrats, manquements, sanctions;
ALTER TABLE dossiers
    ALTER COLUMN etat SET NOT NULL, DROP COLUMN departement, DROP COLUMN est_clos, DROP COLUMN orientation,
    DROP COLUMN referent, DROP COLUMN criteres, DROP COLUMN reexamen_depuis, DROP COLUMN reexamen_du_le,
    DROP COLUMN avant, DROP COLUMN etapes;

-- migrate: rollback
-- The rows of before are not made again: what was before is in the backup.
DROP TABLE delais, histoire;
