/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_LINUX_SOCKET_H
#define _HUNT_LINUX_SOCKET_H

#include_next <linux/socket.h>
#include <linux/uio.h>

#define MSG_TRUNC	0x20
#define MSG_DONTWAIT	0x40

struct msghdr {
	struct iov_iter msg_iter;
	void *msg_control;
	size_t msg_controllen;
	unsigned int msg_flags;
};

#endif
