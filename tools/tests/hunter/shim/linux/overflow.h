/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_LINUX_OVERFLOW_H
#define _HUNT_LINUX_OVERFLOW_H

#include <linux/hunt.h>

#define struct_size(p, member, n)	(sizeof(*(p)) + (n) * sizeof((p)->member[0]))

#endif
