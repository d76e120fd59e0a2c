// A right sender in Node, without any library: three messages, then its feed. Run by test_verifier_emetteur_commande.
import { createHash, createPrivateKey, generateKeyPairSync, randomUUID, randomBytes, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as attendre } from "node:timers/promises";

const client = JSON.parse(readFileSync(process.env.CLIENT_JSON, "utf8"));
const cle = createPrivateKey(readFileSync(process.env.KEY_PEM));
const preuves = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwk = preuves.publicKey.export({ format: "jwk" });
const code = client.client_id.replace(/^si:/, "");
let jeton = null;
let expireA = 0;
let refuses = 0;

const b64 = (texte) => Buffer.from(texte).toString("base64url");
const maintenant = () => Math.floor(Date.now() / 1000);

function signer(entete, dit, avec) {
  const corps = `${b64(JSON.stringify(entete))}.${b64(JSON.stringify(dit))}`;
  return `${corps}.${sign("sha256", Buffer.from(corps), { key: avec, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

function preuve(methode, url, avec) {
  const dit = { htm: methode, htu: url.split("?")[0], iat: maintenant(), jti: randomUUID() };
  if (avec) dit.ath = createHash("sha256").update(avec).digest("base64url");
  return signer({ alg: "ES256", typ: "dpop+jwt", jwk }, dit, preuves.privateKey);
}

async function avoirUnJeton() {
  if (Date.now() < expireA) return;
  const moi = client.client_id;
  const dit = { iss: moi, sub: moi, aud: client.issuer, exp: maintenant() + 60, iat: maintenant(), jti: randomUUID() };
  const corps = new URLSearchParams({
    grant_type: "client_credentials",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: signer({ alg: "ES256", kid: client.kid, typ: "JWT" }, dit, cle),
  });
  const url = client.token_endpoint;
  const reponse = await fetch(url, { method: "POST", body: corps, headers: { DPoP: preuve("POST", url) } });
  if (!reponse.ok) throw new Error(`jeton refusé : ${reponse.status}`);
  const donne = await reponse.json();
  jeton = donne.access_token;
  expireA = Date.now() + donne.expires_in * 900;
}

async function demander(methode, chemin, corps, genre) {
  for (let essai = 0; essai < 5; essai += 1) {
    await avoirUnJeton();
    const url = `${client.api}${chemin}`;
    const headers = { Authorization: `DPoP ${jeton}`, DPoP: preuve(methode, url, jeton) };
    if (genre) headers["Content-Type"] = genre;
    if (genre) headers.traceparent = `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`;
    const reponse = await fetch(url, { method: methode, body: corps, headers, signal: AbortSignal.timeout(20000) });
    if (reponse.status === 401) expireA = 0;
    else if (reponse.status !== 503 && reponse.status !== 429) return reponse;
    else await attendre(1000 * Number(reponse.headers.get("retry-after") ?? 2 ** essai));
  }
  throw new Error("le relais ne répond pas");
}

function signalement(numero) {
  return {
    specversion: "1.0", id: randomUUID(), source: `/partenaires/${code}`, type: "fr.insertion.usager.signale.v1",
    time: new Date().toISOString(), departement: "59", agent: "batch", finalite: "orientation",
    data: {
      identite: { nom_naissance: "EXEMPLE", prenoms: `Essai`, date_naissance: "1985-03-12" },
      identifiants: [{ type: "matricule-caf", valeur: String(numero), role: "demandeur" }],
      brsa: true, date_reception_droit: "2026-03-02", origine: "inscription-auto-caf",
    },
  };
}

for (const numero of [9990001, 9990002, 9990003]) {
  const corps = JSON.stringify(signalement(numero));
  const reponse = await demander("POST", "/v1/messages", corps, "application/cloudevents+json");
  if (!reponse.ok) refuses += 1;
}
for (;;) {
  const page = await (await demander("GET", "/v1/evenements?limite=50")).json();
  if (page.evenements.length === 0) break;
  await demander("POST", "/v1/evenements/acquittement", JSON.stringify({ curseur: page.curseur }), "application/json");
}
process.exit(refuses ? 1 : 0);
