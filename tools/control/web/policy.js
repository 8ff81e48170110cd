// SPDX-License-Identifier: GPL-2.0
// The policy editor: a text area over the same text in colours, in which mistakes are marked.
import {button, dialog, h, replace, toast} from "./dom.js";
import {show as showDifference} from "./diff.js";
import {get, post, put, writes} from "./api.js";

export const title = "Policy";
const CHECK_MS = 500;
const MAX_COLOURED = 60000;

// What is being edited outlives a look at another page.
let saved = null;
let version = 0; // of the policy that the text began as
let text = null;
let parts = null;
let timer = null;
let turn = 0;
let mistake = null;

const dirty = () => text !== null && text !== saved;

// [class, text] of comments, strings and the rest.
function tokens(source) {
	const pattern = /(\/\/[^\n]*|\/\*[^]*?(?:\*\/|$))|("(?:[^"\\\n]|\\.)*"?)(\s*:)?|(\b(?:true|false|null)\b|-?\b\d[\d.eE+-]*)/g;
	const found = [];
	let end = 0;

	for (const match of source.matchAll(pattern)) {
		if (match.index > end)
			found.push(["", source.slice(end, match.index)]);
		if (match[2]) {
			found.push([match[3] ? "name" : "string", match[2]]);
			if (match[3])
				found.push(["", match[3]]);
		} else {
			found.push([match[1] ? "comment" : "value", match[0]]);
		}
		end = match.index + match[0].length;
	}
	found.push(["", source.slice(end)]);
	return found;
}

// Where line and column (in bytes) are in the text: the first and the last character of the word there.
function place(source, {line, column}) {
	let start = 0;

	for (let i = 1; i < line; i++) {
		const next = source.indexOf("\n", start);

		if (next < 0)
			break;
		start = next + 1;
	}
	const rest = source.slice(start).split("\n", 1)[0];
	const before = new TextDecoder().decode(new TextEncoder().encode(rest).slice(0, column - 1));
	const from = Math.min(start + before.length, source.length);
	const word = source.slice(from).match(/^("(?:[^"\\\n]|\\.)*"?|[\w.:@/-]+|[^\n])/);

	return [from, from + (word ? word[0].length : 0)];
}

function paint() {
	const [from, to] = mistake ? place(text, mistake) : [-1, -1];
	const pieces = [];
	let at = 0;

	for (const [kind, piece] of text.length > MAX_COLOURED ? [["", text]] : tokens(text)) {
		const cuts = [at, ...[from, to].filter((cut) => cut > at && cut < at + piece.length), at + piece.length];

		for (let i = 0; i + 1 < cuts.length; i++) {
			const part = text.slice(cuts[i], cuts[i + 1]);
			const wrong = cuts[i] >= from && cuts[i] < to;

			pieces.push(kind || wrong ? h("span", {class: wrong ? `${kind} wrong` : kind}, part) : part);
		}
		at += piece.length;
	}
	// At the end of the text there is nothing to underline.
	if (mistake && from === to)
		pieces.push(h("span", {class: "wrong"}, " "));
	parts.colours.replaceChildren(...pieces, "\n");
	const lines = text.split("\n").length;

	parts.numbers.replaceChildren(...Array.from({length: lines}, (_, i) =>
		h("span", {class: mistake?.line === i + 1 ? "bad" : null}, String(i + 1))));
	parts.area.rows = Math.min(Math.max(lines + 1, 16), 200);
	parts.save.disabled = !dirty();
	parts.undo.disabled = !dirty();
}

function say(kind, ...what) {
	parts.verdict.className = `verdict ${kind}`;
	replace(parts.verdict, what);
}

function judge(error) {
	mistake = error?.line ? error : null;
	if (!error)
		say("good", dirty() ? "No mistakes. Not saved yet." : "In force. No mistakes.");
	else if (mistake)
		say("bad", button(`Line ${error.line}, column ${error.column}`, jump, {class: "link", id: "place"}), ": ",
			error.message.replace(/^line \d+, column \d+: /, ""));
	else
		say("bad", error.message);
	paint();
}

