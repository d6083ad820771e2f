/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which interface the back end of a file belongs to: found out behind the back of whoever
 * set it, since only somebody who waits for rtnl can.
 */
#ifndef _VHN_LEARN_H
#define _VHN_LEARN_H

struct file;
struct vhn_dev;
struct vhn_file;

int vhn_learn_start(void);
void vhn_learn_stop(void);
void vhn_learn_init(struct vhn_file *file);
void vhn_learn_interface(struct vhn_dev *dev, struct file *backend);

#endif /* _VHN_LEARN_H */
