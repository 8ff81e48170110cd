// SPDX-License-Identifier: GPL-2.0
// Logins and routes that wait for an administrator.
import {button, field, h, replace, tags, time, toast} from "./dom.js";
import {get, post, writes} from "./api.js";
import {routeName, waiting} from "./nodes.js";
import {newUser} from "./users.js";

export const title = "Waiting";
let list = null;
let logins = [];
let nodes = [];
let users = [];
let wanted = "";

const offers = () => nodes.map((node) => [node, waiting(node)]).filter(([, routes]) => routes.length);

export const count = () => logins.length + offers().length;

export async function load() {
	[{logins}, {nodes}] = await Promise.all([get("logins"), get("nodes?waiting=routes")]);
}

function loginCard(login) {
	const owner = h("select", {"aria-label": "Owner", "data-key": `owner-${login.id}`},
		users.map((user) => h("option", {}, user.name)));
	const before = list.querySelector(`[data-key="owner-${login.id}"]`)?.value;

	if (users.some((user) => user.name === before))
		owner.value = before;
	return h("article", {class: login.id === wanted ? "card wanted" : "card", "data-login": login.id},
		h("h3", {}, login.hostname || "(no name)"),
		h("p", {}, login.os && `${login.os} · `, "asked ", time(login.createdAt),
			login.requestedTags.length > 0 && [" · wants ", tags(login.requestedTags)]),
		h("p", {class: "mono dim wrap"}, login.nodeKey),
		writes() && h("div", {class: "actions"}, users.length ? field("Belongs to", owner) :
			button("Make a user first", newUser),
		users.length > 0 && button("Approve", () => act(
			() => post(`logins/${login.id}/approve`, {user: owner.value}), `${login.hostname} is in`),
		{class: "primary", "data-key": `approve-${login.id}`}),
		button("Refuse", () => act(() => post(`logins/${login.id}/reject`), `${login.hostname} refused`),
			{class: "danger", "data-key": `refuse-${login.id}`})));
}

function routeCard([node, routes]) {
	const approve = (chosen) => act(() => post(`nodes/${node.id}/routes`,
		{routes: [...node.approvedRoutes, ...chosen]}), `Approved for ${node.name}`);
	const refuse = () => act(() => post(`nodes/${node.id}/routes/refuse`,
		{routes: [...node.refusedRoutes, ...routes]}), `Refused to ${node.name}`);

	return h("article", {class: "card", "data-routes": node.name}, h("h3", {}, node.name),
		h("p", {}, "offers", node.user && ` (${node.user})`, node.tags.length > 0 && [" (", tags(node.tags), ")"], ":"),
		h("ul", {class: "routes"}, routes.map((route) => h("li", {}, h("span", {class: "mono"}, routeName(route)),
			writes() && routes.length > 1 && button("Approve", () => approve([route]), {class: "small"})))),
		writes() && h("div", {class: "actions"},
			button(routes.length > 1 ? "Approve all" : "Approve", () => approve(routes),
				{class: "primary", "data-key": `routes-${node.id}`}),
			button("Refuse", refuse, {title: "It is not used, also when the policy would approve it"})));
}

async function act(action, done) {
	try {
		await action();
		toast(done);
	} catch (error) {
		toast(error.message, true);
	}
	await refresh();
}

function draw() {
	const routes = offers();

	replace(list, logins.length > 0 && h("h2", {}, "Logins"),
		h("div", {class: "cards"}, logins.map(loginCard)),
		wanted && !logins.some((login) => login.id === wanted) &&
			h("p", {class: "empty"}, "The login that you came for is not waiting any more."),
		routes.length > 0 && h("h2", {}, "Routes"), h("div", {class: "cards"}, routes.map(routeCard)),
		!logins.length && !routes.length && !wanted && h("p", {class: "empty"}, "Nothing waits for you."));
}

export async function refresh() {
	[{users}] = await Promise.all([get("users"), load()]);
	draw();
}

export async function show(element, rest) {
	wanted = rest;
	list = h("div", {id: "waiting"});
	element.append(h("div", {class: "bar"}, h("h1", {}, "Waiting for approval")), list);
	await refresh();
	list.querySelector(".wanted")?.scrollIntoView({block: "center"});
}
