/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control queue: one command at a time, a bounded wait for its answer.
 */
#ifndef _VNC_CTRL_H
#define _VNC_CTRL_H

#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct virtqueue;

/**
 * struct vnc_ctrl - the control queue
 * @lock: one command at a time; sleeps; never taken under it: rtnl
 * @vq: the queue; NULL without one and from freeze to restore; under @lock
 * @answered: the device has used a buffer
 * @dead: a command was not answered in time; under @lock. Until the device is
 *	reset no other is sent, and the buffer stays the device's
 */
struct vnc_ctrl {
	struct mutex lock;	/* one command at a time */
	struct virtqueue *vq;
	struct completion answered;
	bool dead;
};

/**
 * struct vnc_command - what is sent and what comes back
 * @class: VIRTIO_NET_CTRL_*
 * @cmd: command of that class
 * @data: its data
 * @len: bytes of it
 * @result: where to put what follows the acknowledgment; bytes that the device does
 *	not write are zero
 * @room: bytes there
 * @written: receives how many bytes of @result the device wrote
 */
struct vnc_command {
	u8 class;
	u8 cmd;
	const void *data;
	size_t len;
	void *result;
	size_t room;
	size_t written;
};

void vnc_ctrl_init(struct vnc_ctrl *ctrl);
void vnc_ctrl_attach(struct vnc_ctrl *ctrl, struct virtqueue *vq);
void vnc_ctrl_detach(struct vnc_ctrl *ctrl);
void vnc_ctrl_callback(struct virtqueue *vq);
int vnc_ctrl_command(struct vnc_ctrl *ctrl, struct vnc_command *command);
int vnc_ctrl_ask(struct vnc_ctrl *ctrl, struct vnc_command *command);
int vnc_ctrl_send(struct vnc_ctrl *ctrl, u8 class, u8 cmd, const void *data, size_t len);

#endif /* _VNC_CTRL_H */
