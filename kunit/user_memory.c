// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ktime.h>

#include "user_memory.h"

struct user_memory user_memory;
struct user_eventfd user_eventfd;
int user_cgroup_error;

/**
 * user_signalled() - the module has signalled an eventfd
 * @ctx: which, whatever it is
 */
void user_signalled(struct eventfd_ctx *ctx)
{
	user_eventfd.signals++;
	user_eventfd.when = ktime_get_ns();
}
