// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets from the guest's transmit buffers to the socket.
 *
 * Small packets are copied and handed over up to 64 at a time; a large one goes by
 * itself, after those before it. A buffer's used entry is written when it is taken
 * and published when the socket has the packet.
 *
 * The loop ends in one of four states, each with something that wakes it again:
 *   ring empty		kicks on
 *   socket full	socket watched, kicks off
 *   address not known	the owner was asked, kicks off
 *   weight exceeded	queued again, neither
 */
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/virtio_net.h>
#include <net/sock.h>
#include <net/xdp.h>

#include "queue.h"

/*
 * A driver whose every packet may take 18 descriptors (header, linear part and 16
 * fragments) stops when fewer are free: holding its completions then would stop it for
 * as long as they are held.
 */
#define VHN_TX_RESERVE 18

/**
 * struct vhn_tx_batch - packets on their way to the socket
 * @cache: where their memory comes from
 * @nr: packets in @xdp
 * @xdp: the packets
 */
struct vhn_tx_batch {
	struct page_frag_cache cache;
	u32 nr;
	struct xdp_buff xdp[VHN_BATCH];
};

/* What one run of the work has done. */
struct pass {
	u32 batch;		/* buffers to be published, dropped ones included */
	u32 room;
	u32 sent;		/* of them, handed to the socket one by one */
	u64 sent_bytes;
	u64 start;		/* when the first of them was taken */
	u32 held;		/* descriptors in @batch */
	u32 packets;
	u64 bytes;
};

/**
 * vhn_tx_batch_alloc() - room for a batch
 *
 * Context: process, may sleep.
 *
 * Return: an empty batch or NULL.
 */
struct vhn_tx_batch *vhn_tx_batch_alloc(void)
{
	return kzalloc(sizeof(struct vhn_tx_batch), GFP_KERNEL_ACCOUNT);
}

/**
 * vhn_tx_batch_free() - release an empty batch
 * @batch: may be NULL
 *
 * Context: process.
 */
void vhn_tx_batch_free(struct vhn_tx_batch *batch)
{
	if (!batch)
		return;
	if (batch->cache.va)
		__page_frag_cache_drain(virt_to_head_page(batch->cache.va),
					batch->cache.pagecnt_bias);
	kfree(batch);
}

/*
 * A checksum to be filled in lies behind the headers whatever the driver says about
 * their length; the stack would otherwise not pull that far (HDR-D1).
 */
static int mend_header(struct virtio_net_hdr *hdr, u64 len)
{
	u32 end;

	if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return 0;
	end = le16_to_cpu((__force __le16)hdr->csum_start) +
	      le16_to_cpu((__force __le16)hdr->csum_offset) + sizeof(__sum16);
	if (end <= le16_to_cpu((__force __le16)hdr->hdr_len))
		return 0;
	if (end > len || end > U16_MAX)
		return -EINVAL;
	hdr->hdr_len = (__force __virtio16)cpu_to_le16(end);
	return 0;
}

/*
 * Copy a packet into memory the socket can turn into an skb: the header at the start,
 * the frame behind its headroom, room for the shared info at the end. -ENOSPC and
 * -ENOMEM: it has to go by itself.
 */
static int copy_packet(struct vhn_queue *q, struct iov_iter *from)
{
	struct vhn_tx_batch *batch = q->tx;
	u32 headroom = sock_flag(q->sock->sk, SOCK_XDP) ? XDP_PACKET_HEADROOM : 0;
	u32 pad = SKB_DATA_ALIGN(NET_SKB_PAD + NET_IP_ALIGN + headroom + q->sock_hlen);
	u64 len = iov_iter_count(from) - q->sock_hlen;
	u32 tail = SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	struct tun_xdp_hdr *hdr;
	struct xdp_buff *xdp;
	u32 size;
	int err;

	if (len > PAGE_SIZE - pad - tail)
		return -ENOSPC;
	size = SKB_DATA_ALIGN(pad + len) + tail;
	if (size > PAGE_SIZE)
		return -ENOSPC;
	hdr = page_frag_alloc(&batch->cache, size, GFP_KERNEL_ACCOUNT);
	if (!hdr)
		return -ENOMEM;

	hdr->buflen = size;
	hdr->gso = (struct virtio_net_hdr){};
	err = -EFAULT;
	if (!copy_from_iter_full(&hdr->gso, q->sock_hlen, from) ||
	    !copy_from_iter_full((void *)hdr + pad, len, from))
		goto free;
	err = mend_header(&hdr->gso, q->sock_hlen + len);
	if (err)
		goto free;

	xdp = &batch->xdp[batch->nr++];
	xdp_init_buff(xdp, size, NULL);
	xdp_prepare_buff(xdp, (unsigned char *)hdr, pad, len, true);
	return 0;

free:
	page_frag_free(hdr);
	return err;
}

