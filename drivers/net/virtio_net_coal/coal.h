/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notification coalescing: what the user asked for, and what the device was told.
 */
#ifndef _VNC_COAL_H
#define _VNC_COAL_H

#include <linux/mutex.h>
#include <linux/types.h>

struct vnc;
struct vnc_adaptive;

enum vnc_direction { VNC_RX, VNC_TX };	/* also index of a virtqueue, modulo 2 */

/**
 * struct vnc_coal_value - parameters, as ethtool has them
 * @usecs: microseconds after the first packet; 0 means off
 * @frames: packets; 0 means that only time counts
 */
struct vnc_coal_value {
	u32 usecs;
	u32 frames;
};

/**
 * struct vnc_coal_setting - what the user wants of a direction or a queue
 * @value: parameters while @adaptive is off
 * @adaptive: let the driver choose
 */
struct vnc_coal_setting {
	struct vnc_coal_value value;
	bool adaptive;
};

/**
 * struct vnc_coal - notification coalescing of a device
 * @lock: all below, and that no queue is reset meanwhile; inside of rtnl, outside of
 *	the control queue's
 * @queues: what the user wants of each queue, by index of the virtqueue
 * @shown: what the user was last shown of each queue
 * @direction: parameters that the device was last told for all queues of a direction;
 *	a queue that was reset has these again (COAL-D5, COAL-D6)
 * @absent: queues that are not enabled, by index; nothing may be said of these (COAL-G1)
 */
struct vnc_coal {
	struct mutex lock;	/* settings and queue resets */
	struct vnc_coal_setting *queues;
	struct vnc_coal_value *shown;
	struct vnc_coal_value direction[2];
	unsigned long *absent;
};

int vnc_coal_init(struct vnc *vnc);
void vnc_coal_free(struct vnc *vnc);
bool vnc_coal_can(const struct vnc *vnc);
bool vnc_coal_can_queue(const struct vnc *vnc);
int vnc_coal_get(struct vnc *vnc, u32 vq, struct vnc_coal_setting *setting);
int vnc_coal_set(struct vnc *vnc, const struct vnc_coal_setting want[2], const char **why);
int vnc_coal_set_queue(struct vnc *vnc, u32 pair, const struct vnc_coal_setting want[2],
		       const char **why);
int vnc_coal_test(struct vnc *vnc);
void vnc_coal_adapt(struct vnc_adaptive *a);
int vnc_coal_queue_restore(struct vnc *vnc, u32 vq);
int vnc_coal_restore(struct vnc *vnc);

#endif /* _VNC_COAL_H */
