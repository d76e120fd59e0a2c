<?php
// A right sender in PHP, without any library: one message, then a batch. Run by test_verifier_emetteur_commande.
$client = json_decode(file_get_contents(getenv('CLIENT_JSON')), true);
$cle = openssl_pkey_get_private(file_get_contents(getenv('KEY_PEM')));
$preuves = openssl_pkey_new(['private_key_type' => OPENSSL_KEYTYPE_EC, 'curve_name' => 'prime256v1']);
$jeton = null;
$expire = 0.0;
$refuses = 0;

function b64(string $octets): string
{
    return rtrim(strtr(base64_encode($octets), '+/', '-_'), '=');
}

/** ES256: the two numbers of the DER signature, 32 bytes each. */
function signer(array $entete, array $dit, $cle): string
{
    $corps = b64(json_encode($entete)) . '.' . b64(json_encode($dit));
    openssl_sign($corps, $der, $cle, OPENSSL_ALGO_SHA256);
    $r = substr($der, 4, ord($der[3]));
    $s = substr($der, 6 + strlen($r));
    $fixe = fn (string $n): string => str_pad(ltrim($n, "\0"), 32, "\0", STR_PAD_LEFT);
    return $corps . '.' . b64($fixe($r) . $fixe($s));
}

function preuve(string $methode, string $url, ?string $jeton): string
{
    global $preuves;
    $ec = openssl_pkey_get_details($preuves)['ec'];
    $pad = fn (string $n): string => b64(str_pad($n, 32, "\0", STR_PAD_LEFT));
    $jwk = ['kty' => 'EC', 'crv' => 'P-256', 'x' => $pad($ec['x']), 'y' => $pad($ec['y'])];
    $dit = ['htm' => $methode, 'htu' => strtok($url, '?'), 'iat' => time(), 'jti' => bin2hex(random_bytes(16))];
    if ($jeton !== null) {
        $dit['ath'] = b64(hash('sha256', $jeton, true));
    }
    return signer(['alg' => 'ES256', 'typ' => 'dpop+jwt', 'jwk' => $jwk], $dit, $preuves);
}

/** Status, headers in lower case, body. */
function poster(string $methode, string $url, ?string $corps, array $entetes): array
{
    $http = ['method' => $methode, 'header' => $entetes, 'ignore_errors' => true, 'timeout' => 15, 'follow_location' => 0];
    $http += $corps === null ? [] : ['content' => $corps];
    $rendu = file_get_contents($url, false, stream_context_create(['http' => $http]));
    $lus = [];
    foreach (array_slice($http_response_header, 1) as $ligne) {
        [$nom, $valeur] = explode(':', $ligne, 2);
        $lus[strtolower($nom)] = trim($valeur);
    }
    return [(int) explode(' ', $http_response_header[0])[1], $lus, $rendu];
}

function avoir_un_jeton(): void
{
    global $client, $cle, $jeton, $expire;
    if (microtime(true) < $expire) {
        return;
    }
    $moi = $client['client_id'];
    $dit = ['iss' => $moi, 'sub' => $moi, 'aud' => $client['issuer'], 'iat' => time(), 'exp' => time() + 60];
    $dit['jti'] = bin2hex(random_bytes(16));
    $corps = http_build_query([
        'grant_type' => 'client_credentials',
        'client_assertion_type' => 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        'client_assertion' => signer(['alg' => 'ES256', 'kid' => $client['kid'], 'typ' => 'JWT'], $dit, $cle),
    ]);
    $url = $client['token_endpoint'];
    $entetes = ['Content-Type: application/x-www-form-urlencoded', 'DPoP: ' . preuve('POST', $url, null)];
    [$statut, , $rendu] = poster('POST', $url, $corps, $entetes);
    if ($statut !== 200) {
        exit(1);
    }
    $donne = json_decode($rendu, true);
    $jeton = $donne['access_token'];
    $expire = microtime(true) + 0.9 * $donne['expires_in'];
}

function deposer(string $corps, string $genre): array
{
    global $client, $jeton, $expire;
    for ($essai = 0; $essai < 5; $essai++) {
        avoir_un_jeton();
        $url = $client['api'] . '/v1/messages';
        $trace = '00-' . bin2hex(random_bytes(16)) . '-' . bin2hex(random_bytes(8)) . '-01';
        $entetes = ["Authorization: DPoP $jeton", 'DPoP: ' . preuve('POST', $url, $jeton), "traceparent: $trace"];
        [$statut, $lus, $rendu] = poster('POST', $url, $corps, [...$entetes, "Content-Type: $genre"]);
        if ($statut === 401) {
            $expire = 0.0;
        } elseif ($statut === 503 || $statut === 429) {
            sleep((int) ($lus['retry-after'] ?? 2 ** $essai));
        } else {
            return [$statut, $rendu];
        }
    }
    exit(1);
}

function signalement(int $numero): array
{
    global $client;
    return [
        'specversion' => '1.0', 'id' => vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex(random_bytes(16)), 4)),
        'source' => '/partenaires/' . substr($client['client_id'], 3), 'type' => 'fr.insertion.usager.signale.v1',
        'time' => gmdate('Y-m-d\TH:i:s\Z'), 'departement' => '59', 'agent' => 'batch', 'finalite' => 'orientation',
        'data' => [
            'identite' => ['nom_naissance' => 'EXEMPLE', 'prenoms' => 'Essai', 'date_naissance' => '1985-03-12'],
            'identifiants' => [['type' => 'matricule-caf', 'valeur' => (string) $numero, 'role' => 'demandeur']],
            'brsa' => true, 'date_reception_droit' => '2026-03-02', 'origine' => 'inscription-auto-caf',
        ],
    ];
}

[$statut] = deposer(json_encode(signalement(9990001)), 'application/cloudevents+json');
$refuses += $statut >= 400 ? 1 : 0;
$lot = array_map('signalement', [9990002, 9990003, 9990004]);
for ($essai = 0; $lot && $essai < 5; $essai++) {
    [$statut, $rendu] = deposer(json_encode($lot), 'application/cloudevents-batch+json');
    $a_refaire = [];
    foreach (array_filter(explode("\n", $rendu)) as $rang => $ligne) {
        $dit = json_decode($ligne, true);
        if (($dit['etat'] ?? '') === 'refuse') {
            $dit['relancable'] ? $a_refaire[] = $lot[$rang] : $refuses++;
        }
    }
    $lot = $a_refaire;
    $lot && sleep(1);
}
exit($refuses ? 1 : 0);
