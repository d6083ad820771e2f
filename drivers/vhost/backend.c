// SPDX-License-Identifier: GPL-2.0-only
/*
 * Back ends. The packets of tun, macvtap and ipvtap devices wait in a pointer ring, from
 * which they are taken up to 64 at a time without waking anybody in between; those of a
 * packet socket in its receive queue, one by one.
 */
#include <linux/err.h>
#include <linux/etherdevice.h>
#include <linux/file.h>
#include <linux/if_tap.h>
#include <linux/if_tun.h>
#include <linux/if_vlan.h>
#include <linux/net.h>
#include <linux/ptr_ring.h>
#include <linux/skbuff.h>
#include <net/sock.h>
#include <net/xdp.h>

#include "backend.h"

/* A device's socket, or that of a packet socket, which is one whatever it is used for. */
static struct socket *socket_of(struct file *file)
{
	struct socket *sock = sock_from_file(file);

	if (sock) {
		bool raw = sock->sk->sk_type == SOCK_RAW && sock->sk->sk_family == AF_PACKET;

		return raw ? sock : ERR_PTR(-ENOTSOCK);
	}
	sock = tun_get_socket(file);
	if (IS_ERR(sock))
		sock = tap_get_socket(file);
	return sock;
}

/**
 * vhn_backend_get() - the socket behind a descriptor
 * @fd: of a tun, macvtap or ipvtap device or of a raw packet socket; -1 for none
 *
 * Context: process.
 *
 * Return: the socket, holding its file; NULL for -1; -ENOTSOCK for anything else.
 */
struct socket *vhn_backend_get(int fd)
{
	struct socket *sock;
	struct file *file;

	if (fd == -1)
		return NULL;
	file = fget(fd);
	if (!file)
		return ERR_PTR(-ENOTSOCK);
	sock = socket_of(file);
	if (IS_ERR(sock)) {
		fput(file);
		return ERR_PTR(-ENOTSOCK);
	}
	return sock;
}

/**
 * vhn_backend_takes_batches() - does it take many packets at once?
 * @sock: the back end
 *
 * An unbounded send buffer is the owner's word that it may be given them; that a packet
 * socket has one says nothing of the kind.
 *
 * Return: true when it does.
 */
bool vhn_backend_takes_batches(const struct socket *sock)
{
	const struct sock *sk = sock->sk;

	return READ_ONCE(sk->sk_sndbuf) == INT_MAX && sk->sk_family != AF_PACKET;
}

/**
 * vhn_backend_put() - let go of a socket
 * @sock: from vhn_backend_get(); may be NULL
 */
void vhn_backend_put(struct socket *sock)
{
	if (sock)
		fput(sock->file);
}

static void destroy(void *packet)
{
	tun_ptr_free(packet);
}

/**
 * vhn_prefetch_attach() - take packets from this socket from now on
 * @p: nothing attached
 * @sock: the back end
 *
 * Context: the queue's mutex held.
 */
void vhn_prefetch_attach(struct vhn_prefetch *p, struct socket *sock)
{
	struct ptr_ring *ring = tun_get_tx_ring(sock->file);

	if (IS_ERR(ring))
		ring = tap_get_ptr_ring(sock->file);
	p->ring = IS_ERR(ring) ? NULL : ring;
	p->sk = p->ring ? NULL : sock->sk;
}

/**
 * vhn_prefetch_detach() - give back what was taken and not received
 * @p: may have nothing attached
 *
 * What no longer fits in the back end's ring is lost. Context: the queue's mutex
 * held.
 */
void vhn_prefetch_detach(struct vhn_prefetch *p)
{
	if (p->ring && p->head != p->tail)
		ptr_ring_unconsume(p->ring, p->packet + p->head, p->tail - p->head, destroy);
	/* What was held besides is in the receive queue still. */
	if (p->sk && p->head != p->tail)
		consume_skb(p->packet[p->head]);
	p->ring = NULL;
	p->sk = NULL;
	p->head = 0;
	p->tail = 0;
}

static u32 length(void *packet)
{
	const struct sk_buff *skb = packet;

	if (tun_is_xdp_frame(packet))
		return tun_ptr_to_xdp(packet)->len;
	return skb->len + (skb_vlan_tag_present(skb) ? VLAN_HLEN : 0);
}

static u32 hold_first(struct vhn_prefetch *p)
{
	struct sk_buff_head *queue = &p->sk->sk_receive_queue;
	struct sk_buff *skb;
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	skb = skb_peek(queue);
	if (skb)
		p->packet[0] = skb_get(skb);
	spin_unlock_irqrestore(&queue->lock, flags);
	return skb ? 1 : 0;
}

/**
 * vhn_prefetch_peek() - length of the next packet
 * @p: attached
 *
 * Context: worker, queue mutex held.
 *
 * Return: bytes without header, 0 when no packet waits.
 */
