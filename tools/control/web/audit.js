// SPDX-License-Identifier: GPL-2.0
// Who did what, newest first.
import {button, h, replace, table} from "./dom.js";
import {get} from "./api.js";

export const title = "Audit log";
const PAGE = 100;
let list = null;
let entries = [];
let more = false;
let filter = "";

function draw() {
	const wanted = filter.toLowerCase().split(/\s+/).filter(Boolean);
	const rows = entries.filter((entry) => wanted.every((word) =>
		Object.values(entry).join(" ").toLowerCase().includes(word)));

	replace(list, table(["Time", "Who", "From", "What", "On", "Detail"], rows.map((entry) => ({
		class: entry.action.endsWith("refused") ? "refused" : "", cells: [
			h("span", {class: "line", title: entry.at}, new Date(entry.at).toLocaleString()), entry.actor || "the server",
			h("span", {class: "line"}, entry.origin || "—"),
			h("span", {class: entry.action.endsWith("refused") ? "tag whole bad" : "tag whole"}, entry.action),
			entry.target || "—", entry.detail || "—"],
	})), entries.length ? "No entry fits the filter." : "Nothing has happened yet."),
	more && button("Older", async () => {
		const {audit} = await get(`audit?limit=${PAGE}&before=${entries.at(-1).id}`);

		more = audit.length === PAGE;
		entries = [...entries, ...audit];
		draw();
	}, {"data-key": "older"}));
}

export async function refresh() {
	const {audit} = await get(`audit?limit=${PAGE}`);
	const known = entries.length ? entries[0].id : 0;

	if (!entries.length || audit.at(-1)?.id > known + 1) {
		entries = audit;
		more = audit.length === PAGE;
	} else {
		entries = [...audit.filter((entry) => entry.id > known), ...entries];
	}
	draw();
}

export async function show(element) {
	entries = [];
	list = h("div", {id: "audit"});
	element.append(h("div", {class: "bar"}, h("h1", {}, title),
		h("input", {type: "search", placeholder: "Filter: who, address, action", value: filter, "aria-label": "Filter",
			input: (event) => {
				filter = event.target.value;
				draw();
			}})), list);
	await refresh();
}
