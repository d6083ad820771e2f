/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_LINUX_LLIST_H
#define _HUNT_LINUX_LLIST_H

struct llist_node {
	struct llist_node *next;
};

struct llist_head {
	struct llist_node *first;
};

#endif
