/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What to do when the device stops sending.
 */
#ifndef _VNC_RECOVER_H
#define _VNC_RECOVER_H

#include <linux/types.h>
#include <linux/workqueue.h>

struct net_device;
struct vnc;

/**
 * struct vnc_recover - transmit time-outs
 * @work: resets what does not answer
 * @queue: number of the pair that timed out last
 */
struct vnc_recover {
	struct work_struct work;
	u32 queue;
};

void vnc_recover_init(struct vnc *vnc);
void vnc_recover_stop(struct vnc *vnc);
void vnc_recover_timeout(struct net_device *dev, unsigned int queue);
void vnc_recover_detach(struct vnc *vnc);
int vnc_recover_attach(struct vnc *vnc);

#endif /* _VNC_RECOVER_H */
