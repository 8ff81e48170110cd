// SPDX-License-Identifier: GPL-2.0
// Adding devices: a key for those that run Tailscale, a configuration file for those that run nothing
// but WireGuard.
import {button, check, copyable, dialog, field, h} from "./dom.js";
import {get, post} from "./api.js";

const LIFETIMES = [["1h", "1 hour"], ["1d", "1 day"], ["7d", "7 days"], ["30d", "30 days"], ["90d", "90 days"], ["365d", "1 year"]];

export function lifetime(chosen) {
	return h("select", {}, LIFETIMES.map(([value, label]) => h("option", {value, selected: value === chosen}, label)));
}

// A key, the only time that it is shown.
export function shown(name, key, more) {
	dialog(name, [h("p", {}, "It is shown only now. Keep it where only its user can read it."),
		h("div", {id: "new-key"}, copyable(key)), more]);
}

// The file of a device that runs nothing but WireGuard.
export function showFile(name, {config, qr}) {
	const secret = config.includes("PrivateKey");
	const save = () => {
		const link = h("a", {href: URL.createObjectURL(new Blob([config])), download: `${name}.conf`});

		link.click();
		URL.revokeObjectURL(link.href);
	};

	dialog(`WireGuard on ${name}`, [
		h("p", {}, secret ? "The private key in this file is shown only now. " : "",
			"It names the peers as of now: get it again when they change."),
		qr && h("img", {class: "qr", alt: "The file as a QR code, for the WireGuard app", src: `data:image/svg+xml,${encodeURIComponent(qr)}`}),
		copyable(config), h("div", {class: "actions"}, button(`Save ${name}.conf`, save))], {wide: true});
}

const words = (input) => input.value.split(/[\s,]+/).filter(Boolean);
const line = (name, placeholder) => h("input", {name, placeholder, autocapitalize: "none", autocomplete: "off", spellcheck: "false"});

export async function addDevice() {
	const [{users}, {serverUrl}] = await Promise.all([get("users"), get("status")]);
	const kind = h("select", {name: "kind", change: () => turn()}, h("option", {value: "tailscale"}, "Tailscale"),
		h("option", {value: "wireguard"}, "nothing but WireGuard"));
	const owner = h("select", {name: "owner", change: () => turn()}, users.map((user) => h("option", {value: user.name}, user.name)),
		h("option", {value: ""}, "nobody: a tagged device"));
	const tags = line("tags", "tag:web tag:prod");
	const tagged = field("Tags", tags, "A tagged device stays when people leave, and its key does not expire.");
	const [reusable, reusableLabel] = check("For more than one device", {name: "reusable"});
	const [ephemeral, ephemeralLabel] = check("Ephemeral: devices are removed when they are gone", {name: "ephemeral"});
	const expiration = lifetime("1h");
	const name = line("name", "camera");
	const endpoints = line("endpoints", "203.0.113.7:51820");
	const routes = line("routes", "192.168.20.0/24");
	const publicKey = line("publicKey");
	const byKey = h("div", {}, field("Valid for", expiration), reusableLabel, ephemeralLabel);
	const byFile = h("div", {}, field("Name", name), field("Where it can always be reached", endpoints, "Address and port; left out, it has to begin."),
		field("Networks behind it", routes), field("Its public key", publicKey, "Left out, a pair is made here."));
	const turn = () => {
		tagged.hidden = owner.value !== "";
		byKey.hidden = kind.value !== "tailscale";
		byFile.hidden = !byKey.hidden;
		name.required = byKey.hidden;
	};

	turn();
	dialog("Add a device", [field("It runs", kind), field("Belongs to", owner), tagged, byKey, byFile],
		{label: "Add", submit: async () => {
			const whose = owner.value ? {user: owner.value} : {tags: words(tags)};

			if (kind.value === "wireguard") {
				showFile(name.value, await post("nodes/wireguard", {name: name.value, ...whose, endpoints: words(endpoints),
					routes: words(routes), qr: true, ...publicKey.value ? {publicKey: publicKey.value.trim()} : {}}));
				return;
			}
			const {preAuthKey} = await post("preauthkeys", {...whose, reusable: reusable.checked,
				ephemeral: ephemeral.checked, expiration: expiration.value});

			shown("The new pre-auth key", preAuthKey.key, [h("p", {}, "On the device:"),
				copyable(`tailscale up --login-server ${serverUrl} --auth-key ${preAuthKey.key}`)]);
		}});
}

// Changes a device that runs nothing but WireGuard.
export async function editPlain(node, done) {
	const {users} = await get("users");
	const owner = h("select", {name: "owner", change: () => turn()}, users.map((user) =>
		h("option", {value: user.name, selected: user.name === node.user}, user.name)),
	h("option", {value: "", selected: !node.user}, "nobody: a tagged device"));
	const tags = line("tags", "tag:web tag:prod");
	const tagged = field("Tags", tags);
	const endpoints = line("endpoints", "203.0.113.7:51820");
	const routes = line("routes", "192.168.20.0/24");
	const publicKey = line("publicKey");
	const [newKey, newKeyLabel] = check("Make a new key; the old one is of no use then", {name: "newKey", change: () => turn()});
	const given = field("Its new public key", publicKey, "Left out, it stays.");
	const turn = () => {
		tagged.hidden = owner.value !== "";
		given.hidden = newKey.checked;
	};

	tags.value = node.tags.join(" ");
	endpoints.value = node.endpoints.join(" ");
	routes.value = node.advertisedRoutes.join(" ");
	turn();
	dialog(`WireGuard of ${node.name}`, [field("Belongs to", owner), tagged,
		field("Where it can always be reached", endpoints, "Address and port; left out, it has to begin."),
		field("Networks behind it", routes), newKeyLabel, given], {submit: async () => {
		const whose = owner.value ? owner.value === node.user ? {} : {user: owner.value} : {tags: words(tags)};
		const key = newKey.checked ? {newKey: true} : publicKey.value ? {publicKey: publicKey.value.trim()} : {};

		showFile(node.name, await post(`nodes/${node.id}/wireguard`, {...whose, ...key, endpoints: words(endpoints),
			routes: words(routes), qr: true}));
		await done();
	}});
}
