// SPDX-License-Identifier: GPL-2.0
// Signing in, the pages, and following what changes on the server.
import {button, field, h, replace, tick, toast} from "./dom.js";
import {call, get, remove, session} from "./api.js";
import * as audit from "./audit.js";
import * as keys from "./keys.js";
import * as nodes from "./nodes.js";
import * as policy from "./policy.js";
import * as reach from "./reach.js";
import * as users from "./users.js";
import * as waiting from "./waiting.js";

// Each page: title, show(element, rest of the address) once, refresh() when something changed.
const pages = {nodes, waiting, keys, users, policy, reach, audit};
const POLL_MS = 2000;
const LOAD = 10; // asks for a tenth of the time at most

const content = document.getElementById("content");
const offline = document.getElementById("offline");
const foot = document.getElementById("foot");
let page = null;
let revision = null;
let timer = null;
let byProvider = false; // whether people can sign in by the identity provider

function here() {
	const [name, ...rest] = decodeURIComponent(location.hash.slice(1)).split("/");

	return [Object.hasOwn(pages, name) ? name : "nodes", rest.join("/")];
}

function drawNavigation() {
	const [name] = here();

	replace(document.getElementById("nav"), Object.entries(pages).map(([key, value]) =>
		h("a", {href: `#${key}`, "data-key": key, "aria-current": key === name ? "page" : null},
			value.title, key === "waiting" && waiting.count() > 0 &&
			h("span", {class: "badge", id: "badge"}, waiting.count()))));
	document.title = `${pages[name].title} · Warren`;
	document.querySelector("nav [aria-current]")?.scrollIntoView({block: "nearest", inline: "center"});
}

async function attempt(action) {
	try {
		await action();
		offline.hidden = true;
		return true;
	} catch (error) {
		if (error.status === undefined)
			offline.hidden = false;
		else if (error.status !== 401)
			toast(error.message, true);
		return false;
	}
}

async function openPage() {
	const [name, rest] = here();

	page = pages[name];
	content.replaceChildren();
	drawNavigation();
	content.dataset.page = name;
	await attempt(() => page.show(content, rest));
}

async function follow() {
	clearTimeout(timer);
	if (!session.current)
		return;
	const began = performance.now();

	if (!document.hidden)
		await attempt(async () => {
			const status = await get("status");

			foot.textContent = `${status.serverUrl} · warren-control ${status.version} · ` +
				`${status.online} of ${status.nodes} devices online`;
			if (status.revision === revision)
				return;
			await waiting.load();
			drawNavigation();
			if (revision !== null)
				await page.refresh();
			revision = status.revision;
		});
	if (session.current)
		timer = setTimeout(follow, Math.max(POLL_MS, LOAD * (performance.now() - began)));
}

function signedOut(why) {
	session.current = null;
	clearTimeout(timer);
	for (const box of document.querySelectorAll("dialog"))
		box.close();
	document.getElementById("top").hidden = true;
	foot.textContent = "";
	document.title = "Sign in · Warren";
	const key = h("input", {type: "password", name: "key", required: true, autocomplete: "current-password",
		spellcheck: "false", placeholder: "wrk-api-…"});
	const error = h("p", {class: "error", role: "alert", hidden: !why}, why);
	const go = h("button", {class: "primary"}, "Sign in");

	content.dataset.page = "sign-in";
	content.replaceChildren(h("form", {class: "card notice", id: "sign-in", submit: async (event) => {
		event.preventDefault();
		go.disabled = true;
		try {
			const {session: opened} = await call("POST", "session", {key: key.value.trim()});

			signedIn(opened);
		} catch (problem) {
			error.textContent = problem.status ? problem.message : "The server does not answer.";
			error.hidden = false;
			key.select();
		}
		go.disabled = false;
	}}, h("img", {src: "icon.svg", alt: "", width: 48, height: 48}),
	h("h1", {}, "Sign in to Warren"),
	byProvider && [h("a", {class: "button", href: "/oidc/admin"}, "Sign in with your account"),
		h("p", {class: "dim or"}, "or")],
	field("API key", key), error, go,
	// For password managers, which want a name to keep a password under.
	h("input", {type: "text", value: "warren", autocomplete: "username", hidden: true, readonly: true}),
	h("p", {class: "dim"}, "On the server, ", h("code", {}, "warren-control apikeys create"),
		" prints a key.")));
	key.focus();
}

function signedIn(opened) {
	session.current = opened;
	revision = null;
	document.getElementById("top").hidden = false;
	replace(document.getElementById("who"),
		h("span", {class: "dim", title: `Signed in until ${new Date(opened.expiresAt).toLocaleString()}`},
			opened.actor.replace(" (web page)", ""), opened.scope === "read" && " · read only"),
		button("Sign out", async () => {
			await attempt(() => remove("session"));
			signedOut();
		}, {class: "small", id: "sign-out"}));
	openPage();
	follow();
}

async function start() {
	session.ended = () => session.current && signedOut("The session has ended. Sign in again.");
	addEventListener("hashchange", () => session.current && openPage());
	document.addEventListener("visibilitychange", () => !document.hidden && follow());
	setInterval(tick, 15000);
	try {
		const {session: known, oidc} = await get("session");

		byProvider = oidc;
		if (known)
			signedIn(known);
		else
			signedOut();
	} catch {
		offline.hidden = false;
		setTimeout(start, POLL_MS);
	}
}

start();
