// SPDX-License-Identifier: GPL-2.0
// Keys that devices join with, and keys for this page and for REST.
import {button, confirmed, dialog, field, h, replace, table, tags, time, toast} from "./dom.js";
import {addDevice, lifetime, shown} from "./add.js";
import {get, post, remove, writes} from "./api.js";

export const title = "Keys";
let list = null;

function newApiKey() {
	const scope = h("select", {}, h("option", {value: "read"}, "Look only"), h("option", {value: "all"}, "Everything"));
	const expiration = lifetime("90d");

	dialog("New API key", [field("May", scope), field("Valid for", expiration)], {label: "Create key", submit: async () => {
		const {apiKey} = await post("apikeys", {scope: scope.value, expiration: expiration.value});

		shown("The new API key", apiKey.key, h("p", {}, "It signs in here, and is for the REST interface."));
		await refresh();
	}});
}

function controls(kind, key, what) {
	return writes() && h("span", {class: "right"},
		key.usable && button("Expire", async () => {
			await post(`${kind}/${key.id}/expire`);
			toast("Expired");
			await refresh();
		}, {class: "small", "data-key": `expire-${kind}-${key.id}`}),
		button("Remove", () => confirmed(`Remove the key ${key.prefix}?`, what, "Remove", async () => {
			await remove(`${kind}/${key.id}`);
			await refresh();
		}), {class: "small danger", "data-key": `drop-${kind}-${key.id}`}));
}

const usable = (key) => h("span", {class: key.usable ? "tag good" : "tag"}, key.usable ? "usable" : "ended");

export async function refresh() {
	const [{preAuthKeys}, {apiKeys}] = await Promise.all([get("preauthkeys"), get("apikeys")]);
	const newest = (keys) => [...keys].sort((a, b) => b.usable - a.usable || b.id - a.id);

	replace(list, h("div", {class: "bar"}, h("h2", {}, "Pre-auth keys"),
		writes() && button("New pre-auth key", addDevice, {class: "primary"})),
	table(["Key", "For", "Kind", "Used", "Expires", "State", ""], newest(preAuthKeys).map((key) => ({
		class: key.usable ? "" : "away", cells: [
			h("span", {class: "mono"}, key.prefix), [key.user, tags(key.tags)],
			[key.reusable ? "reusable" : "once", key.ephemeral && ", ephemeral"], String(key.uses),
			time(key.expiresAt), usable(key), controls("preauthkeys", key, "Devices that joined with it stay.")],
	})), "No pre-auth keys. Devices join with one, or ask and wait for approval."),
	h("div", {class: "bar"}, h("h2", {}, "API keys"), writes() && button("New API key", newApiKey)),
	table(["Key", "May", "Created", "Expires", "State", ""], newest(apiKeys).map((key) => ({
		class: key.usable ? "" : "away", cells: [
			h("span", {class: "mono"}, key.prefix), key.scope === "all" ? "everything" : "look only",
			time(key.createdAt), time(key.expiresAt), usable(key),
			controls("apikeys", key, "Whoever is signed in with it is signed out.")],
	})), "No API keys."));
}

export async function show(element) {
	list = h("div", {id: "keys"});
	element.append(h("h1", {class: "hide"}, title), list);
	await refresh();
}
