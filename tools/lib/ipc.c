// SPDX-License-Identifier: GPL-2.0
#include "ipc.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "netlink.h"
#include "sync.h"
#include "uapi.h"

static bool has_name(const struct warren_names *list, const char *name)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (!strcmp(list->names[i], name))
			return true;
	return false;
}

static int add_name(struct warren_names *list, const char *name)
{
	char(*more)[IFNAMSIZ];

	more = reallocarray(list->names, list->n + 1, sizeof(*more));
	if (!more)
		return -1;
	list->names = more;
	snprintf(list->names[list->n++], IFNAMSIZ, "%s", name);
	return 0;
}

static int add_link(void *arg, const struct warren_link *link)
{
	return warren_link_is_tunnel(link) ? add_name(arg, link->name) : 0;
}

static int list_programs(struct warren_names *list, struct warren_error *err)
{
	struct dirent *entry;
	DIR *dir;
	int ret = 0;

	dir = opendir(WARREN_UAPI_DIR);
	if (!dir)
		return 0;
	while (!ret && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);
		char name[IFNAMSIZ];

		if (len <= 5 || len - 5 >= sizeof(name) || strcmp(entry->d_name + len - 5, ".sock"))
			continue;
		memcpy(name, entry->d_name, len - 5);
		name[len - 5] = '\0';
		if (!has_name(list, name) && warren_uapi_present(name) && add_name(list, name))
			ret = warren_error_nomem(err);
	}
	closedir(dir);
	return ret;
}

int warren_ipc_list(struct warren_names *list, struct warren_error *err)
{
	struct warren_rtnl rtnl;
	int ret;

	memset(list, 0, sizeof(*list));
	if (warren_rtnl_open(&rtnl, err))
		return -1;
	ret = warren_link_each(&rtnl, add_link, list, err);
	warren_rtnl_close(&rtnl);
	return ret ? -1 : list_programs(list, err);
}

void warren_ipc_list_free(struct warren_names *list)
{
	free(list->names);
	memset(list, 0, sizeof(*list));
}

int warren_ipc_find(struct warren_device *dev, struct warren_error *err)
{
	struct warren_rtnl rtnl;
	struct warren_link link;
	bool known;

	if (warren_rtnl_open(&rtnl, err))
		return -1;
	known = !warren_link_get(&rtnl, &link, dev->name, err);
	warren_rtnl_close(&rtnl);
	if (known && warren_link_is_tunnel(&link)) {
		dev->ifindex = link.ifindex;
		dev->kind =
			strcmp(link.kind, "warren") ? WARREN_KIND_WIREGUARD : WARREN_KIND_WARREN;
		return 0;
	}
	if (!known && err->code != WARREN_E_NODEV)
		return -1;
	if (warren_uapi_present(dev->name)) {
		dev->kind = WARREN_KIND_USERSPACE;
		dev->ifindex = known ? link.ifindex : 0;
		return 0;
	}
	if (!known)
		return -1;
	return warren_error_set(
		err, WARREN_E_NODEV, "see `warren show interfaces` for those there are",
		"%s is not a warren or WireGuard interface%s%s%s", dev->name,
		link.kind[0] ? " but of kind \"" : "", link.kind, link.kind[0] ? "\"" : "");
}

static int get(struct warren_device *dev, struct warren_error *err)
{
	if (warren_ipc_find(dev, err))
		return -1;
	if (dev->kind == WARREN_KIND_USERSPACE)
		return warren_uapi_get(dev, err);
	return warren_netlink_get(dev, err);
}

int warren_ipc_get(struct warren_device *dev, const char *name, struct warren_error *err)
{
	warren_device_init(dev, name);
	return get(dev, err);
}

int warren_ipc_get_stats(struct warren_device *dev, const char *name, struct warren_error *err)
{
	warren_device_init(dev, name);
	dev->want_stats = true;
	return get(dev, err);
}

static int set(const struct warren_device *dev, struct warren_error *err)
{
	if (dev->kind != WARREN_KIND_WARREN && warren_device_is_bound(dev))
		return warren_error_set(err, WARREN_E_UNSUPPORTED,
					"use an interface of kind warren, or leave Bind and "
					"BindAddress out",
					"%s is not of kind warren: it cannot be bound to an "
					"interface or address",
					dev->name);
	if (dev->kind == WARREN_KIND_USERSPACE)
		return warren_uapi_set(dev, err);
	return warren_netlink_set(dev, err);
}

/* Not all can take a single network away: gives them whole lists then. */
static int set_whole_lists(struct warren_device *dev, struct warren_error *err)
{
	struct warren_device running;
	int ret;

	ret = warren_ipc_get(&running, dev->name, err);
	if (!ret)
		ret = warren_sync_whole_lists(dev, &running, err);
	warren_device_free(&running);
	return ret ? -1 : set(dev, err);
}

int warren_ipc_set(struct warren_device *dev, struct warren_error *err)
{
	if (warren_ipc_find(dev, err))
		return -1;
	if (!set(dev, err))
		return 0;
	if (dev->kind == WARREN_KIND_WARREN || err->code != WARREN_E_KERNEL ||
	    !warren_sync_takes_away(dev))
		return -1;
	return set_whole_lists(dev, err);
}
