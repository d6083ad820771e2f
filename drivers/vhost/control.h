/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic netlink family: what the host's operator is told, and what he may change.
 */
#ifndef _VHN_CONTROL_H
#define _VHN_CONTROL_H

#include <linux/types.h>
#include <linux/vhost_net_coal_nl.h>

struct vhn_dev;

int vhn_control_start(void);
void vhn_control_stop(void);

/* Events; nothing happens while nobody listens. */
void vhn_control_added(struct vhn_dev *dev);
void vhn_control_removed(struct vhn_dev *dev);
void vhn_control_changed(struct vhn_dev *dev, enum vhn_nl_source source);
void vhn_control_refused(struct vhn_dev *dev, u32 index, enum vhn_nl_source source);
void vhn_control_stalled(struct vhn_dev *dev, u32 index);

#endif /* _VHN_CONTROL_H */
