--one row per dossier, folded from an append-only history; what 0.2.0 wrote becomes the first fact of each
-- depends: 0006_offres_fusions 0007_offres_retraits_prevus

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

ALTER TABLE prescriptions RENAME TO anciennes;
ALTER TABLE dossiers ADD COLUMN etat jsonb;
UPDATE dossiers d SET etat = jsonb_build_object(
    'parcours', d.parcours, 'departement', d.departement, 'est_clos', d.est_clos, 'est_efface', false,
    'absorbe_par', d.absorbe_par,
    'prescriptions', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'numero', p.numero, 'prescription_id', p.prescription_id,
            'service', jsonb_build_object(
                'id', p.service_id, 'structure_id', p.structure_id, 'structure_nom', p.structure_nom,
                'siret', p.siret),
            'prescripteur', p.prescripteur, 'departement', p.departement, 'emise_le', p.emise_le,
            'demande', jsonb_build_object(
                'motif', p.motif, 'contact_prefere', p.contact_prefere, 'disponibilite', p.disponibilite,
                'agent', p.agent),
            'action_id', p.action_id, 'etat', p.etat, 'repondue_le', p.repondue_le, 'relances', p.relances,
            'fin_le', p.fin_le, 'motifs', to_jsonb(p.motifs), 'issue', p.issue, 'message', p.message)
            ORDER BY p.numero)
        FROM anciennes p WHERE p.parcours = d.parcours), '[]'));
INSERT INTO histoire (dossier, type, fait) SELECT parcours, 'dossier.pose', etat::text::json FROM dossiers;

-- The read table: the engine replaces the rows of a dossier when they changed. `departement` is that of the parcours
-- when the prescription was emitted, `motifs` the codes of a refusal, separated by spaces.
CREATE TABLE prescriptions (
    parcours    uuid NOT NULL,
    departement text NOT NULL,
    service_id  text NOT NULL,
    emise_le    date NOT NULL,
    etat        text NOT NULL CHECK (etat IN
        ('emise', 'a-l-etude', 'acceptee', 'commencee', 'terminee', 'refusee', 'annulee', 'expiree')),
    repondue_le date CHECK (repondue_le >= emise_le),
    motifs      text NOT NULL,
    CHECK ((etat = 'refusee') = (motifs <> '')),
    CHECK (etat <> 'emise' OR repondue_le IS NULL),
    CHECK (etat IN ('emise', 'annulee', 'expiree') OR repondue_le IS NOT NULL)
);
INSERT INTO prescriptions
SELECT p.parcours, p.departement, p.service_id, p.emise_le, p.etat, p.repondue_le, array_to_string(p.motifs, ' ')
FROM anciennes p JOIN dossiers d USING (parcours) WHERE d.absorbe_par IS NULL;
DROP TABLE anciennes;
CREATE INDEX prescriptions_par_parcours ON prescriptions (parcours);
-- What a withdrawal expires.
CREATE INDEX prescriptions_en_attente ON prescriptions (service_id) WHERE etat IN ('emise', 'a-l-etude');
CREATE INDEX prescriptions_par_departement ON prescriptions (departement, emise_le);

ALTER TABLE dossiers
    ALTER COLUMN etat SET NOT NULL, DROP COLUMN departement, DROP COLUMN est_clos;

-- migrate: rollback
-- The rows of before are not made again: what was before is in the backup.
DROP TABLE prescriptions, histoire;
