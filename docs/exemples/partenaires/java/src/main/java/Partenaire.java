/* Un partenaire du relais : `envoyer FICHIER.json …`, `lire`, `recevoir --port N`. Le README du dossier dit comment. */
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.util.*;
import com.nimbusds.oauth2.sdk.auth.*;
import com.nimbusds.oauth2.sdk.dpop.*;
import com.nimbusds.oauth2.sdk.id.*;
import com.nimbusds.oauth2.sdk.token.DPoPAccessToken;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.standardwebhooks.exceptions.*;
import com.sun.net.httpserver.*;
import java.io.IOException;
import java.net.*;
import java.net.http.*;
import java.nio.file.*;
import java.security.*;
import java.text.ParseException;
import java.time.*;
import java.util.*;
import java.util.concurrent.*;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.*;
public class Partenaire {
    static final Map<String, String> ENV = System.getenv();
    static final Path ETAT = Path.of(ENV.getOrDefault("ETAT", "."));
    static final Path RECUS = ETAT.resolve("recus.ndjson"), CURSEUR = ETAT.resolve("curseur.txt");
    final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build(); // sans redirection
    final Map<String, Object> client = JSONObjectUtils.parse(Files.readString(Path.of(ENV.get("CLIENT_JSON"))));
    DPoPProofFactory dpop = new DefaultDPoPProofFactory(new ECKeyGenerator(Curve.P_256).generate(), JWSAlgorithm.ES256);
    final String pem = Files.readString(Path.of(ENV.get("KEY_PEM"))).replaceAll("-----[A-Z ]+-----", "");
    final PrivateKey cle = KeyFactory.getInstance("EC")
        .generatePrivate(new java.security.spec.PKCS8EncodedKeySpec(java.util.Base64.getMimeDecoder().decode(pem)));
    DPoPAccessToken jeton;
    Nonce nonce;
    Instant fin = Instant.MIN;
    Partenaire() throws Exception {}
    String de(String nom) { return (String) client.get(nom); }
    /** private_key_jwt (RFC 7523) : une assertion par demande ; le jeton est gardé jusqu'à l'approche de sa fin. */
    void avoirUnJeton() throws Exception {
        if (Instant.now().isBefore(fin)) return;
        var rendu = demander("POST", de("token_endpoint"), "application/x-www-form-urlencoded", () -> {
            var pour = new Audience(de("issuer")).toSingleAudienceList();
            Date iat = new Date(), exp = Date.from(Instant.now().plusSeconds(60));
            var dit = new JWTAuthenticationClaimsSet(new ClientID(de("client_id")), pour, exp, null, iat, new JWTID());
            var form = new HashMap<>(new PrivateKeyJWT(dit, JWSAlgorithm.ES256, cle, de("kid"), null).toParameters());
            form.put("grant_type", List.of("client_credentials"));
            return com.nimbusds.oauth2.sdk.util.URLUtils.serializeParameters(form).getBytes(UTF_8);
        });
        if (rendu.statusCode() != 200) throw new IOException("Jeton refusé : " + rendu.body());
        var donne = JSONObjectUtils.parse(rendu.body());
        jeton = new DPoPAccessToken((String) donne.get("access_token"));
        fin = Instant.now().plusMillis(900 * ((Number) donne.get("expires_in")).longValue());
    }
    /** Refait la même requête après un silence, un 429 ou un 503 : le même `id` ne compte qu'une fois. */
    HttpResponse<String> demander(String verbe, String url, String genre, Callable<byte[]> corps) throws Exception {
        var hasard = (UUID.randomUUID() + "-" + UUID.randomUUID()).replace("-", "");
        boolean estJeton = url.equals(client.get("token_endpoint"));
        for (int essai = 0; essai < 8; essai++) {
            if (!estJeton) avoirUnJeton();
            var preuve = dpop.createDPoPJWT(verbe, URI.create(url.split("\\?")[0]), estJeton ? null : jeton, nonce);
            var envoi = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20))
                .method(verbe, HttpRequest.BodyPublishers.ofByteArray(corps.call())).header("Content-Type", genre)
                .header("traceparent", "00-%.32s-%.16s-01".formatted(hasard, hasard.substring(32)))
                .header("DPoP", preuve.serialize());
            if (!estJeton) envoi.header("Authorization", jeton.toAuthorizationHeader());
            long attente = 500L << essai;
            try {
                var reponse = http.send(envoi.build(), HttpResponse.BodyHandlers.ofString());
                int statut = reponse.statusCode();
                nonce = reponse.headers().firstValue("DPoP-Nonce").map(Nonce::new).orElse(nonce);
                if (statut == 429 || statut >= 502)
                    attente = 1000 * reponse.headers().firstValueAsLong("Retry-After").orElse(1L << essai);
                else if (statut == 401 && !estJeton && essai < 2) fin = Instant.MIN; // encore, avec un autre jeton
                else if (!reponse.body().contains("use_dpop_nonce")) return reponse;
            } catch (IOException silence) { System.err.println(silence); }
            Thread.sleep(attente);
        }
        throw new IOException("Le relais ne répond pas. Relancez plus tard : ce qu'il a déjà ne comptera qu'une fois.");
    }
    int envoyer(List<String> fichiers) throws Exception {
        int statut = 0;
        for (String fichier : fichiers) {
            byte[] message = Files.readAllBytes(Path.of(fichier));
            var rendu = demander("POST", de("api") + "/v1/messages", "application/cloudevents+json", () -> message);
            System.out.printf("%s : %d %s%n", fichier, rendu.statusCode(), rendu.body());
            if (rendu.statusCode() >= 300) statut = 1; // renvoyé tel quel, il serait refusé de nouveau
        }
        return statut;
    }
    /** Lit le fil d'où il en était, garde, puis acquitte, jusqu'à ce qu'il soit vide. */
    void lire() throws Exception {
        String fil = de("api") + "/v1/evenements", json = "application/json";
        while (true) {
            var apres = Files.exists(CURSEUR) ? "&apres=" + URLEncoder.encode(Files.readString(CURSEUR), UTF_8) : "";
            var lu = JSONObjectUtils.parse(demander("GET", fil + "?limite=99" + apres, json, () -> new byte[0]).body());
            if (!lu.containsKey("curseur")) throw new IOException("Lecture refusée : " + lu);
            if (List.of().equals(lu.get("evenements"))) return;
            garder((List<?>) lu.getOrDefault("evenements", List.of())); // 409 : le relais dit d'où reprendre
            Files.writeString(CURSEUR, (String) lu.get("curseur"));
            var dit = JSONObjectUtils.toJSONString(Map.of("curseur", lu.get("curseur"))).getBytes(UTF_8);
            demander("POST", fil + "/acquittement", json, () -> dit);
        }
    }
    /** Chacun une fois, types et champs inconnus compris, et sur le disque ; rend les `id` gardés. */
    static synchronized Set<String> garder(List<?> lot) throws IOException {
        var ids = new LinkedHashSet<String>();
        for (String ligne : Files.exists(RECUS) ? Files.readAllLines(RECUS) : List.<String>of())
            try { ids.add((String) JSONObjectUtils.parse(ligne).get("id")); } catch (ParseException non) { continue; }
        var lignes = new StringBuilder();
        for (Object evenement : lot) {
            var dit = (Map<String, ?>) evenement;
            if (!"fr.insertion.abonnement.verification.v1".equals(dit.get("type")) && ids.add((String) dit.get("id")))
                lignes.append("\n").append(JSONObjectUtils.toJSONString(dit));
        }
        Files.writeString(RECUS, lignes, CREATE, APPEND, DSYNC);
        return ids;
    }
    /** POST : un webhook (Standard Webhooks, `v1`) ; GET /sonde : ce qui est traité, dans l'ordre. */
    static void repondre(HttpExchange echange) throws IOException {
        boolean estLue = echange.getRequestMethod().equals("GET");
        var rendu = estLue ? JSONObjectUtils.toJSONString(Map.of("traites", List.copyOf(garder(List.of())))) : "";
        int statut = estLue ? 200 : 401;
        var corps = new String(echange.getRequestBody().readAllBytes(), UTF_8);
        for (String nom : List.of("RELAIS_SECRET", "RELAIS_ANCIEN_SECRET")) // l'ancien, pendant une rotation
            if (!estLue && ENV.containsKey(nom)) try {
                new com.standardwebhooks.Webhook(ENV.get(nom)).verify(corps, echange.getRequestHeaders());
                garder(JSONArrayUtils.parse(corps.stripLeading().startsWith("[") ? corps : "[" + corps + "]"));
                statut = 204;
            } catch (EmptyWebhookSecretException | WebhookVerificationException | ParseException faux) { continue; }
        echange.sendResponseHeaders(statut, estLue ? 0 : -1);
        echange.getResponseBody().write(rendu.getBytes(UTF_8));
        echange.close();
    }
    public static void main(String[] a) throws Exception {
        var commande = a.length == 0 ? "" : a[0];
        if (commande.equals("recevoir")) {
            var serveur = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(a[2])), 64);
            serveur.createContext("/", Partenaire::repondre);
            serveur.setExecutor(Executors.newFixedThreadPool(32));
            serveur.start();
            return;
        }
        var partenaire = new Partenaire();
        var fichiers = a.length > 1 ? List.of(a).subList(1, a.length) : List.of(ENV.getOrDefault("MESSAGE_JSON", ""));
        int statut = commande.equals("lire") ? 0 : partenaire.envoyer(fichiers);
        if (!commande.equals("envoyer")) partenaire.lire();
        System.exit(statut);
    }
}
