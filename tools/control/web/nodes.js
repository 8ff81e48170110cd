// SPDX-License-Identifier: GPL-2.0
// The devices, and one device with all that can be done to it.
import {button, check, confirmed, copyable, dialog, field, h, replace, table, tags, time, toast} from "./dom.js";
import {get, post, remove, writes} from "./api.js";
import {addDevice, editPlain, showFile} from "./add.js";

export const title = "Devices";
const SHOWN = 200; // at a time
const FILTER_MS = 150;
let list = null;
let nodes = [];
let total = 0;
let filter = "";
let limit = SHOWN;
let timer = null;

const isExit = (route) => route === "0.0.0.0/0" || route === "::/0";
export const routeName = (route) => isExit(route) ? `exit node (${route})` : route;
export const waiting = (node) => node.advertisedRoutes.filter((r) =>
	!node.approvedRoutes.includes(r) && !node.refusedRoutes.includes(r));

function state(node) {
	const [name, text] = node.expired ? ["expired", "Expired"] : node.online ? ["online", "Online"] : ["offline", "Offline"];

	return h("span", {class: `dot ${name}`, role: "img", "aria-label": text, title: text});
}

function owner(node) {
	return node.user ? node.user : tags(node.tags);
}

function notes(node) {
	const waits = waiting(node).length;

	return [node.expired && h("span", {class: "tag bad"}, "expired"),
		node.ephemeral && h("span", {class: "tag"}, "ephemeral"),
		node.servedRoutes.some(isExit) && h("span", {class: "tag"}, "exit node"),
		node.servedRoutes.filter((r) => !isExit(r)).map((r) => h("span", {class: "tag"}, r)),
		waits > 0 && h("a", {class: "tag warn", href: "#waiting"}, waits === 1 ? "1 route waits" : `${waits} routes wait`)];
}

function draw() {
	const rows = nodes.map((node) => ({
		class: node.online ? "" : "away",
		cells: [
			[state(node), button(node.name, () => open(node.id), {class: "link", "data-key": `node-${node.id}`}),
				node.hostname !== node.name && h("small", {class: "dim under"}, node.hostname)],
			owner(node),
			node.ipAddresses.map((ip) => h("span", {class: "mono line"}, ip)),
			node.online ? h("span", {class: "now"}, "now") : time(node.lastSeen),
			notes(node),
		],
	}));

	replace(list, nodes.length || filter.trim() ? table(["Device", "Owner", "Addresses", "Seen", "Notes"], rows,
		"No device fits the filter.") : h("div", {class: "empty"}, h("h2", {}, "No devices yet"),
		h("p", {}, "A device joins with a key, or asks and waits for your approval."),
		writes() && button("Add a device", addDevice, {class: "primary"})),
	total > nodes.length && button(`Show more (${total - nodes.length} left)`, () => {
		limit += SHOWN;
		return refresh();
	}, {"data-key": "more"}));
}

export async function refresh() {
	const asked = filter;
	const answer = await get(`nodes?limit=${limit}&search=${encodeURIComponent(filter.trim())}`);

	if (asked === filter) {
		({nodes, total} = answer);
		draw();
	}
}

export async function show(element) {
	limit = SHOWN;
	list = h("div", {id: "nodes"});
	element.append(h("div", {class: "bar"}, h("h1", {}, title),
		h("input", {type: "search", placeholder: "Filter: name, owner, tag, address, online", value: filter,
			"aria-label": "Filter", input: (event) => {
				filter = event.target.value;
				limit = SHOWN;
				clearTimeout(timer);
				timer = setTimeout(refresh, FILTER_MS);
			}}),
		writes() && button("Add a device", addDevice, {class: "primary"})), list);
	await refresh();
}

async function change(action, done) {
	await action();
	toast(done);
	await refresh();
}

function rename(node) {
	const name = h("input", {value: node.name, required: true, maxlength: 63, autocapitalize: "none"});

	dialog(`Rename ${node.name}`, field("Name", name, "Small letters, digits and hyphens; other devices find it by this name."),
		{submit: () => change(() => post(`nodes/${node.id}/rename`, {name: name.value}), "Renamed")});
}

