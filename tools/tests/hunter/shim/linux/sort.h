/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_LINUX_SORT_H
#define _HUNT_LINUX_SORT_H

#include <stdlib.h>

#define sort(base, n, size, compare, swap)	qsort(base, n, size, compare)

#endif
