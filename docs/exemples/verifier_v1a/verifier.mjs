// Vérifier un webhook signé `v1a` : node verifier.mjs ID HORODATAGE SIGNATURES whpk_… < corps (code 0 s'il est juste).
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

/** Les trois en-têtes `webhook-*`, les octets reçus tels quels (Buffer), et les clés publiées par le hub. */
export function estJuste(identifiant, horodatage, signatures, corps, cles) {
  if (!/^\d+$/.test(horodatage) || Math.abs(Date.now() / 1000 - Number(horodatage)) > 300) return false;
  const signe = Buffer.concat([Buffer.from(`${identifiant}.${horodatage}.`), corps]);
  const jetons = signatures.split(" ").filter((jeton) => jeton.startsWith("v1a,"));
  return cles.some((cle) => {
    const x = Buffer.from(cle.replace(/^whpk_/, ""), "base64").toString("base64url");
    const publique = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return jetons.some((jeton) => verify(null, signe, publique, Buffer.from(jeton.slice(4), "base64")));
  });
}

const [identifiant, horodatage, signatures, ...cles] = process.argv.slice(2);
process.exit(estJuste(identifiant, horodatage, signatures, readFileSync(0), cles) ? 0 : 1);
