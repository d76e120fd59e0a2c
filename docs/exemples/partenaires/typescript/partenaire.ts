// Un partenaire du relais : `envoyer FICHIER.json …`, `lire`, `recevoir --port N`. ../README.md dit comment.
import { randomBytes, webcrypto } from "node:crypto";
import * as fs from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { setTimeout as attendre } from "node:timers/promises";
import * as oauth from "openid-client";
import { Webhook } from "standardwebhooks";

type Evenement = { id: string; type: string };
type Dit = { [nom: string]: any };

const [ATTENTES_S, A_REFAIRE] = [[0.5, 1, 2, 4, 8, 15, 30, 60], [429, 502, 503, 504]];
const ETAT = process.env.ETAT ?? ".";

/** OAuth 2.0 (private_key_jwt, DPoP), et des requêtes refaites jusqu'à ce que le relais réponde. */
class Relais {
  private jeton = "";
  private fin = 0;

  private constructor(readonly config: oauth.Configuration, readonly preuve: oauth.DPoPOptions, readonly api: string) {}

  static async ouvrir(): Promise<Relais> {
    const client = JSON.parse(fs.readFileSync(process.env.CLIENT_JSON!, "utf8"));
    const der = Buffer.from(fs.readFileSync(process.env.KEY_PEM!, "utf8").replace(/-----.*?-----|\s/g, ""), "base64");
    const es256 = { name: "ECDSA", namedCurve: "P-256" };
    const key = await webcrypto.subtle.importKey("pkcs8", der, es256, false, ["sign"]);
    const serveur = { issuer: client.issuer, token_endpoint: client.token_endpoint };
    const signature = oauth.PrivateKeyJwt({ key, kid: client.kid });
    const config = new oauth.Configuration(serveur, client.client_id, {}, signature);
    config.timeout = 20;
    if (client.issuer.startsWith("http:")) oauth.allowInsecureRequests(config); // un essai sur cette machine
    const cles = await oauth.randomDPoPKeyPair("ES256"); // restent ici : sans elles, un jeton volé est inutile
    return new Relais(config, { DPoP: oauth.getDPoPHandle(config, cles) }, client.api);
  }

  /** Refait la même requête après un silence, un 429 ou un 503 : le même `id` ne compte qu'une fois. */
  async demander(methode: string, chemin: string, corps?: Buffer, entetes = {}): Promise<[number, Dit]> {
    for (const pause of ATTENTES_S) {
      const reponse = await this.essayer(methode, chemin, corps, entetes);
      if (reponse && !A_REFAIRE.includes(reponse.status)) {
        const texte = await reponse.text();
        return [reponse.status, texte ? JSON.parse(texte) : {}];
      }
      await attendre(1000 * Math.min(Number(reponse?.headers.get("retry-after") ?? pause) || pause, 60));
    }
    throw new Error("Le relais ne répond pas. Relancez plus tard : ce qu'il a déjà reçu ne comptera qu'une fois.");
  }

  /** Rien quand le relais s'est tu. Après un 401 (ses clés ont changé) : une fois de plus, avec un autre jeton. */
  private async essayer(methode: string, chemin: string, corps?: Buffer, entetes = {}): Promise<Response | undefined> {
    for (const dernier of [false, true]) {
      try {
        if (Date.now() >= this.fin) {
          const donne = await oauth.clientCredentialsGrant(this.config, {}, this.preuve);
          const vie = donne.expires_in ?? 60;
          [this.jeton, this.fin] = [donne.access_token, Date.now() + 1000 * (vie - Math.min(30, vie / 2))];
        }
        const url = new URL(this.api + chemin);
        const suite = [url, methode, corps, new Headers(entetes), this.preuve] as const;
        return await oauth.fetchProtectedResource(this.config, this.jeton, ...suite);
      } catch (erreur) {
        const { response, cause } = erreur as { response?: Response; cause?: unknown };
        const reponse = response ?? (cause instanceof Response ? cause : undefined);
        if (reponse?.status !== 401 || dernier) return reponse;
        this.fin = 0;
      }
    }
  }
}

/** Les événements, venus par le fil ou par webhook : chacun une fois, une ligne, sur le disque avant de répondre. */
class Carnet {
  readonly vus = new Set<string>();
  private readonly fichier = join(ETAT, "recus.ndjson");

