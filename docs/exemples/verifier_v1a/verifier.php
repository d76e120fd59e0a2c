<?php
// Vérifier un webhook signé `v1a` : php verifier.php ID HORODATAGE SIGNATURES whpk_… < corps (code 0 s'il est juste).

/** Les trois en-têtes `webhook-*`, les octets reçus tels quels, et les clés publiées par le hub. */
function est_juste(string $id, string $horodatage, string $signatures, string $corps, array $cles): bool
{
    if (!ctype_digit($horodatage) || abs(time() - (int) $horodatage) > 300) {
        return false;
    }
    foreach ($cles as $cle) {
        $publique = base64_decode(preg_replace('/^whpk_/', '', $cle), true);
        foreach (explode(' ', $signatures) as $jeton) {
            $signature = str_starts_with($jeton, 'v1a,') ? base64_decode(substr($jeton, 4), true) : false;
            if ($signature !== false && strlen($signature) === SODIUM_CRYPTO_SIGN_BYTES
                && sodium_crypto_sign_verify_detached($signature, "$id.$horodatage.$corps", $publique)) {
                return true;
            }
        }
    }
    return false;
}

[$id, $horodatage, $signatures] = array_slice($argv, 1, 3);
exit(est_juste($id, $horodatage, $signatures, stream_get_contents(STDIN), array_slice($argv, 4)) ? 0 : 1);
