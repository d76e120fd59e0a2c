--in which territory each parcours is now: being of the right kind of organisation opens nothing elsewhere
-- depends: 0018_passerelle_reperes 0018_passerelle_signalements 0019_passerelle_archives

-- migrate: apply

-- `sequence` is that of the fact of `usagers` that said so: what comes late moves nothing back. `distribue` is how far
-- the fan-out is: what it tells late, it tells to who was there. An absorbed parcours keeps its row, which counts no more.
CREATE TABLE territoires (
    parcours    uuid PRIMARY KEY,
    departement text NOT NULL,
    sequence    integer NOT NULL,
    distribue   text
);

-- What was told before: the last fact of `usagers` says where the parcours is.
INSERT INTO territoires (parcours, departement, sequence)
SELECT DISTINCT ON (parcours) parcours,
    CASE WHEN type = 'parcours.transfere' AND NOT corps ? 'effet' THEN corps -> 'data' ->> 'departement_nouveau'
        ELSE corps ->> 'departement' END,
    (corps ->> 'sequence')::integer
FROM evenements WHERE corps ->> 'brique' = 'usagers' AND corps ? 'sequence'
ORDER BY parcours, (corps ->> 'sequence')::integer DESC;
-- Those of which nothing is kept any more: their département takes part in them.
INSERT INTO territoires (parcours, departement, sequence)
SELECT DISTINCT ON (p.parcours) p.parcours, t.departements[1], 0
FROM participations p JOIN partenaires t ON t.code = p.partenaire
WHERE p.role = 'territoire' AND p.fin IS NULL AND t.type_organisme = 'departement'
ORDER BY p.parcours, p.depuis DESC
ON CONFLICT DO NOTHING;

-- A delivery that waits was told to who was in its territory then.
UPDATE livraisons SET roles = roles || '{sur-place}'::text[] WHERE NOT roles && '{abonnes-territoire,titulaire}';

-- migrate: rollback
UPDATE livraisons SET roles = array_remove(roles, 'sur-place');
DROP TABLE territoires;