u32 vhn_prefetch_peek(struct vhn_prefetch *p)
{
	if (p->head == p->tail) {
		p->head = 0;
		if (likely(p->ring))
			p->tail = ptr_ring_consume_batched(p->ring, p->packet, VHN_BATCH);
		else
			p->tail = hold_first(p);
		if (!p->tail)
			return 0;
	}
	return length(p->packet[p->head]);
}

/* The beginning of a packet, or NULL if it is shorter. */
static const void *beginning(void *packet, u32 len, void *buffer)
{
	const struct xdp_frame *frame;

	if (!tun_is_xdp_frame(packet))
		return skb_header_pointer(packet, 0, len, buffer);
	frame = tun_ptr_to_xdp(packet);
	return frame->len < len ? NULL : frame->data;
}

/* The header of a packet, with the tag that may be in it, if it lies in one piece. */
static const struct vlan_ethhdr *header_in_place(void *packet)
{
	const struct sk_buff *skb = packet;
	const struct xdp_frame *frame;

	if (!tun_is_xdp_frame(packet))
		return skb_headlen(skb) < VLAN_ETH_HLEN ? NULL : (const void *)skb->data;
	frame = tun_ptr_to_xdp(packet);
	return frame->len < VLAN_ETH_HLEN ? NULL : frame->data;
}

/* A tag counts from where it stands: beside the packet or in it. */
static void describe(void *packet, u32 len, const struct vlan_ethhdr *eth,
		     struct vhn_address *to)
{
	const struct sk_buff *skb = tun_is_xdp_frame(packet) ? NULL : packet;
	u32 header = ETH_HLEN;
	__be16 proto = 0;
	u16 tci = 0;

	if (skb && skb_vlan_tag_present(skb)) {
		proto = skb->vlan_proto;
		tci = skb_vlan_tag_get(skb);
	} else if (eth_type_vlan(eth->h_vlan_proto)) {
		proto = eth->h_vlan_proto;
		tci = ntohs(eth->h_vlan_TCI);
	}
	if (proto)
		header = VLAN_ETH_HLEN;
	ether_addr_copy(to->mac, eth->h_dest);
	to->vlan = proto == htons(ETH_P_8021Q) ? tci & VLAN_VID_MASK : 0;
	to->payload = len < header || (skb && skb_is_gso(skb)) ? 0 : len - header;
}

/* A short packet, or one whose beginning lies in pieces. */
static noinline bool describe_copy(void *packet, u32 len, struct vhn_address *to)
{
	u32 there = min_t(u32, len, VLAN_ETH_HLEN);
	struct vlan_ethhdr eth = {};
	u8 buffer[VLAN_ETH_HLEN];
	const void *from;

	if (there < ETH_HLEN)
		return false;
	from = beginning(packet, there, buffer);
	if (!from) {
		/* A tag beside the packet counted, and is not in it. */
		there = ETH_HLEN;
		from = beginning(packet, there, buffer);
	}
	if (!from)
		return false;
	memcpy(&eth, from, there);
	describe(packet, len, &eth, to);
	return true;
}

/**
 * vhn_prefetch_address() - where the packet peeked at goes
 * @p: vhn_prefetch_peek() found one
 * @len: its length
 * @to: filled in
 *
 * Context: worker, queue mutex held.
 *
 * Return: false for a packet too short to have an address.
 */
bool vhn_prefetch_address(const struct vhn_prefetch *p, u32 len, struct vhn_address *to)
{
	void *packet = p->packet[p->head];
	const struct vlan_ethhdr *eth = header_in_place(packet);

	if (unlikely(!eth))
		return describe_copy(packet, len, to);
	describe(packet, len, eth, to);
	return true;
}

/**
 * vhn_prefetch_look() - the beginning of the packet peeked at
 * @p: vhn_prefetch_peek() found one
 * @buffer: where it is put if it does not lie in one piece
 * @len: bytes wanted (in), bytes there (out)
 *
 * A tag that stands beside the packet is not among them. Context: worker, queue mutex
 * held.
 *
 * Return: the bytes, or NULL if they cannot be read.
 */
const void *vhn_prefetch_look(const struct vhn_prefetch *p, void *buffer, u32 *len)
{
	void *packet = p->packet[p->head];

	if (tun_is_xdp_frame(packet))
		*len = min_t(u32, *len, tun_ptr_to_xdp(packet)->len);
	else
		*len = min(*len, ((const struct sk_buff *)packet)->len);
	return beginning(packet, *len, buffer);
}

/**
 * vhn_prefetch_take() - take the packet peeked at
 * @p: vhn_prefetch_peek() found one
 *
 * Return: the packet, for recvmsg() in msg_control, which consumes it; NULL when recvmsg()
 * finds it by itself.
 */
void *vhn_prefetch_take(struct vhn_prefetch *p)
{
	void *packet = p->packet[p->head++];

	if (likely(p->ring))
		return packet;
	consume_skb(packet);
	return NULL;
}
