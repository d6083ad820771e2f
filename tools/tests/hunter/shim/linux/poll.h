/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_LINUX_POLL_H
#define _HUNT_LINUX_POLL_H

#include <linux/types.h>

#define EPOLLIN		1
#define EPOLLOUT	4

struct file;
struct vhn_poll;

/* Watched by one. */
typedef struct {
	struct vhn_poll *watcher;
} wait_queue_head_t;

typedef struct {
	int unused;
} wait_queue_entry_t;

typedef struct {
	int unused;
} poll_table;

#endif
