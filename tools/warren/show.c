// SPDX-License-Identifier: GPL-2.0
#include "show.h"

#include <string.h>

#include "../lib/ipc.h"
#include "verbs.h"

/* What is shown, and how. */
struct view {
	const char *field;
	bool all;
	bool json;
	bool stats;
	struct show_style style;
	struct warren_json text;
};

static int show_one(struct warren_error *err, const char *name, struct view *view)
{
	struct warren_device dev;
	int ret;

	ret = view->stats ? warren_ipc_get_stats(&dev, name, err) : warren_ipc_get(&dev, name, err);
	if (!ret && view->stats && dev.kind != WARREN_KIND_WARREN && !view->all)
		warren_error_warn(err, "see `warren migrate`",
				  "%s is not of kind warren: it has no counters for each peer",
				  name);
	if (!ret && view->json)
		show_json(&view->text, &dev, view->style.keys);
	else if (!ret && view->field)
		show_field(stdout, &dev, view->field, view->all);
	else if (!ret && show_pretty(stdout, &dev, &view->style))
		ret = warren_error_nomem(err);
	warren_device_free(&dev);
	return ret;
}

/* Goes on after a failure, so that one lost interface does not hide the others. */
static int show_all(struct warren_error *err, const struct warren_names *list, struct view *view)
{
	struct warren_error one = *err;
	bool first = true;
	int ret = 0;
	size_t i;

	view->all = true;
	for (i = 0; i < list->n; i++) {
		if (!first && !view->field && !view->json)
			fputs("\n", stdout);
		if (show_one(&one, list->names[i], view)) {
			warren_error_warn(&one, one.remedy, "%s", one.text);
			*err = one;
			ret = -1;
			continue;
		}
		first = false;
	}
	if (ret)
		warren_error_set(err, err->code, NULL, "not all interfaces could be shown");
	return ret;
}

static void show_names(const struct warren_names *list, struct view *view)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (view->json)
			warren_json_string(&view->text, NULL, list->names[i]);
		else
			printf("%s%c", list->names[i], i + 1 < list->n ? ' ' : '\n');
}

static int show_list(struct warren_error *err, const char *what, struct view *view)
{
	struct warren_names list;
	int ret;

	ret = warren_ipc_list(&list, err);
	if (!ret && !strcmp(what, "interfaces"))
		show_names(&list, view);
	else if (!ret)
		ret = show_all(err, &list, view);
	warren_ipc_list_free(&list);
	return ret;
}

static int show(struct warren_error *err, const char *what, struct view *view)
{
	bool list = !strcmp(what, "all") || !strcmp(what, "interfaces");
	int ret;

	if (view->json) {
		warren_json_open(&view->text, NULL, '{');
		warren_json_open(&view->text, "interfaces", '[');
	}
	ret = list ? show_list(err, what, view) : show_one(err, what, view);
	if (view->json) {
		warren_json_close(&view->text, ']');
		warren_json_close(&view->text, '}');
	}
	return ret;
}

int verb_show(struct warren_error *err, int argc, char **argv)
{
	struct view view = {.style = show_style(), .text.out = stdout};
	static const struct warren_device nothing;
	const char *what = NULL;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			view.json = true;
		else if (!strcmp(argv[i], "--stats"))
			view.stats = true;
		else if (!what)
			what = argv[i];
		else if (!view.field)
			view.field = argv[i];
		else
			return verb_usage(err);
	}
	what = what ? what : "all";
	if ((view.field || !strcmp(what, "interfaces")) && view.stats)
		return verb_usage(err);
	if (view.field && (view.json || !strcmp(what, "interfaces")))
		return verb_usage(err);
	if (view.field && show_field(NULL, &nothing, view.field, false))
		return warren_error_set(err, WARREN_E_USAGE, NULL, "there is no field \"%s\"",
					view.field);
	return show(err, what, &view);
}
