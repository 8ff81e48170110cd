// SPDX-License-Identifier: GPL-2.0
#include "show.h"

#include <string.h>

#include "../lib/ipc.h"
#include "verbs.h"

static int show_one(struct warren_error *err, const char *name, const char *field, bool all,
		    const struct show_style *style)
{
	struct warren_device dev;
	int ret;

	ret = warren_ipc_get(&dev, name, err);
	if (!ret && field)
		show_field(stdout, &dev, field, all);
	else if (!ret && show_pretty(stdout, &dev, style))
		ret = warren_error_nomem(err);
	warren_device_free(&dev);
	return ret;
}

/* Goes on after a failure, so that one lost interface does not hide the others. */
static int show_all(struct warren_error *err, const struct warren_names *list, const char *field,
		    const struct show_style *style)
{
	struct warren_error one = *err;
	bool first = true;
	int ret = 0;
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (!first && !field)
			fputs("\n", stdout);
		if (show_one(&one, list->names[i], field, true, style)) {
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

static void show_interfaces(const struct warren_names *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		printf("%s%c", list->names[i], i + 1 < list->n ? ' ' : '\n');
}

static int show_list(struct warren_error *err, const char *what, const char *field,
		     const struct show_style *style)
{
	struct warren_names list;
	int ret;

	ret = warren_ipc_list(&list, err);
	if (!ret && !strcmp(what, "interfaces"))
		show_interfaces(&list);
	else if (!ret)
		ret = show_all(err, &list, field, style);
	warren_ipc_list_free(&list);
	return ret;
}

int verb_show(struct warren_error *err, int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "all", *field = argc > 2 ? argv[2] : NULL;
	static const struct warren_device nothing;
	struct show_style style = show_style();

	if (argc > 3 || (field && !strcmp(what, "interfaces")))
		return verb_usage(err);
	if (field && show_field(NULL, &nothing, field, false))
		return warren_error_set(err, WARREN_E_USAGE, NULL, "there is no field \"%s\"",
					field);
	if (!strcmp(what, "all") || !strcmp(what, "interfaces"))
		return show_list(err, what, field, &style);
	return show_one(err, what, field, false, &style);
}
