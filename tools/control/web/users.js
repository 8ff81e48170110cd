// SPDX-License-Identifier: GPL-2.0
// People whose devices form the mesh.
import {button, confirmed, dialog, field, h, replace, table, time, toast} from "./dom.js";
import {get, post, remove, writes} from "./api.js";

export const title = "Users";
let list = null;

export function newUser() {
	const name = h("input", {required: true, maxlength: 63, autocapitalize: "none", autocomplete: "off"});
	const display = h("input", {autocomplete: "off"});
	const email = h("input", {type: "email", autocomplete: "off"});

	dialog("New user", [field("Name", name, "Letters, digits and ._-@"), field("Full name", display),
		field("E-mail address", email, "A policy can name people by it.")], {label: "Create", submit: async () => {
		await post("users", {name: name.value, displayName: display.value, email: email.value});
		toast(`${name.value} created`);
		if (list?.isConnected)
			await refresh();
	}});
}

function rename(user) {
	const name = h("input", {value: user.name, required: true, maxlength: 63, autocapitalize: "none"});

	dialog(`Rename ${user.name}`, field("Name", name, "A policy that names the user by the old name has to be changed too."),
		{submit: async () => {
			await post(`users/${user.id}/rename`, {name: name.value});
			toast("Renamed");
			await refresh();
		}});
}

function drop(user) {
	confirmed(`Remove ${user.name}?`, "The user's pre-auth keys go too.", "Remove", async () => {
		await remove(`users/${user.id}`);
		toast(`${user.name} removed`);
		await refresh();
	});
}

export async function refresh() {
	const {users} = await get("users");

	replace(list, table(["Name", "Full name", "E-mail", "Devices", "Created", ""], users.map((user) => ({cells: [
		h("b", {}, user.name), user.displayName || "—", user.email || "—", String(user.nodes), time(user.createdAt),
		writes() && h("span", {class: "right"}, button("Rename", () => rename(user), {class: "small", "data-key": `rename-${user.id}`}),
			button("Remove", () => drop(user), {class: "small danger", "data-key": `drop-${user.id}`,
				disabled: user.nodes > 0, title: user.nodes > 0 ? "The user still has devices" : null})),
	]})), "No users yet. Every device without tags belongs to one."));
}

export async function show(element) {
	list = h("div", {id: "users"});
	element.append(h("div", {class: "bar"}, h("h1", {}, title),
		writes() && button("New user", newUser, {class: "primary"})), list);
	await refresh();
}
