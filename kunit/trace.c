// SPDX-License-Identifier: GPL-2.0-only
/* The tracepoints of the host module, for its files under test. */
#include <linux/module.h>

#define CREATE_TRACE_POINTS
#include "../drivers/vhost/trace.h"

MODULE_DESCRIPTION("KUnit tests of virtio interrupt moderation");
MODULE_LICENSE("GPL");
