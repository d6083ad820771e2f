/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_LINUX_EVENTFD_H
#define _HUNT_LINUX_EVENTFD_H

#include <linux/hunt.h>

struct eventfd_ctx {
	u64 count;
};

#ifdef __cplusplus
extern "C"
#endif
void hunt_signal(struct eventfd_ctx *ctx);

#define eventfd_ctx_put(ctx)	((void)(ctx))

#endif