/* Hand the copied packets to the socket. It takes each or drops it, as it does with any. */
static void send_batch(struct vhn_queue *q)
{
	struct vhn_tx_batch *batch = q->tx;
	struct tun_msg_ctl ctl = {
		.type = TUN_MSG_PTR,
		.num = batch->nr,
		.ptr = batch->xdp,
	};
	struct msghdr msg = { .msg_control = &ctl, .msg_controllen = sizeof(ctl) };
	u64 bytes = 0;
	u32 i;

	if (!batch->nr)
		return;
	for (i = 0; i < batch->nr; i++)
		bytes += batch->xdp[i].data_end - batch->xdp[i].data;

	if (likely(q->sock->ops->sendmsg(q->sock, &msg, 0) >= 0)) {
		vhn_stats_packets(&q->stats, batch->nr, bytes);
	} else {
		for (i = 0; i < batch->nr; i++)
			page_frag_free(batch->xdp[i].data_hard_start);
		vhn_stats_add(&q->stats, &q->stats.drop_backend, batch->nr);
	}
	batch->nr = 0;
}

static int end_batch(struct vhn_queue *q, struct pass *p)
{
	u32 batch = p->batch;

	send_batch(q);
	if (p->sent)
		vhn_stats_packets(&q->stats, p->sent, p->sent_bytes);
	q->notify.held += p->held;
	p->batch = 0;
	p->sent = 0;
	p->sent_bytes = 0;
	p->held = 0;
	if (unlikely(vhn_queue_publish(q, batch, p->start)))
		return -EFAULT;
	if (unlikely(q->notify.held + VHN_TX_RESERVE >= q->ring.num))
		vhn_notify_flush(&q->notify);
	p->room = vhn_coal_room(&q->notify.coal, VHN_BATCH);
	return 0;
}

/*
 * Whether a packet is said to have headers that are longer than all of it. That is no
 * more than a hint (HDR-D1), for which the socket would refuse it.
 */
static bool overstates_headers(struct vhn_queue *q, const struct iov_iter *packet)
{
	struct iov_iter from = *packet;
	struct virtio_net_hdr hdr;

	return q->sock_hlen && copy_from_iter_full(&hdr, sizeof(hdr), &from) &&
	       le16_to_cpu((__force __le16)hdr.hdr_len) > iov_iter_count(packet) - q->sock_hlen;
}

/* Such a packet in memory of ours, with what it is; the guest's is not to be changed. */
static void *copy_overstated(struct vhn_queue *q, struct iov_iter *from)
{
	size_t len = iov_iter_count(from);
	struct virtio_net_hdr *hdr = kvmalloc(len, GFP_KERNEL_ACCOUNT);

	if (!hdr)
		return ERR_PTR(-ENOMEM);
	if (!copy_from_iter_full(hdr, len, from)) {
		kvfree(hdr);
		return ERR_PTR(-EFAULT);
	}
	hdr->hdr_len = (__force __virtio16)cpu_to_le16(len - q->sock_hlen);
	return hdr;
}

/* Send a packet by itself. -EAGAIN: the socket is full; -EFAULT: the memory is not there. */
static int send_one(struct vhn_queue *q, struct pass *p, struct iov_iter *from)
{
	size_t len = iov_iter_count(from);
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT, .msg_iter = *from };
	struct kvec whole = { .iov_len = len };
	int sent;

	/* Those before it first. */
	send_batch(q);
	if (unlikely(overstates_headers(q, from))) {
		whole.iov_base = copy_overstated(q, from);
		if (IS_ERR(whole.iov_base))
			return whole.iov_base == ERR_PTR(-ENOMEM) ? -EAGAIN : -EFAULT;
		iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &whole, 1, len);
	}
	sent = q->sock->ops->sendmsg(q->sock, &msg, len);
	kvfree(whole.iov_base);
	if (sent == -EAGAIN || sent == -ENOMEM || sent == -ENOBUFS)
		return -EAGAIN;
	if (sent == -EFAULT)
		return sent;
	if (unlikely(sent != len)) {
		vhn_stats_add(&q->stats, &q->stats.drop_backend, 1);
		return 0;
	}
	p->sent++;
	p->sent_bytes += len - q->sock_hlen;
	return 0;
}

