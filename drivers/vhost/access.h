/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How ring code reads and writes ring memory: here, the memory of the process whose
 * mm the worker has taken on. Inlined, so that ring code built over other memory is
 * the same code without an indirect call for each access.
 */
#ifndef _VHN_ACCESS_H
#define _VHN_ACCESS_H

#include <linux/types.h>
#include <linux/uaccess.h>

static inline int vhn_load16(u16 *value, const __le16 __user *p)
{
	__le16 raw;

	if (unlikely(__get_user(raw, p)))
		return -EFAULT;
	*value = le16_to_cpu(raw);
	return 0;
}

static inline int vhn_store16(__le16 __user *p, u16 value)
{
	return unlikely(__put_user(cpu_to_le16(value), p)) ? -EFAULT : 0;
}

static inline int vhn_load32(u32 *value, const __le32 __user *p)
{
	__le32 raw;

	if (unlikely(__get_user(raw, p)))
		return -EFAULT;
	*value = le32_to_cpu(raw);
	return 0;
}

static inline int vhn_store32(__le32 __user *p, u32 value)
{
	return unlikely(__put_user(cpu_to_le32(value), p)) ? -EFAULT : 0;
}

/*
 * 16 and 8 bytes that travel together: opening and closing the window to user memory
 * costs more than the accesses.
 */
static inline int vhn_load_pair(__le64 pair[2], const __le64 __user *p)
{
	if (unlikely(!user_read_access_begin(p, 2 * sizeof(*p))))
		return -EFAULT;
	unsafe_get_user(pair[0], &p[0], fault);
	unsafe_get_user(pair[1], &p[1], fault);
	user_read_access_end();
	return 0;

fault:
	user_read_access_end();
	return -EFAULT;
}

static inline int vhn_store_pair32(__le32 __user *p, u32 first, u32 second)
{
	if (unlikely(!user_write_access_begin(p, 2 * sizeof(*p))))
		return -EFAULT;
	unsafe_put_user(cpu_to_le32(first), &p[0], fault);
	unsafe_put_user(cpu_to_le32(second), &p[1], fault);
	user_write_access_end();
	return 0;

fault:
	user_write_access_end();
	return -EFAULT;
}

#endif /* _VHN_ACCESS_H */
