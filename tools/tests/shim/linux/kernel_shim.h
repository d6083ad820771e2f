/* SPDX-License-Identifier: GPL-2.0-only */
/* What the pure files of the kernel use of its headers, in user space. */
#ifndef _SHIM_LINUX_KERNEL_SHIM_H
#define _SHIM_LINUX_KERNEL_SHIM_H

#include <errno.h>
#include <linux/types.h>

#define U16_MAX		((u16)~0U)
#define U32_MAX		((u32)~0U)
#define U64_MAX		((u64)~0ULL)
#define NSEC_PER_USEC	1000L

#define BIT(n)		(1UL << (n))
#define BIT_ULL(n)	(1ULL << (n))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define min(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ > b_ ? a_ : b_; })

#define check_add_overflow(a, b, sum)	__builtin_add_overflow(a, b, sum)

#endif
