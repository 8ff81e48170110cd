// SPDX-License-Identifier: GPL-2.0
// Elements, times and dialogs. Text only ever becomes text: nothing here reads markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
	for (const [name, value] of Object.entries(properties || {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (typeof value === "function")
			element.addEventListener(name, value);
		else if (name === "value")
			element.value = value;
		else
			element.setAttribute(name, value === true ? "" : value);
	}
	element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
	return element;
}

// An element; functions among the properties are listeners.
export function h(tag, properties, ...children) {
	return fill(document.createElement(tag), properties, children);
}

export function s(tag, properties, ...children) {
	return fill(document.createElementNS(SVG, tag), properties, children);
}

// Replaces what is in an element, and gives the focus back to what had it, by its data-key.
export function replace(element, ...children) {
	const active = document.activeElement;
	const key = element.contains(active) && active.dataset.key;

	element.replaceChildren(...children.flat(Infinity).filter((c) => c));
	if (key)
		element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({preventScroll: true});
}

export function button(label, action, properties = {}) {
	return h("button", {type: "button", click: action, ...properties}, label);
}

const UNITS = [[86400 * 365, "year"], [86400 * 30, "month"], [86400, "day"], [3600, "hour"], [60, "minute"]];
const relative = new Intl.RelativeTimeFormat("en", {numeric: "always"});

function distance(text) {
	const seconds = (Date.parse(text) - Date.now()) / 1000;

	for (const [size, unit] of UNITS)
		if (Math.abs(seconds) >= (unit === "month" || unit === "year" ? 2 * size : size))
			return relative.format(Math.trunc(seconds / size), unit);
	return seconds > 0 ? "in a moment" : "just now";
}

// A time as its distance from now, which tick() keeps true; the full time on hovering.
export function time(text, never = "never") {
	if (!text)
		return h("span", {class: "dim"}, never);
	return h("time", {datetime: text, title: new Date(text).toLocaleString()}, distance(text));
}

export function tick() {
	for (const element of document.querySelectorAll("time[datetime]"))
		element.textContent = distance(element.dateTime);
}

export function toast(text, bad = false) {
	const element = h("div", {class: bad ? "toast bad" : "toast"}, text);

	document.getElementById("toasts").append(element);
	setTimeout(() => element.remove(), bad ? 9000 : 4000);
}

// A text to take away, with a button that copies it.
export function copyable(text, label = "Copy") {
	const copy = button(label, async () => {
		try {
			await navigator.clipboard.writeText(text);
			copy.textContent = "Copied";
		} catch {
			getSelection().selectAllChildren(code);
		}
	}, {class: "small"});
	const code = h("code", {}, text);

	return h("div", {class: "copyable"}, code, copy);
}

// A labelled control of a form.
export function field(label, control, hint) {
	return h("label", {class: "field"}, h("span", {}, label), control, hint && h("small", {}, hint));
}

export function check(label, properties) {
	const box = h("input", {type: "checkbox", ...properties});

	return [box, h("label", {class: "check"}, box, h("span", {}, label))];
}

// A dialog; the body is a form when submit is there: async, an error it throws is shown in it.
export function dialog(title, body, {submit, label = "Save", danger = false, wide = false} = {}) {
	const error = h("p", {class: "error", role: "alert", hidden: true});
	const go = submit && h("button", {class: danger ? "danger" : "primary"}, label);
	const close = () => box.close();
	const form = h("form", {submit: async (event) => {
		event.preventDefault();
		if (!submit)
			return;
		go.disabled = true;
		error.hidden = true;
		try {
			if (await submit(box) !== false)
				close();
		} catch (problem) {
			error.textContent = problem.message;
			error.hidden = false;
		}
		go.disabled = false;
	}}, h("header", {}, h("h2", {}, title),
	button("×", close, {class: "plain close", "aria-label": "Close"})),
	h("div", {class: "body"}, body), error,
	go && h("footer", {}, button("Cancel", close), go));
	const box = h("dialog", {class: wide ? "wide" : null, close: () => box.remove(),
		click: (event) => event.target === box && close()}, form);

	document.body.append(box);
	box.showModal();
	return box;
}

export function confirmed(title, text, label, action) {
	return dialog(title, h("p", {}, text), {submit: action, label, danger: true});
}

export function table(columns, rows, empty) {
	if (!rows.length)
		return h("p", {class: "empty"}, empty);
	return h("div", {class: "scroll"}, h("table", {},
		h("thead", {}, h("tr", {}, columns.map((column) => h("th", {scope: "col"}, column)))),
		h("tbody", {}, rows.map((row) => h("tr", {class: row.class},
			row.cells.map((cell, i) => h("td", {"data-label": columns[i]}, cell)))))));
}

export function tags(list) {
	return list.map((tag) => h("span", {class: "tag"}, tag));
}
