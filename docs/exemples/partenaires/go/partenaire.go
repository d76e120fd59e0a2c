// Un partenaire du relais : `envoyer FICHIER.json …`, `lire`, `recevoir --port N`. ../README.md dit comment.
package main
import (
	"crypto/ecdsa"; "crypto/elliptic"; "crypto/rand"; "crypto/sha256"; "crypto/x509"; "encoding/pem"
	"encoding/base64"; "encoding/json"; "fmt"; "io"; "log"; "net/http"; "net/url"
	"os"; "path/filepath"; "slices"; "strings"; "sync"; "time"
	"github.com/go-jose/go-jose/v4"; "github.com/go-jose/go-jose/v4/jwt"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)
var attentesS, aRefaire = []float64{0.5, 1, 2, 4, 8, 15, 30, 60}, []int{429, 502, 503, 504}
const JSON, MESSAGE, FORM = "application/json", "application/cloudevents+json", "application/x-www-form-urlencoded"
const PORTEUR = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
const VERIFICATION = "fr.insertion.abonnement.verification.v1"
var sansSuivre = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // aucune redirection
var web, seul = http.Client{Timeout: 20 * time.Second, CheckRedirect: sansSuivre}, sync.Mutex{}
type dit = map[string]any
type Relais struct {
	Issuer, Api, Kid, Client_id, Token_endpoint string // client.json
	cle, preuves jose.Signer; jeton string; fin time.Time; nonces map[bool]string // vrai : de qui donne les jetons
}
type Reponse struct {
	Etat, Detail, Curseur, Access_token, Error string; Expires_in float64
	Evenements []json.RawMessage; Erreurs []struct{ Pointeur, Message string }
}
// sur arrête le programme, ou la requête qu'il sert, à la première erreur : rien n'est alors acquitté.
func sur[T any](valeur T, err error) T { if err != nil { panic(err) }; return valeur }
func secondes(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
func place(nom string) string { return filepath.Join(os.Getenv("ETAT"), nom) }
func empreinte(s string) string { h := sha256.Sum256([]byte(s)); return base64.RawURLEncoding.EncodeToString(h[:]) }
func signer(cle jose.Signer, quoi dit) string {
	quoi["iat"], quoi["jti"] = time.Now().Unix(), rand.Text()
	return sur(jwt.Signed(cle).Claims(quoi).Serialize())
}
func ouvrir() *Relais {
	r := &Relais{nonces: map[bool]string{}}
	sur(0, json.Unmarshal(sur(os.ReadFile(os.Getenv("CLIENT_JSON"))), r))
	bloc, _ := pem.Decode(sur(os.ReadFile(os.Getenv("KEY_PEM"))))
	cle := jose.JSONWebKey{Key: sur(x509.ParsePKCS8PrivateKey(bloc.Bytes)), KeyID: r.Kid}
	r.cle = sur(jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: cle}, nil))
	preuve := jose.SigningKey{Algorithm: jose.ES256, Key: sur(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))}
	r.preuves = sur(jose.NewSigner(preuve, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt")))
	return r
}
// demander refait la même requête après un silence, un 429 ou un 503 : le même `id` ne compte qu'une fois.
func (r *Relais) demander(methode, chemin, genre, corps string) (int, Reponse) {
	trace := fmt.Sprintf("00-%x-%x-01", rand.Text()[:16], rand.Text()[:8])
	for _, attenteS := range attentesS {
		if recu, lu, silence := r.essayer(methode, r.Api+chemin, genre, trace, corps); silence == nil {
			if !slices.Contains(aRefaire, recu.StatusCode) { return recu.StatusCode, lu }
			fmt.Sscan(recu.Header.Get("Retry-After"), &attenteS) // laissée telle quelle s'il n'y en a pas
		}
		time.Sleep(secondes(min(attenteS, 60)))
	}
	panic("Le relais ne répond pas. Relancez plus tard : ce qu'il a déjà reçu ne comptera qu'une fois.")
}
// essayer garde un jeton (private_key_jwt) jusqu'à sa fin, et en prend un autre après un 401.
func (r *Relais) essayer(methode, u, genre, trace, corps string) (recu *http.Response, lu Reponse, silence error) {
	for essai := 0; ; essai++ {
		estJeton := time.Now().After(r.fin)
		if estJeton { recu, lu, silence = r.requeter("POST", r.Token_endpoint, FORM, trace, r.formulaire(), "") }
		if !estJeton { recu, lu, silence = r.requeter(methode, u, genre, trace, corps, r.jeton) }
		switch {
		case silence != nil: return
		case essai < 5 && strings.Contains(recu.Header.Get("WWW-Authenticate")+lu.Error, "use_dpop_nonce"):
		case estJeton && recu.StatusCode == 200:
			r.jeton, r.fin = lu.Access_token, time.Now().Add(secondes(lu.Expires_in-min(30, lu.Expires_in/2)))
		case !estJeton && recu.StatusCode == 401 && essai < 2: r.fin = time.Time{}
		default: return
		}
	}
}
func (r *Relais) formulaire() string {
	moi := dit{"iss": r.Client_id, "sub": r.Client_id, "aud": r.Issuer, "exp": time.Now().Unix() + 60}
	return "grant_type=client_credentials&client_assertion_type=" + PORTEUR + "&client_assertion=" + signer(r.cle, moi)
}
// requeter joint une preuve DPoP neuve à chaque requête ; sa clé ne sort pas d'ici.
func (r *Relais) requeter(m, u, genre, trace, corps, jeton string) (recu *http.Response, lu Reponse, err error) {
	q, preuve := sur(http.NewRequest(m, u, strings.NewReader(corps))), dit{"htm": m, "htu": strings.Split(u, "?")[0]}
	q.Header = http.Header{"Content-Type": {genre}, "Traceparent": {trace}}
	if nonce := r.nonces[jeton == ""]; nonce != "" { preuve["nonce"] = nonce }
	if jeton != "" { preuve["ath"] = empreinte(jeton); q.Header.Set("Authorization", "DPoP "+jeton) }
	q.Header.Set("DPoP", signer(r.preuves, preuve))
	if recu, err = web.Do(q); err != nil { return }
	defer recu.Body.Close()
	if nonce := recu.Header.Get("DPoP-Nonce"); nonce != "" { r.nonces[jeton == ""] = nonce }
	rendu, err := io.ReadAll(recu.Body)
	_ = json.Unmarshal(rendu, &lu) // un mandataire peut répondre autre chose : le statut suffit
	return recu, lu, err
}
// garder : chacun une fois, types et champs inconnus compris, et sur le disque ; rend les `id` gardés, dans l'ordre.
func garder(lot []json.RawMessage) map[string][]string {
	seul.Lock(); defer seul.Unlock()
	fichier := sur(os.OpenFile(place("recus.ndjson"), os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_SYNC, 0o600))
	defer fichier.Close()
	ids, lignes, ajouts := []string{}, strings.Split(string(sur(io.ReadAll(fichier))), "\n"), ""
	for _, e := range lot { lignes = append(lignes, "\n"+string(sur(json.Marshal(e)))) }
	for _, ligne := range lignes {
		var e struct{ Id, Type string }
		if json.Unmarshal([]byte(ligne), &e) != nil || e.Type == VERIFICATION || slices.Contains(ids, e.Id) { continue }
		ids = append(ids, e.Id)
		if ligne[0] == '\n' { ajouts += ligne }
	}
	sur(fichier.WriteString(ajouts))
	return map[string][]string{"traites": ids}
}
// envoyer dépose chaque message et dit la décision ; 1 si l'un est refusé : le renvoyer n'y changerait rien.
func (r *Relais) envoyer(fichiers []string) (refuse int) {
	for _, nom := range fichiers {
		statut, lu := r.demander("POST", "/v1/messages", MESSAGE, string(sur(os.ReadFile(nom))))
		fmt.Println(nom, ":", statut, lu.Etat, lu.Detail)
		for _, e := range lu.Erreurs { fmt.Println(" ", e.Pointeur, ":", e.Message) }
		if statut >= 300 { refuse = 1 }
	}
	return
}
// lire lit le fil d'où il en était, garde, puis acquitte, jusqu'à ce qu'il soit vide.
func (r *Relais) lire() {
	curseur, _ := os.ReadFile(place("curseur.txt"))
	for {
		suite := url.Values{"limite": {"200"}}
		if len(curseur) > 0 { suite.Set("apres", string(curseur)) }
		statut, lu := r.demander("GET", "/v1/evenements?"+suite.Encode(), JSON, "")
		if curseur = []byte(lu.Curseur); len(curseur) == 0 { log.Fatal("Lecture refusée : ", statut, lu.Detail) }
		if lu.Evenements != nil && len(lu.Evenements) == 0 { return }
		garder(lu.Evenements) // aucun après un 409 : le relais, restauré, dit d'où reprendre
		sur(0, os.WriteFile(place("curseur.txt"), curseur, 0o600))
		r.demander("POST", "/v1/evenements/acquittement", JSON, string(sur(json.Marshal(dit{"curseur": lu.Curseur}))))
	}
}
// recevoir : POST, un webhook (Standard Webhooks, `v1`, les octets reçus) ; GET /sonde, ce qui est traité.
func recevoir(w http.ResponseWriter, q *http.Request) {
	if q.Method == "GET" { w.Write(sur(json.Marshal(garder(nil)))); return }
	corps, lot, statut := sur(io.ReadAll(q.Body)), []json.RawMessage{}, 401
	for _, nom := range []string{"RELAIS_SECRET", "RELAIS_ANCIEN_SECRET"} { // l'ancien, pendant une rotation
		webhook, err := webhooks.NewWebhook(os.Getenv(nom))
		if os.Getenv(nom) == "" || err != nil || webhook.Verify(corps, q.Header) != nil { continue }
		if json.Unmarshal(corps, &lot) != nil { lot = []json.RawMessage{corps} }
		garder(lot); statut = 204; break
	}
	w.WriteHeader(statut)
}
func main() {
	commande, suite := "", []string{os.Getenv("MESSAGE_JSON")}
	if len(os.Args) > 1 { commande, suite = os.Args[1], os.Args[2:] }
	if commande == "recevoir" { log.Fatal(http.ListenAndServe("127.0.0.1:"+suite[1], http.HandlerFunc(recevoir))) }
	relais, statut := ouvrir(), 0
	if commande != "lire" { statut = relais.envoyer(suite) }
	if commande != "envoyer" { relais.lire() }
	os.Exit(statut)
}
