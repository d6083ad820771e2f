/* SPDX-License-Identifier: GPL-2.0-only */
/* What the virtio core asks of a bus, answered for a session. */
#ifndef _VLB_TRANSPORT_H
#define _VLB_TRANSPORT_H

#include <linux/types.h>

struct virtio_config_ops;
struct vlb_session;

extern const struct virtio_config_ops vlb_config_ops;

u64 vlb_transport_offer(u64 features);
bool vlb_transport_set_config(struct vlb_session *s, u32 offset, const void *data, u32 len);

#endif /* _VLB_TRANSPORT_H */
