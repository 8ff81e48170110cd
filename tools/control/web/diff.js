// SPDX-License-Identifier: GPL-2.0
// What is different between two texts, line by line.
import {h} from "./dom.js";

const MAX_CELLS = 4e6;

// [sign, line]: "-" only in the first, "+" only in the second, " " in both.
export function difference(first, second) {
	const a = first.split("\n"), b = second.split("\n");
	let start = 0, end = 0;

	while (start < a.length && start < b.length && a[start] === b[start])
		start++;
	while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end])
		end++;
	const x = a.slice(start, a.length - end), y = b.slice(start, b.length - end);
	const same = (lines) => lines.map((line) => [" ", line]);

	return [...same(a.slice(0, start)), ...middle(x, y), ...same(a.slice(a.length - end))];
}

// By the longest lines in common; texts for which that takes too long are wholly different.
function middle(x, y) {
	const width = y.length + 1;
	const found = [];
	let i = 0, j = 0;

	if (x.length * y.length > MAX_CELLS)
		return [...x.map((line) => ["-", line]), ...y.map((line) => ["+", line])];
	const common = new Uint32Array((x.length + 1) * width);

	for (let p = x.length - 1; p >= 0; p--)
		for (let q = y.length - 1; q >= 0; q--)
			common[p * width + q] = x[p] === y[q] ? common[(p + 1) * width + q + 1] + 1 :
				Math.max(common[(p + 1) * width + q], common[p * width + q + 1]);
	while (i < x.length || j < y.length) {
		if (i < x.length && j < y.length && x[i] === y[j]) {
			found.push([" ", x[i++]]);
			j++;
		} else if (j === y.length || (i < x.length && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
			found.push(["-", x[i++]]);
		} else {
			found.push(["+", y[j++]]);
		}
	}
	return found;
}

const CLASSES = {"-": "gone", "+": "new", " ": "dim"};

export function show(first, second) {
	return h("pre", {class: "difference"}, difference(first, second).map(([sign, line]) =>
		h("span", {class: CLASSES[sign]}, `${sign} ${line}\n`)));
}
