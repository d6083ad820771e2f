/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The socket behind a device, and the packets taken from it ahead of time. Knows
 * nothing of rings.
 */
#ifndef _VHN_BACKEND_H
#define _VHN_BACKEND_H

#include <linux/types.h>

struct msghdr;
struct ptr_ring;
struct sock;
struct socket;

/* Packets taken from the back end at once, and handed to it at once. */
#define VHN_BATCH 64

/**
 * struct vhn_prefetch - packets of the back end, taken but not received
 * @ring: the back end's pointer ring; NULL when it has none
 * @sk: of a back end without: packets wait in its receive queue, and the first of them,
 *	when it was looked at, is held in @packet as well
 * @packet: what was taken
 * @head: next to receive
 * @tail: end of what was taken
 */
struct vhn_prefetch {
	struct ptr_ring *ring;
	struct sock *sk;
	void *packet[VHN_BATCH];
	u32 head;
	u32 tail;
};

/**
 * struct vhn_address - where a packet goes, and what it brings there
 * @mac: destination
 * @vlan: number of its VLAN, 0 without a tag
 * @payload: bytes behind Ethernet header and VLAN tag; 0 for a packet to be segmented
 */
struct vhn_address {
	u8 mac[6];
	u16 vlan;
	u32 payload;
};

struct socket *vhn_backend_get(int fd);
void vhn_backend_put(struct socket *sock);
bool vhn_backend_takes_batches(const struct socket *sock);

void vhn_prefetch_attach(struct vhn_prefetch *p, struct socket *sock);
void vhn_prefetch_detach(struct vhn_prefetch *p);
u32 vhn_prefetch_peek(struct vhn_prefetch *p);
bool vhn_prefetch_address(const struct vhn_prefetch *p, u32 len, struct vhn_address *to);
const void *vhn_prefetch_look(const struct vhn_prefetch *p, void *buffer, u32 *len);
void *vhn_prefetch_take(struct vhn_prefetch *p);

#endif /* _VHN_BACKEND_H */