  constructor() {
    const lu = fs.existsSync(this.fichier) ? fs.readFileSync(this.fichier) : Buffer.of();
    const entier = lu.subarray(0, lu.lastIndexOf("\n") + 1); // une ligne interrompue sera redonnée
    if (entier.length < lu.length) fs.truncateSync(this.fichier, entier.length);
    for (const ligne of entier.toString().split("\n").filter(Boolean)) this.vus.add(JSON.parse(ligne).id);
  }

  /** Garde aussi les types et les champs inconnus : v1 s'enrichit. Votre traitement part de ce fichier. */
  garder(evenements: Evenement[]): void {
    const neufs = new Map(evenements.filter((e) => !this.vus.has(e.id)).map((e) => [e.id, e]));
    fs.appendFileSync(this.fichier, [...neufs.values()].map((e) => `${JSON.stringify(e)}\n`).join(""), { flush: true });
    for (const id of neufs.keys()) this.vus.add(id);
  }
}

/** Dépose chaque message et dit la décision ; 1 si l'un est refusé : le renvoyer tel quel n'y changerait rien. */
async function envoyer(relais: Relais, fichiers: string[]): Promise<number> {
  let refuses = 0;
  for (const fichier of fichiers) {
    const traceparent = `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`;
    const entetes = { "content-type": "application/cloudevents+json", traceparent };
    const [statut, dit] = await relais.demander("POST", "/v1/messages", fs.readFileSync(fichier), entetes);
    console.log(`${fichier} : ${statut} ${dit.etat ?? "refuse"} ${dit.detail ?? ""}`);
    for (const e of dit.erreurs ?? []) console.log(`  ${e.pointeur} : ${e.message}`);
    if (statut >= 300) refuses = 1;
  }
  return refuses;
}

/** Lit le fil d'où il en était, garde, puis acquitte, jusqu'à ce qu'il soit vide. */
async function lire(relais: Relais): Promise<void> {
  const [carnet, place] = [new Carnet(), join(ETAT, "curseur.txt")];
  let curseur = fs.existsSync(place) ? fs.readFileSync(place, "utf8") : "";
  for (;;) {
    const apres = curseur && `&apres=${encodeURIComponent(curseur)}`;
    const [statut, page] = await relais.demander("GET", `/v1/evenements?limite=200${apres}`);
    if (!page.curseur) throw new Error(`Lecture refusée (${statut}) : ${page.detail}`);
    if (page.evenements?.length === 0) return;
    carnet.garder(page.evenements ?? []); // aucun après un 409 : le relais, restauré, dit d'où reprendre
    curseur = page.curseur;
    fs.writeFileSync(place, curseur);
    const acquit = Buffer.from(JSON.stringify({ curseur }));
    await relais.demander("POST", "/v1/evenements/acquittement", acquit, { "content-type": "application/json" });
  }
}

/** Les événements, si les octets reçus sont signés de ce secret, à cinq minutes près. */
function verifier(webhook: Webhook, corps: Buffer, entetes: IncomingHttpHeaders): Evenement | Evenement[] | undefined {
  try {
    return webhook.verify(corps, entetes as Record<string, string>) as Evenement | Evenement[];
  } catch { return undefined }
}

/** POST : un webhook (Standard Webhooks, `v1`) ; GET /sonde : ce qui est traité, dans l'ordre. */
function recevoir(port: number): void {
  const carnet = new Carnet();
  const secrets = [process.env.RELAIS_SECRET, process.env.RELAIS_ANCIEN_SECRET].filter(Boolean); // l'ancien : rotation
  const webhooks = secrets.map((secret) => new Webhook(secret!));
  createServer(async (requete, reponse) => {
    if (requete.method === "GET") return reponse.end(JSON.stringify({ traites: [...carnet.vus] }));
    const corps = Buffer.concat(await requete.toArray());
    const dit = webhooks.map((webhook) => verifier(webhook, corps, requete.headers)).find(Boolean);
    carnet.garder([dit ?? []].flat().filter((e) => e.type !== "fr.insertion.abonnement.verification.v1"));
    return reponse.writeHead(dit ? 204 : 401).end();
  }).listen(port, "127.0.0.1");
}

const [commande, ...suite] = process.argv.slice(2);
if (commande === "recevoir") recevoir(Number(suite[1]));
else {
  const relais = await Relais.ouvrir();
  if (commande !== "lire") process.exitCode = await envoyer(relais, suite.length ? suite : [process.env.MESSAGE_JSON!]);
  if (commande !== "envoyer") await lire(relais);
}
