// A real provider of identities (oidc-provider, certified by the OpenID Foundation) for the sign-in of the console.
// node oidc.mjs PORT REDIRECT_URI SECRET: one client, relais-console; whoever signs in is the account that was typed, and
// its roles are those of ROLES.
import { Provider } from "oidc-provider";

const [port, redirect, secret] = process.argv.slice(2);
const ROLES = { claire: ["relais-exploitation", "autre"], samir: ["autre"] };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "relais-console", client_secret: secret, redirect_uris: [redirect] }],
  claims: { openid: ["sub", "roles"], profile: ["preferred_username"] },
  cookies: { keys: [secret] },
  async findAccount(_, id) {
    return { accountId: id, claims: () => ({ sub: id, preferred_username: id, roles: ROLES[id] ?? [] }) };
  },
});
const server = provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
process.on("SIGTERM", () => (server.closeAllConnections(), server.close()));