function jump() {
	const [from, to] = place(text, mistake);

	parts.area.focus();
	parts.area.setSelectionRange(from, to);
}

// Asks the server; an answer to an older text is not shown.
async function check() {
	const mine = ++turn;
	let error = null;

	try {
		await post("policy/check", {policy: text});
	} catch (problem) {
		error = problem;
	}
	if (mine === turn && parts.area.isConnected)
		judge(error);
	return !error;
}

function edited() {
	text = parts.area.value;
	mistake = null;
	turn++;
	say("", "…");
	paint();
	clearTimeout(timer);
	timer = setTimeout(check, CHECK_MS);
}

async function save() {
	clearTimeout(timer);
	const mine = ++turn;
	const sent = text;

	parts.save.disabled = true;
	try {
		({version} = await put("policy", {policy: sent, version}));
		saved = sent;
		toast("The policy is in force");
		if (mine === turn)
			judge(null);
	} catch (error) {
		if (mine === turn) {
			judge(error);
			if (mistake)
				jump();
		}
		if (error.status === 409)
			await compare();
	}
	paint();
}

// Somebody else saved since the text began: what saving it would change in theirs.
async function compare() {
	const theirs = await get("policy");
	const box = dialog("Somebody saved another policy meanwhile", [
		h("p", {}, "Lines with − are only in theirs, which is in force; lines with + only in yours."),
		showDifference(theirs.policy, text),
		h("div", {class: "actions"}, button("Take theirs", () => {
			box.close();
			({version} = theirs);
			saved = text = parts.area.value = theirs.policy;
			edited();
		}), button("Edit mine further", () => {
			box.close();
			({version} = theirs);
			saved = theirs.policy;
			edited();
		}))], {wide: true, label: "Save mine instead of theirs", danger: true, submit: async () => {
		({version} = theirs);
		saved = theirs.policy;
		await save();
	}});
}

export async function refresh() {
	if (dirty())
		return;
	const answer = await get("policy");

	if (dirty())
		return;
	({version} = answer);
	if (answer.policy === saved)
		return;
	saved = text = answer.policy;
	parts.area.value = text;
	await check();
}

export async function show(element) {
	element.append(h("div", {class: "bar"}, h("h1", {}, title)));
	try {
		const answer = await get("policy");

		if (!dirty()) {
			({version} = answer);
			saved = text = answer.policy;
		}
	} catch (error) {
		if (error.status !== 409)
			throw error;
		element.append(h("p", {class: "empty"}, `Here is nothing to edit: ${error.message}.`));
		return;
	}
	const area = h("textarea", {id: "policy", spellcheck: "false", autocapitalize: "none", wrap: "off",
		"aria-label": "Policy", "aria-describedby": "verdict", readonly: !writes(), value: text, input: edited,
		scroll: () => {
			parts.colours.scrollLeft = area.scrollLeft;
			parts.colours.scrollTop = parts.numbers.scrollTop = area.scrollTop;
		}});

	parts = {
		area,
		colours: h("pre", {class: "colours", "aria-hidden": "true"}),
		numbers: h("div", {class: "numbers", "aria-hidden": "true"}),
		verdict: h("p", {id: "verdict", class: "verdict", role: "status"}),
		save: button("Save", save, {class: "primary", id: "save"}),
		undo: button("Undo all", () => {
			area.value = saved;
			edited();
		}),
	};
	if (writes())
		element.querySelector(".bar").append(parts.undo, parts.save);
	element.append(h("div", {class: "editor"}, parts.numbers, h("div", {class: "pane"}, parts.colours, area)),
		parts.verdict, h("p", {class: "dim"},
			"JSON with comments. Saving checks it, runs its own tests and tells every device. What no rule accepts is refused."));
	paint();
	await check();
}

addEventListener("beforeunload", (event) => dirty() && event.preventDefault());
