/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What whoever listens is told as it happens. Nothing happens while nobody does.
 */
#ifndef _VHN_EVENT_H
#define _VHN_EVENT_H

#include <linux/types.h>
#include <linux/vhost_net_coal_nl.h>

struct genl_family;
struct vhn_dev;

void vhn_event_start(const struct genl_family *f);
void vhn_event_added(struct vhn_dev *dev);
void vhn_event_removed(struct vhn_dev *dev);
void vhn_event_changed(struct vhn_dev *dev, enum vhn_nl_source source);
void vhn_event_defaults(void);
void vhn_event_refused(struct vhn_dev *dev, u32 index, enum vhn_nl_source source);
void vhn_event_stalled(struct vhn_dev *dev, u32 index);

#endif /* _VHN_EVENT_H */
