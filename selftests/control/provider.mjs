// SPDX-License-Identifier: GPL-2.0
// A real identity provider for oidc.py: node-oidc-provider with its own login pages.
//   node provider.mjs '{"port": ..., "folder": ..., "redirect": ..., "people": {...}}'
// folder holds node_modules, people the claims of each account.
import { createRequire } from "node:module";
import { generateKeyPairSync } from "node:crypto";
import { pathToFileURL } from "node:url";

const options = JSON.parse(process.argv[2]);
const require = createRequire(pathToFileURL(options.folder + "/"));
const { default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));

const key = (type, more, alg) => ({
	...generateKeyPairSync(type, more).privateKey.export({ format: "jwk" }), alg, use: "sig",
});
const client = (id, alg, more) => ({
	client_id: id, redirect_uris: [options.redirect], grant_types: ["authorization_code"],
	response_types: ["code"], id_token_signed_response_alg: alg, ...more,
});

const provider = new Provider(`http://127.0.0.1:${options.port}`, {
	clients: [
		client("rs", "RS256", { client_secret: "s3cret of rs/+" }),
		client("es", "ES256", { client_secret: "s3cret of es",
			token_endpoint_auth_method: "client_secret_post" }),
		client("public", "RS256", { token_endpoint_auth_method: "none" }),
	],
	jwks: { keys: [key("rsa", { modulusLength: 2048 }, "RS256"),
		key("ec", { namedCurve: "P-256" }, "ES256")] },
	cookies: { keys: ["for the test"] },
	pkce: { methods: ["S256"], required: () => true },
	claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
	clientAuthMethods: options.methods ?? ["client_secret_basic", "client_secret_post", "none"],
	// Without this the claims are only at the userinfo endpoint.
	conformIdTokenClaims: options.conform,
	findAccount: (ctx, id) => options.people[id] && {
		accountId: id, claims: () => ({ sub: id, ...options.people[id] }),
	},
});
provider.listen(options.port, "127.0.0.1", () => console.log("ready"));