function setTags(node) {
	const input = h("input", {value: node.tags.join(" "), required: true, placeholder: "tag:web tag:prod", autocapitalize: "none"});

	dialog(`Tags of ${node.name}`, field("Tags", input,
		"A tagged device belongs to nobody, and its key does not expire."), {submit: () =>
		change(() => post(`nodes/${node.id}/tags`, {tags: input.value.split(/[\s,]+/).filter(Boolean)}), "Tagged")});
}

function expiry(node) {
	const at = h("input", {type: "datetime-local", "aria-label": "Time"});
	const choice = h("select", {change: () => {
		at.hidden = choice.value !== "at";
		at.required = !at.hidden;
	}}, h("option", {value: "now"}, "Now: it has to log in again"), h("option", {value: "never"}, "Never"),
	h("option", {value: "at"}, "At a time"));

	at.hidden = true;
	dialog(`When the key of ${node.name} expires`, [field("Expires", choice), at], {submit: () => {
		const body = choice.value === "never" ? {expiresAt: null} : choice.value === "at" ?
			{expiresAt: new Date(at.value).toISOString().replace(/\.\d+/, "")} : {};

		return change(() => post(`nodes/${node.id}/expire`, body), "Expiry set");
	}});
}

function routes(node) {
	const all = [...new Set([...node.advertisedRoutes, ...node.approvedRoutes])];
	const boxes = all.map((route) => [route, ...check(routeName(route), {checked: node.approvedRoutes.includes(route)})]);

	dialog(`Routes of ${node.name}`, boxes.map(([, , label]) => label), {submit: () =>
		change(() => post(`nodes/${node.id}/routes`,
			{routes: boxes.filter(([, box]) => box.checked).map(([route]) => route)}), "Routes set")});
}

function drop(node) {
	confirmed(`Remove ${node.name}?`, "It is taken out of everybody's map at once. To come back it has to log in again.",
		"Remove", () => change(() => remove(`nodes/${node.id}`), `${node.name} removed`));
}

async function file(node) {
	showFile(node.name, await get(`nodes/${node.id}/wireguard?qr=true`));
}

async function open(id) {
	const {node} = await get(`nodes/${id}`);
	const then = (action) => () => {
		box.close();
		action(node);
	};
	const row = (label, ...value) => [h("dt", {}, label), h("dd", {}, value)];
	const box = dialog(node.name, [
		h("dl", {},
			row("State", state(node), node.expired ? "expired" : node.online ? "online" : "offline"),
			row("Owner", owner(node)),
			row("Addresses", node.ipAddresses.map((ip) => copyable(ip))),
			row("Calls itself", node.hostname || "—"),
			row("Client", node.clientVersion || "—"),
			row("Last seen", node.online ? "now" : time(node.lastSeen)),
			row("Joined", time(node.createdAt), node.registerMethod === "approval" ? " by approval" : ` by ${node.registerMethod}`),
			row("Key expires", time(node.expiresAt)),
			row("Routes", node.advertisedRoutes.length || node.approvedRoutes.length ?
				[...new Set([...node.advertisedRoutes, ...node.approvedRoutes])].map((route) =>
					h("span", {class: "line"}, h("span", {class: "mono"}, routeName(route)), " ",
						h("span", {class: node.servedRoutes.includes(route) ? "tag good" : "tag"},
							node.servedRoutes.includes(route) ? "in use" :
								node.approvedRoutes.includes(route) ? "approved, not offered" :
									node.refusedRoutes.includes(route) ? "refused" : "not approved"))) : "none"),
			row("Node key", h("span", {class: "mono wrap"}, node.nodeKey))),
		h("div", {class: "actions"}, h("a", {class: "button", href: `#reach/${node.name}`, click: () => box.close()}, "Who reaches it"),
			node.registerMethod === "wireguard" && button("WireGuard file", then(file)),
			writes() && [node.registerMethod === "wireguard" && button("Change", then((it) => editPlain(it, refresh))),
				button("Rename", then(rename)), button("Tags", then(setTags)),
				button("Routes", then(routes), {disabled: !node.advertisedRoutes.length && !node.approvedRoutes.length}),
				button("Expiry", then(expiry)), button("Remove", then(drop), {class: "danger"})]),
	], {wide: true});
}
