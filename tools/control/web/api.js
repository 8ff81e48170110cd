// SPDX-License-Identifier: GPL-2.0
// Talks to /api/v1 of this server, with the cookie of the session and its token.

export const session = {current: null, ended: () => {}};

export class Refusal extends Error {
	constructor(status, answer) {
		super(answer.error || `the server answered ${status}`);
		this.status = status;
		this.line = answer.line;
		this.column = answer.column;
	}
}

export async function call(method, path, body) {
	const headers = {};

	if (body !== undefined)
		headers["Content-Type"] = "application/json";
	if (session.current)
		headers["X-Warren-Token"] = session.current.token;
	const response = await fetch(`/api/v1/${path}`, {
		method, headers, credentials: "same-origin", cache: "no-store", redirect: "error",
		body: body === undefined ? undefined : JSON.stringify(body),
	});
	const answer = await response.json().catch(() => ({}));

	if (response.ok)
		return answer;
	if (response.status === 401 && path !== "session")
		session.ended();
	throw new Refusal(response.status, answer);
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
export const put = (path, body) => call("PUT", path, body);
export const remove = (path) => call("DELETE", path);

// Whether the session may change things.
export const writes = () => session.current?.scope === "all";
