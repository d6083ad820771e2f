/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands in for the kernel's <linux/uaccess.h>: "user" memory is memory. */
#ifndef _SHIM_LINUX_UACCESS_H
#define _SHIM_LINUX_UACCESS_H

#include <endian.h>
#include <errno.h>
#include <linux/kernel_shim.h>

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#define access_ok(p, size)	((void)(p), (void)(size), true)
#define __get_user(value, p)	((value) = *(volatile __typeof__(*(p)) *)(p), 0)
#define __put_user(value, p)	(*(volatile __typeof__(*(p)) *)(p) = (value), 0)

/* The labels to which a fault would lead stay in use. */
#define user_read_access_begin(p, size)		access_ok(p, size)
#define user_read_access_end()			((void)0)
#define user_write_access_begin(p, size)	access_ok(p, size)
#define user_write_access_end()			((void)0)
#define unsafe_get_user(value, p, fault)	do { if (__get_user(value, p)) goto fault; } while (0)
#define unsafe_put_user(value, p, fault)	do { if (__put_user(value, p)) goto fault; } while (0)

#define cpu_to_le16(x)	htole16(x)
#define cpu_to_le32(x)	htole32(x)
#define le16_to_cpu(x)	le16toh(x)
#define le32_to_cpu(x)	le32toh(x)
#define le64_to_cpu(x)	le64toh(x)

#define smp_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)

#endif
