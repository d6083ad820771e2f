/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the data path of the host module asks of a kernel, and where the hunter comes in:
 * every access to guest memory and every lock is a place at which others may act.
 * Included before everything else.
 */
#ifndef _HUNT_LINUX_HUNT_H
#define _HUNT_LINUX_HUNT_H

#include <assert.h>
#include <limits.h>
#include <linux/kernel_shim.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Others act here. */
void hunt_yield(void);
/* Guest memory, which is seen by others later and in another order. */
void hunt_load(const void *from, unsigned int size);
void hunt_store(void *to, const void *value, unsigned int size);
void hunt_barrier(void);
void hunt_write_barrier(void);
/* The code under test did what no kernel allows; does not return. */
void hunt_broken(const char *what);
u64 hunt_clock(void);

#ifdef __cplusplus
}
#endif

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define __packed	__attribute__((packed))
#define __rcu

#define container_of(p, type, member)	((type *)((char *)(p) - offsetof(type, member)))
#define xchg(p, value)	({ __typeof__(*(p)) old_ = *(p); *(p) = (value); old_; })

#define min_t(type, a, b)	min((type)(a), (type)(b))

#define GFP_KERNEL_ACCOUNT	0
#define PAGE_SIZE		4096UL
#define ____cacheline_aligned_in_smp

#define IS_ERR(p)	((unsigned long)(p) >= (unsigned long)-4095L)
#define PTR_ERR(p)	((long)(p))
#define ERR_PTR(err)	((void *)(long)(err))

#endif
