/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtio device of a session in the driver core: made from VLB_CREATE's
 * argument, registered, frozen, restored and removed.
 */
#ifndef _VLB_DEVICE_H
#define _VLB_DEVICE_H

struct vlb_create;
struct vlb_session;

int vlb_device_init(void);
void vlb_device_exit(void);

int vlb_device_create(struct vlb_session *s, struct vlb_create *arg);
int vlb_device_start(struct vlb_session *s);
int vlb_device_freeze(struct vlb_session *s);
int vlb_device_restore(struct vlb_session *s);
void vlb_device_remove(struct vlb_session *s);

#endif /* _VLB_DEVICE_H */
