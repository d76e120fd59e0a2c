<?php // Un partenaire du relais : `envoyer FICHIER.json …`, `lire`, `recevoir --port N`. ../README.md dit comment.
const ATTENTES_S = [0.5, 1, 2, 4, 8, 15, 30, 60], A_REFAIRE = [0, 429, 502, 503, 504]; // 0 : un silence
const JSON = 'Content-Type: application/json', MESSAGE = 'Content-Type: application/cloudevents+json';
define('ETAT', getenv('ETAT') ?: '.');
const PORTEUR = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** OAuth 2.0 (private_key_jwt, DPoP), et des requêtes refaites jusqu'à une réponse. La clé des preuves reste ici. */
final class Relais {
    private $client, $cle, $preuves, $jwk, $http, $jeton = '', $fin = 0.0, $nonces = [];
    public function __construct() {
        [$this->http, $this->client] = [curl_init(), json_decode(file_get_contents(getenv('CLIENT_JSON')))];
        $this->cle = openssl_pkey_get_private(file_get_contents(getenv('KEY_PEM')));
        $this->preuves = openssl_pkey_new(['private_key_type' => OPENSSL_KEYTYPE_EC, 'curve_name' => 'prime256v1']);
        $ec = openssl_pkey_get_details($this->preuves)['ec'];
        $this->jwk = ['kty' => 'EC', 'crv' => 'P-256', 'x' => b64(sur32($ec['x'])), 'y' => b64(sur32($ec['y']))];
    }

    /** Refait la même requête après un silence, un 429 ou un 503 : le même `id` ne compte qu'une fois. */
    public function demander(string $methode, string $chemin, ?string $corps = null, array $entetes = []): array {
        foreach (ATTENTES_S as $attente) {
            [$statut, $lus, $rendu] = $this->essayer($methode, $chemin, $corps, $entetes);
            if (!in_array($statut, A_REFAIRE)) return [$statut, json_decode($rendu) ?? new stdClass()];
            usleep((int) (1e6 * min((float) ($lus['retry-after'] ?? $attente), 60.0)));
        }
        throw new Exception("Le relais ne répond pas. Relancez plus tard : ce qu'il a reçu ne comptera qu'une fois.");
    }

    private function essayer(string $methode, string $chemin, ?string $corps, array $entetes): array {
        for ($essai = 0; ; $essai++) {
            $est_jeton = microtime(true) >= $this->fin;
            [$statut, $lus, $rendu] = $recu = $est_jeton
                ? $this->requeter('POST', $this->client->token_endpoint, $this->formulaire(), [], '')
                : $this->requeter($methode, $this->client->api . $chemin, $corps, $entetes, $this->jeton);
            $this->nonces[$est_jeton] = $lus['dpop-nonce'] ?? $this->nonces[$est_jeton] ?? null;
            if ($essai < 5 && str_contains(($lus['www-authenticate'] ?? '') . $rendu, 'use_dpop_nonce')) continue;
            if ($est_jeton && $statut === 200) {
                ['access_token' => $this->jeton, 'expires_in' => $vie_s] = json_decode($rendu, true);
                $this->fin = microtime(true) + $vie_s - min(30, $vie_s / 2);
            } elseif (!$est_jeton && $statut === 401 && $essai < 2) {
                $this->fin = 0.0; // les clés du relais ont changé : avec un autre jeton
            } else return $recu;
        }
    }

    private function formulaire(): string {
        $dit = ['iss' => $this->client->client_id, 'sub' => $this->client->client_id, 'aud' => $this->client->issuer];
        $assertion = signer(['alg' => 'ES256', 'kid' => $this->client->kid], $dit + ['exp' => time() + 60], $this->cle);
        $form = ['grant_type' => 'client_credentials', 'client_assertion_type' => PORTEUR];
        return http_build_query($form + ['client_assertion' => $assertion]);
    }

    /** Statut, en-têtes en minuscules, corps. La preuve DPoP est neuve, avec le nonce du serveur s'il en faut un. */
    private function requeter(string $methode, string $url, ?string $corps, array $entetes, string $jeton): array {
        $dit = ['htm' => $methode, 'htu' => strtok($url, '?'), 'nonce' => $this->nonces[$jeton === ''] ?? null];
        $dit = array_filter($dit + ['ath' => $jeton ? b64(hash('sha256', $jeton, true)) : null]);
        $preuve = signer(['alg' => 'ES256', 'typ' => 'dpop+jwt', 'jwk' => $this->jwk], $dit, $this->preuves);
        $entetes = [...$entetes, 'Expect:', "DPoP: $preuve", ...($jeton ? ["Authorization: DPoP $jeton"] : [])];
        curl_reset($this->http); // les connexions restent
        $reglages = [CURLOPT_URL => $url, CURLOPT_CUSTOMREQUEST => $methode, CURLOPT_HTTPHEADER => $entetes];
        $reglages += [CURLOPT_TIMEOUT => 20, CURLOPT_RETURNTRANSFER => true, CURLOPT_HEADER => true];
        curl_setopt_array($this->http, $reglages + ($corps === null ? [] : [CURLOPT_POSTFIELDS => $corps]));
        if (($recu = curl_exec($this->http)) === false) return [0, [], ''];
        [$tete, $rendu] = explode("\r\n\r\n", $recu, 2);
        preg_match_all('/^([\w-]+):\s*(.*?)\s*$/m', $tete, $lignes);
        $lus = array_combine(array_map('strtolower', $lignes[1]), $lignes[2]);
        return [curl_getinfo($this->http, CURLINFO_RESPONSE_CODE), $lus, $rendu];
    }
}

