/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which processors serve which pair of queues.
 */
#ifndef _VNC_AFFINITY_H
#define _VNC_AFFINITY_H

#include <linux/types.h>
#include <linux/workqueue.h>

struct vnc;

/**
 * struct vnc_affinity - spread over the processors that are there
 * @node: in the list of those who are told when one comes or goes
 * @work: spreads anew
 */
struct vnc_affinity {
	struct hlist_node node;
	struct work_struct work;
};

void vnc_affinity_spread(struct vnc *vnc);
void vnc_affinity_init(struct vnc *vnc);
int vnc_affinity_start(struct vnc *vnc);
void vnc_affinity_stop(struct vnc *vnc);
int vnc_affinity_module_init(void);
void vnc_affinity_module_exit(void);

#endif /* _VNC_AFFINITY_H */