static int send(struct vhn_queue *q, struct pass *p, const struct vhn_chain *chain)
{
	struct iov_iter from;
	int err;

	/* A packet has a header and is not written to (STAT: tx_drop_malformed). */
	if (unlikely(chain->in || chain->out_len <= q->vhost_hlen + q->sock_hlen ||
		     chain->out_len > INT_MAX)) {
		vhn_stats_add(&q->stats, &q->stats.drop_malformed, 1);
		return 0;
	}
	iov_iter_init(&from, ITER_SOURCE, q->iov, chain->out, chain->out_len);
	iov_iter_advance(&from, q->vhost_hlen);

	err = -ENOSPC;
	if (vhn_backend_takes_batches(q->sock))
		err = copy_packet(q, &from);
	if (err == -ENOSPC || err == -ENOMEM) {
		iov_iter_init(&from, ITER_SOURCE, q->iov, chain->out, chain->out_len);
		iov_iter_advance(&from, q->vhost_hlen);
		err = send_one(q, p, &from);
	}
	if (err == -EINVAL) {
		vhn_stats_add(&q->stats, &q->stats.drop_malformed, 1);
		return 0;
	}
	return err;
}

/* 0: the packet is on its way or dropped; else why the loop has to end. */
static int one_packet(struct vhn_queue *q, struct pass *p)
{
	u16 before = q->ring.last_avail;
	struct vhn_chain chain;
	int err;

	err = vhn_vring_pop(&q->ring, q->mem, q->iov, VHN_MAX_IOV, &chain);
	if (unlikely(err == -ENODATA))
		vhn_queue_await(q, &chain);
	if (err)
		return err;
	if (!p->batch)
		p->start = vhn_notify_clock(&q->notify);
	err = send(q, p, &chain);
	if (!err)
		err = vhn_vring_fill(&q->ring, 0, &chain, 0);
	if (!err)
		err = vhn_vring_commit(&q->ring, 1);
	if (unlikely(err)) {
		vhn_vring_rewind(&q->ring, before);
		return err == -EAGAIN ? -EBUSY : err;
	}
	p->batch++;
	p->held += chain.descs;
	p->packets++;
	p->bytes += chain.out_len;
	return 0;
}

/* The socket is full: it will say when it is not. */
static void wait_for_socket(struct vhn_queue *q)
{
	WRITE_ONCE(q->sock_poll.armed, true);
	if (vhn_poll_start(&q->sock_poll, q->sock->file))
		vhn_queue_break(q, -EIO);
}

/* A ring that makes no sense is found out by whoever takes from it. */
static bool buffer_waits(struct vhn_queue *q)
{
	return vhn_vring_refresh(&q->ring);
}

/* The ring is empty: true when buffers appeared while kicks were being turned on. */
static bool more_buffers(struct vhn_queue *q)
{
	int r = vhn_vring_kick_enable(&q->ring);

	if (!r)
		return false;
	if (r > 0)
		r = vhn_vring_kick_disable(&q->ring);
	if (unlikely(r)) {
		vhn_queue_break(q, r);
		return false;
	}
	return true;
}

static void run(struct vhn_queue *q)
{
	struct pass p = { .room = vhn_coal_room(&q->notify.coal, VHN_BATCH) };

	do {
		int err = one_packet(q, &p);

		if (unlikely(err)) {
			if (end_batch(q, &p))
				return;
			if (err == -EBUSY) {
				wait_for_socket(q);
				return;
			}
			/* The answer begins the work anew. */
			if (err == -ENODATA)
				return;
			if (err != -EAGAIN) {
				vhn_queue_break(q, err);
				return;
			}
			if (!vhn_queue_spin(q, buffer_waits) && !more_buffers(q))
				return;
			continue;
		}
		if (p.batch >= p.room && end_batch(q, &p))
			return;
	} while (p.packets < VHN_WEIGHT_PACKETS && p.bytes < VHN_WEIGHT_BYTES);

	if (!end_batch(q, &p))
		vhn_attachment_queue(&q->attachment, &q->work);
}

/**
 * vhn_tx_work() - send what the driver made available
 * @work: of the transmit queue
 *
 * Context: worker.
 */
void vhn_tx_work(struct vhn_work *work)
{
	struct vhn_queue *q = container_of(work, struct vhn_queue, work);

	mutex_lock(&q->mutex);
	WRITE_ONCE(q->sock_poll.armed, false);
	vhn_poll_stop(&q->sock_poll);
	if (vhn_queue_begin(q))
		run(q);
	vhn_queue_end(q);
	mutex_unlock(&q->mutex);
}
