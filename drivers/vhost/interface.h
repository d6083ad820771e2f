/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which network interface a back end belongs to, by its name.
 */
#ifndef _VHN_INTERFACE_H
#define _VHN_INTERFACE_H

#include <linux/if.h>
#include <linux/types.h>

struct file;

/**
 * struct vhn_interface - an interface as it was when somebody looked
 * @index: its number; 0: there is none
 * @name: its name
 * @netns: inode of its network namespace
 */
struct vhn_interface {
	u32 index;
	char name[IFNAMSIZ];
	u64 netns;
};

void vhn_interface_find(struct file *file, struct vhn_interface *found);
bool vhn_interface_is_same(const struct vhn_interface *a, const struct vhn_interface *b);

#endif /* _VHN_INTERFACE_H */
