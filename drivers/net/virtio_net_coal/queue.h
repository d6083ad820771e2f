/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtqueues of a device: finding them, sizes, resets.
 */
#ifndef _VNC_QUEUE_H
#define _VNC_QUEUE_H

#include <linux/types.h>

#define VNC_QUEUE_NAME_LEN	24

struct vnc;
struct vnc_rxq;
struct vnc_txq;

int vnc_queues_find(struct vnc *vnc);
void vnc_queues_delete(struct vnc *vnc);
void vnc_queues_up(struct vnc *vnc);
void vnc_queues_down(struct vnc *vnc);
int vnc_queue_resize_rx(struct vnc_rxq *q, u32 size);
int vnc_queue_resize_tx(struct vnc_txq *q, u32 size);
int vnc_queue_reset_tx(struct vnc_txq *q);

#endif /* _VNC_QUEUE_H */