function b64(string $octets): string { return rtrim(strtr(base64_encode($octets), '+/', '-_'), '='); }
function sur32(string $nombre): string { return str_pad(ltrim($nombre, "\0"), 32, "\0", STR_PAD_LEFT); }
/** ES256 : les deux nombres de la signature DER d'OpenSSL, sur 32 octets chacun. */
function signer(array $entete, array $dit, $cle): string {
    $dit += ['iat' => time(), 'jti' => bin2hex(random_bytes(16))];
    $corps = b64(json_encode($entete)) . '.' . b64(json_encode($dit));
    openssl_sign($corps, $der, $cle, OPENSSL_ALGO_SHA256);
    $r = substr($der, 4, ord($der[3]));
    return $corps . '.' . b64(sur32($r) . sur32(substr($der, 6 + strlen($r))));
}

function carnet(): PDO {
    $base = new PDO('sqlite:' . ETAT . '/recus.sqlite');
    $base->exec('CREATE TABLE IF NOT EXISTS recus (rang INTEGER PRIMARY KEY, id UNIQUE, evenement)');
    return $base;
}
/** Chacun une fois, types et champs inconnus compris (v1 s'enrichit), et sur le disque avant de répondre. */
function garder(array $evenements): void {
    $base = carnet();
    $base->beginTransaction();
    $ajout = $base->prepare('INSERT OR IGNORE INTO recus (id, evenement) VALUES (?, ?)');
    foreach ($evenements as $e) $ajout->execute([$e->id, json_encode($e)]);
    $base->commit();
}

/** Dépose chaque message et dit la décision ; 1 si l'un est refusé : le renvoyer tel quel n'y changerait rien. */
function envoyer(Relais $relais, array $fichiers): int {
    $refuses = 0;
    foreach ($fichiers as $fichier) {
        $trace = 'traceparent: 00-' . bin2hex(random_bytes(16)) . '-' . bin2hex(random_bytes(8)) . '-01';
        [$statut, $dit] = $relais->demander('POST', '/v1/messages', file_get_contents($fichier), [MESSAGE, $trace]);
        echo "$fichier : $statut ", $dit->etat ?? 'refuse', ' ', $dit->detail ?? '', "\n";
        foreach ($dit->erreurs ?? [] as $e) echo "  $e->pointeur : $e->message\n";
        if ($statut >= 300) $refuses = 1;
    }
    return $refuses;
}

/** Lit le fil d'où il en était, garde, puis acquitte, jusqu'à ce qu'il soit vide. */
function lire(Relais $relais): void {
    $place = ETAT . '/curseur.txt';
    $curseur = is_file($place) ? file_get_contents($place) : '';
    while (true) {
        $apres = $curseur === '' ? '' : '&apres=' . rawurlencode($curseur);
        [$statut, $page] = $relais->demander('GET', "/v1/evenements?limite=200$apres");
        if (!isset($page->curseur)) throw new Exception("Lecture refusée ($statut) : " . ($page->detail ?? ''));
        if (($page->evenements ?? null) === []) return;
        garder($page->evenements ?? []); // aucun après un 409 : le relais, restauré, dit d'où reprendre
        file_put_contents($place, $curseur = $page->curseur);
        $relais->demander('POST', '/v1/evenements/acquittement', json_encode(['curseur' => $curseur]), [JSON]);
    }
}

/** Standard Webhooks, `v1` : les octets reçus, à cinq minutes près ; deux secrets pendant une rotation. */
function est_signe(string $corps, string $id, string $instant, string $signes): bool {
    if ($id === '' || !ctype_digit($instant) || abs(time() - (int) $instant) > 300) return false;
    foreach (array_filter([getenv('RELAIS_SECRET'), getenv('RELAIS_ANCIEN_SECRET')]) as $secret) {
        $mac = hash_hmac('sha256', "$id.$instant.$corps", base64_decode(substr($secret, strlen('whsec_'))), true);
        foreach (explode(' ', $signes) as $signe) if (hash_equals('v1,' . base64_encode($mac), $signe)) return true;
    }
    return false;
}

/** POST : un webhook ; GET /sonde : ce qui est traité, dans l'ordre. */
function recevoir(): void {
    $traites = fn () => carnet()->query('SELECT id FROM recus ORDER BY rang')->fetchAll(PDO::FETCH_COLUMN);
    if ($_SERVER['REQUEST_METHOD'] === 'GET') exit(json_encode(['traites' => $traites()]));
    $dits = array_map(fn ($nom) => $_SERVER["HTTP_WEBHOOK_$nom"] ?? '', ['ID', 'TIMESTAMP', 'SIGNATURE']);
    if (!est_signe($corps = file_get_contents('php://input'), ...$dits)) { http_response_code(401); return; }
    $lot = is_array($dit = json_decode($corps)) ? $dit : [$dit];
    garder(array_filter($lot, fn ($e) => $e->type !== 'fr.insertion.abonnement.verification.v1'));
    http_response_code(204);
}

if (PHP_SAPI !== 'cli') { recevoir(); return; } // servi par `php -S`, ou par php-fpm
[$commande, $suite] = [$argv[1] ?? '', array_slice($argv, 2)];
if ($commande === 'recevoir') pcntl_exec(PHP_BINARY, ['-d', 'display_errors=0', '-S', "127.0.0.1:$suite[1]", __FILE__]);
$relais = new Relais();
$statut = $commande === 'lire' ? 0 : envoyer($relais, $suite ?: [getenv('MESSAGE_JSON')]);
if ($commande !== 'envoyer') lire($relais);
exit($statut);
