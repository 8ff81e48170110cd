// SPDX-License-Identifier: GPL-2.0
/* Who and what the policy names, and the shape of its values. */
#include "policyparse.h"

#include <string.h>

bool policy_wrong(struct policy_parser *s, const struct control_hujson *v, const char *want)
{
	control_hujson_error(s->err, v, "%s%s%smust be %s, not %s", v->name ? "\"" : "",
			     v->name ? v->name : "this ", v->name ? "\" " : "", want,
			     control_hujson_type_name(v->type));
	return false;
}

bool policy_is_list(struct policy_parser *s, const struct control_hujson *v)
{
	return v->type == HUJSON_ARRAY || policy_wrong(s, v, "a list");
}

bool policy_is_object(struct policy_parser *s, const struct control_hujson *v)
{
	return v->type == HUJSON_OBJECT || policy_wrong(s, v, "an object");
}

bool policy_is_string(struct policy_parser *s, const struct control_hujson *v)
{
	return v->type == HUJSON_STRING || policy_wrong(s, v, "a string");
}

/* The members that an object may have; NULL ends the list. */
bool policy_only(struct policy_parser *s, const struct control_hujson *object,
		 const char *const *names)
{
	for (const struct control_hujson *v = object->first; v; v = v->next) {
		size_t i = 0;

		while (names[i] && strcmp(names[i], v->name))
			i++;
		if (!names[i]) {
			control_hujson_error(s->err, v, "unknown member \"%s\"", v->name);
			return false;
		}
	}
	return true;
}

bool policy_read_strings(struct policy_parser *s, const struct control_hujson *v, mesh_strings *out)
{
	if (!policy_is_list(s, v))
		return false;
	out->v = mesh_arena_alloc(s->arena, v->n * sizeof(*out->v));
	out->set = true;
	for (const struct control_hujson *item = v->first; item; item = item->next) {
		if (!policy_is_string(s, item))
			return false;
		out->v[out->n++] = item->string;
	}
	return true;
}

bool policy_read_alias(struct policy_parser *s, const struct control_hujson *at, const char *text,
		       struct policy_alias *out)
{
	static const struct {
		const char *name;
		enum policy_alias_kind kind;
	} autogroups[] = {
		{"autogroup:member", ALIAS_MEMBER},	{"autogroup:tagged", ALIAS_TAGGED},
		{"autogroup:self", ALIAS_SELF},		{"autogroup:internet", ALIAS_INTERNET},
		{"autogroup:danger-all", ALIAS_DANGER},
	};
	const struct control_hujson *host;

	memset(out, 0, sizeof(*out));
	out->name = text;
	if (!strcmp(text, "*")) {
		out->kind = ALIAS_ANY;
		return true;
	}
	if (!strncmp(text, "autogroup:", 10)) {
		for (size_t i = 0; i < sizeof(autogroups) / sizeof(autogroups[0]); i++) {
			if (!strcmp(text, autogroups[i].name)) {
				out->kind = autogroups[i].kind;
				return true;
			}
		}
		control_hujson_error(s->err, at, "unknown autogroup \"%s\"", text);
		return false;
	}
	if (!strncmp(text, "group:", 6)) {
		out->kind = ALIAS_GROUP;
		for (out->group = s->policy->groups; out->group; out->group = out->group->next)
			if (!strcmp(out->group->name, text))
				return true;
		control_hujson_error(s->err, at, "\"%s\" is not defined in \"groups\"", text);
		return false;
	}
	if (!strncmp(text, "tag:", 4)) {
		out->kind = ALIAS_TAG;
		if (s->tag_owners && control_hujson_get(s->tag_owners, text))
			return true;
		control_hujson_error(s->err, at, "\"%s\" is not defined in \"tagOwners\"", text);
		return false;
	}
	if (strchr(text, '@')) {
		out->kind = ALIAS_USER;
		return true;
	}
	out->kind = ALIAS_PREFIX;
	host = s->hosts ? control_hujson_get(s->hosts, text) : NULL;
	if (mesh_text_unprefix(&out->prefix, host ? host->string : text))
		return true;
	control_hujson_error(
		s->err, at,
		"\"%s\" is no address, no prefix with zero host bits and not defined in "
		"\"hosts\" (a user is written with an @)",
		text);
	return false;
}

bool policy_read_aliases(struct policy_parser *s, const struct control_hujson *v,
			 struct policy_aliases *out, enum policy_place place)
{
	if (!policy_is_list(s, v))
		return false;
	out->v = mesh_arena_alloc(s->arena, v->n * sizeof(*out->v));
	for (const struct control_hujson *item = v->first; item; item = item->next) {
		enum policy_alias_kind kind;

		if (!policy_is_string(s, item) ||
		    !policy_read_alias(s, item, item->string, &out->v[out->n]))
			return false;
		kind = out->v[out->n].kind;
		if (kind == ALIAS_SELF || kind == ALIAS_INTERNET ||
		    (kind == ALIAS_DANGER && place != PLACE_SOURCES)) {
			control_hujson_error(s->err, item, "\"%s\" cannot be used here",
					     item->string);
			return false;
		}
		out->n++;
	}
	return true;
}

const struct control_hujson *policy_need(struct policy_parser *s,
					 const struct control_hujson *object, const char *name)
{
	const struct control_hujson *v = control_hujson_get(object, name);

	if (!v)
		control_hujson_error(s->err, object, "\"%s\" is missing", name);
	return v;
}
