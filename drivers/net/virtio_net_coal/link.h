/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The link, as the configuration space of the device describes it.
 */
#ifndef _VNC_LINK_H
#define _VNC_LINK_H

#include <linux/types.h>
#include <linux/workqueue.h>

struct virtio_device;
struct vnc;

/**
 * struct vnc_link - the link
 * @work: looks at the configuration space
 * @speed: Mbit/s or SPEED_UNKNOWN; written by @work and by who starts the device
 * @duplex: DUPLEX_*; likewise
 */
struct vnc_link {
	struct work_struct work;
	u32 speed;
	u8 duplex;
};

void vnc_link_init(struct vnc *vnc);
void vnc_link_stop(struct vnc *vnc);
void vnc_link_read(struct vnc *vnc);
void vnc_link_changed(struct virtio_device *vdev);

#endif /* _VNC_LINK_H */
