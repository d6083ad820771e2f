/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included before anything else into the sources under test: their accesses to user
 * memory go to the kernel's own, which a test has at hand, and fault as it says; their
 * worker takes on no mm; their eventfd is the test's.
 */
#ifndef _KUNIT_USER_SEAMS_H
#define _KUNIT_USER_SEAMS_H

#include <linux/cgroup.h>
#include <linux/eventfd.h>
#include <linux/mm.h>
#include <linux/mmu_context.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>

#include "user_memory.h"

/* True unless this access faults. */
static inline bool user_memory_access(void)
{
	return ++user_memory.accesses != user_memory.fault_at;
}

static inline bool user_memory_covers(const void *p, size_t size)
{
	return !user_memory.beyond || p + size <= user_memory.beyond;
}

static inline unsigned long user_memory_read(void *to, const void *from, size_t n)
{
	if (!user_memory_access())
		return n;
	memcpy(to, from, n);
	return 0;
}

/* In place of access.h: rings over other memory, by the same code. */
#define _VHN_ACCESS_H

static inline int vhn_load16(u16 *value, const __le16 __user *p)
{
	__le16 raw;

	if (user_memory_read(&raw, (__force const void *)p, sizeof(raw)))
		return -EFAULT;
	*value = le16_to_cpu(raw);
	return 0;
}

static inline int vhn_load32(u32 *value, const __le32 __user *p)
{
	__le32 raw;

	if (user_memory_read(&raw, (__force const void *)p, sizeof(raw)))
		return -EFAULT;
	*value = le32_to_cpu(raw);
	return 0;
}

static inline int vhn_load_pair(__le64 pair[2], const __le64 __user *p)
{
	return user_memory_read(pair, (__force const void *)p, 2 * sizeof(*p)) ? -EFAULT : 0;
}

static inline int vhn_store16(__le16 __user *p, u16 value)
{
	if (!user_memory_access())
		return -EFAULT;
	*(__force __le16 *)p = cpu_to_le16(value);
	return 0;
}

static inline int vhn_store32(__le32 __user *p, u32 value)
{
	if (!user_memory_access())
		return -EFAULT;
	*(__force __le32 *)p = cpu_to_le32(value);
	return 0;
}

static inline int vhn_store_pair32(__le32 __user *p, u32 first, u32 second)
{
	return vhn_store32(p, first) ?: vhn_store32(p + 1, second);
}

#undef access_ok
#define access_ok(p, size)	user_memory_covers((__force const void *)(p), size)
#undef copy_from_user
#define copy_from_user(to, from, n)						\
	user_memory_read(to, (__force const void *)(from), n)

#undef eventfd_signal
#define eventfd_signal(ctx, ...)	user_signalled(ctx)

/* Its pages are the kernel's: one is found where its address says, unless that faults. */
static inline int user_memory_page(unsigned long at, struct page **page)
{
	if (!user_memory_access())
		return -EFAULT;
	*page = virt_to_page((void *)at);
	return 1;
}

#define pin_user_pages_fast(at, nr, flags, pages)	user_memory_page(at, pages)
#define unpin_user_pages_dirty_lock(pages, nr, dirty)	((void)(pages))

/* A worker of nobody's. */
#define get_task_mm(task)		((void)(task), (struct mm_struct *)&user_memory)
#define mmput(mm)			((void)(mm))
#define kthread_use_mm(mm)		((void)(mm))
#define kthread_unuse_mm(mm)		((void)(mm))
#undef cgroup_attach_task_all
#define cgroup_attach_task_all(from, task)	((void)(from), (void)(task), user_cgroup_error)

#endif /* _KUNIT_USER_SEAMS_H */
