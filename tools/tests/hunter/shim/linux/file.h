/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_LINUX_FILE_H
#define _HUNT_LINUX_FILE_H

#include <linux/poll.h>

/* @ready: EPOLLIN, EPOLLOUT */
struct file {
	wait_queue_head_t wait;
	__poll_t ready;
};

#define fput(file)	((void)(file))

#endif
