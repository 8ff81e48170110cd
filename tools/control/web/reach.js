// SPDX-License-Identifier: GPL-2.0
// A picture of who may reach whom: groups of devices that are alike, on the left as they open
// connections, on the right as they are reached.
import {h, replace, s, table, tags} from "./dom.js";
import {get} from "./api.js";

export const title = "Access";
const BOX = 46;
const GAP = 14;
const TOP = 34;
const COLOURS = 8;
let canvas = null;
let words = null;
let answer = null;
let about = "";
let chosen = null; // "left 3": a group on a side
let observer = null;

const name = (group) => group.user ?? (group.tags.join(", ") || "untagged");

function members(group) {
	const few = group.nodes.slice(0, 3).join(", ");

	return group.count > 3 ? `${few} and ${group.count - 3} more` : few;
}

function fit(text, width) {
	const most = Math.max(Math.floor(width / 7.4), 4);

	return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function groupBox(side, index, x, y, width) {
	const group = answer.groups[index];
	const key = `${side} ${index}`;
	const toggle = () => {
		chosen = chosen === key ? null : key;
		draw();
	};
	const verb = side === "left" ? "may reach" : "is reached by";

	return s("g", {class: `group c${index % COLOURS}`, "data-key": key, "data-group": name(group), tabindex: "0", role: "button",
		"aria-pressed": String(chosen === key), "aria-label": `${name(group)}: ${members(group)}. Show what it ${verb}.`,
		transform: `translate(${x} ${y})`, click: toggle,
		mouseenter: () => light(key), mouseleave: () => light(chosen), focus: () => light(key), blur: () => light(chosen),
		keydown: (event) => {
			if (event.key === "Enter" || event.key === " ") {
				event.preventDefault();
				toggle();
			}
		}},
	s("rect", {width, height: BOX, rx: 9}),
	s("text", {x: 12, y: 19, class: "label"}, fit(name(group), width - 20)),
	s("text", {x: 12, y: 36, class: "sub"}, fit(members(group), width - 20)));
}

// Shows only what goes to or from a group on a side; all for null.
function light(key) {
	const picture = canvas.querySelector("svg");

	picture?.classList.toggle("lit", key !== null);
	for (const line of canvas.querySelectorAll(".link"))
		line.classList.toggle("on", key !== null && (`left ${line.dataset.from}` === key || `right ${line.dataset.to}` === key));
}

function draw() {
	const {groups, links} = answer;
	const width = Math.max(canvas.clientWidth, 280);
	const box = Math.min(Math.floor(width * 0.36), 300);
	const right = width - box - 1;
	const from = groups.map((_, i) => i).filter((i) => links.some((link) => link.from === i));
	const to = groups.map((_, i) => i).filter((i) => links.some((link) => link.to === i));
	const rows = Math.max(from.length, to.length);
	const height = TOP + rows * (BOX + GAP);
	// Both columns are centred on the longer one.
	const y = (column, i) => TOP + (column.indexOf(i) + (rows - column.length) / 2) * (BOX + GAP);

	if (!links.length) {
		replace(canvas, h("p", {class: "empty"}, groups.length ? "Nobody may reach anybody." : "There are no devices yet."));
		words.replaceChildren();
		return;
	}
	// Where a link touches its box, so that they do not all meet in one point.
	const touch = (link, end) => {
		const beside = links.filter((other) => other[end] === link[end]);

		return BOX * (beside.indexOf(link) + 1) / (beside.length + 1);
	};
	const curve = (link) => {
		const y0 = y(from, link.from) + touch(link, "from"), y1 = y(to, link.to) + touch(link, "to");
		const bend = (right - box) / 2;

		return s("path", {class: `link c${link.from % COLOURS}`, "data-from": link.from, "data-to": link.to,
			d: `M${box + 2} ${y0}C${box + bend} ${y0} ${right - bend} ${y1} ${right - 9} ${y1}`},
		s("title", {}, `${name(groups[link.from])} → ${name(groups[link.to])}: ${link.access.join("; ")}`));
	};

	replace(canvas, s("svg", {id: "picture", viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
		"aria-label": "Who may reach whom"},
	s("defs", {}, Array.from({length: COLOURS}, (_, i) => s("marker", {id: `tip${i}`, class: `c${i}`, viewBox: "0 0 8 8",
		refX: 1, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto"},
	s("path", {d: "M0 0L8 4L0 8z"})))),
	s("text", {x: 2, y: 16, class: "heading"}, "From"), s("text", {x: right, y: 16, class: "heading"}, "May reach"),
	links.map(curve),
	from.map((i) => groupBox("left", i, 1, y(from, i), box)), to.map((i) => groupBox("right", i, right, y(to, i), box))));
	light(chosen);
	const shown = links.filter((link) => !chosen || chosen === `left ${link.from}` || chosen === `right ${link.to}`);

	words.replaceChildren(table(["From", "To", "What"], shown.map((link) => ({cells: [
		[h("b", {}, name(groups[link.from])), h("small", {class: "dim under"}, members(groups[link.from]))],
		[h("b", {}, name(groups[link.to])), h("small", {class: "dim under"}, members(groups[link.to]))],
		tags(link.access.map((what) => what === "*" ? "everything" : what)),
	]})), ""));
	if (answer.left)
		words.append(h("p", {class: "dim"}, `${answer.left} devices of further groups are left out: choose one device.`));
}

export async function refresh() {
	try {
		answer = await get(about ? `reach?node=${encodeURIComponent(about)}` : "reach");
	} catch (error) {
		if (error.status !== 404)
			throw error;
		replace(canvas, h("p", {class: "empty"}, `There is no device "${about}".`));
		words.replaceChildren();
		return;
	}
	draw();
}

export async function show(element, rest) {
	const {nodes} = await get("nodes?limit=1000");

	about = rest;
	chosen = null;
	canvas = h("div", {class: "picture"});
	words = h("div", {id: "access"});
	element.append(h("div", {class: "bar"}, h("h1", {}, "Who may reach whom"),
		h("input", {type: "search", list: "names", placeholder: "Only one device", value: about, "aria-label": "Only one device",
			change: (event) => {
				location.hash = event.target.value ? `reach/${event.target.value}` : "reach";
			}}),
		h("datalist", {id: "names"}, nodes.map((node) => h("option", {value: node.name})))),
	canvas, words);
	await refresh();
	observer?.disconnect();
	let width = canvas.clientWidth;

	observer = new ResizeObserver(() => {
		if (answer && canvas.isConnected && canvas.clientWidth !== width) {
			width = canvas.clientWidth;
			draw();
		}
	});
	observer.observe(canvas);
}
