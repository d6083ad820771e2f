/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_LINUX_U64_STATS_SYNC_H
#define _HUNT_LINUX_U64_STATS_SYNC_H

#include <linux/hunt.h>

struct u64_stats_sync {
	bool updating;
};

typedef struct {
	u64 v;
} u64_stats_t;

#define u64_stats_init(s)		((s)->updating = false)
#define u64_stats_update_begin(s)	((s)->updating = true)
#define u64_stats_update_end(s)		((s)->updating = false)
#define u64_stats_add(counter, n)	((counter)->v += (n))
#define u64_stats_inc(counter)		((counter)->v++)
#define u64_stats_read(counter)		((counter)->v)
#define u64_stats_fetch_begin(s)	((s)->updating)
#define u64_stats_fetch_retry(s, start)	((s)->updating != (start))

#endif
