--what is to be settled, and what ends, beside what falls due
-- depends: 0002_feuille_de_route_effets

-- migrate: apply

ALTER TABLE prochaines DROP CONSTRAINT prochaines_nature_check;
ALTER TABLE prochaines ADD CONSTRAINT prochaines_nature_check CHECK (nature IN (
    'action', 'ambiguite', 'decision', 'engagement', 'fin-contrat', 'fin-suspension', 'premier-rendez-vous', 'reexamen',
    'referent', 'sanction', 'signature'));

-- migrate: rollback
ALTER TABLE prochaines DROP CONSTRAINT prochaines_nature_check;
DELETE FROM prochaines WHERE nature IN ('ambiguite', 'fin-contrat', 'fin-suspension', 'referent', 'sanction');
ALTER TABLE prochaines ADD CONSTRAINT prochaines_nature_check CHECK (nature IN (
    'action', 'decision', 'engagement', 'premier-rendez-vous', 'reexamen', 'signature'));
