/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_LINUX_SLAB_H
#define _HUNT_LINUX_SLAB_H

#include <linux/hunt.h>
#include <stdlib.h>

#define kzalloc(size, flags)	calloc(1, size)
#define kvmalloc(size, flags)	malloc(size)
#define kvzalloc(size, flags)	calloc(1, size)
#define kvmalloc_array(n, size, flags)	malloc((n) * (size))
#define kfree(p)		free(p)
#define kvfree(p)		free(p)

#endif
