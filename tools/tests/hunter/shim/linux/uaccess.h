/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory as another CPU may see it: stores wait until a barrier, or overtake one
 * another where no barrier forbids it.
 */
#ifndef _HUNT_LINUX_UACCESS_H
#define _HUNT_LINUX_UACCESS_H

#include_next <linux/uaccess.h>
#include <linux/hunt.h>

#undef __get_user
#undef __put_user
#undef smp_mb
#undef smp_rmb
#undef smp_wmb

#define __get_user(value, p)	\
	(hunt_load((p), sizeof(*(p))), (value) = *(volatile __typeof__(*(p)) *)(p), 0)
#define __put_user(value, p)	({			\
	__typeof__(*(p)) stored_ = (value);		\
	hunt_store((void *)(p), &stored_, sizeof(stored_));	\
	0;						\
})

#define smp_mb()	hunt_barrier()
#define smp_rmb()	hunt_yield()
#define smp_wmb()	hunt_write_barrier()

static inline unsigned long copy_from_user(void *to, const void *from, unsigned long n)
{
	memcpy(to, from, n);
	return 0;
}

#endif
