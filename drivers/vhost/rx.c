// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets from the socket into the guest's receive buffers.
 *
 * The loop ends in one of four states, each with something that wakes it again:
 *   socket empty	socket watched, kicks off
 *   no buffers		kicks on, socket not watched
 *   address not known	the owner was asked, neither
 *   weight exceeded	queued again, neither
 * Only the first two flush or publish what they must: a packet is never left
 * unpublished when the loop ends.
 */
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/virtio_net.h>

#include "flow.h"
#include "mem.h"
#include "queue.h"

/* The buffers one packet goes into. */
struct buffers {
	struct iovec *iov;
	unsigned int nr;
	u16 start;
	u16 heads;
	u64 len;
};

/*
 * Take buffers for @need bytes and write their used entries, which nobody sees before
 * the batch is published. -EMSGSIZE: more than buffers of any number may carry.
 */
static int take_buffers(struct vhn_queue *q, u64 need, struct buffers *b)
{
	bool mergeable = vhn_queue_has(q, VIRTIO_NET_F_MRG_RXBUF);
	struct vhn_chain chain;
	int err;

	*b = (struct buffers){ .iov = q->iov, .start = q->ring.last_avail };
	do {
		if (unlikely(b->heads && !mergeable)) {
			err = -EMSGSIZE;
			goto give_back;
		}
		err = vhn_vring_pop(&q->ring, q->mem, b->iov + b->nr, VHN_MAX_IOV - b->nr,
				    &chain);
		if (err == -ENOBUFS && b->nr)
			err = -EMSGSIZE;
		if (unlikely(err == -ENODATA))
			vhn_queue_await(q, &chain);
		if (unlikely(err))
			goto give_back;

		b->heads++;
		/* A receive buffer is written only (spec 5.1). */
		if (unlikely(chain.out)) {
			err = -EINVAL;
			goto give_back;
		}
		err = vhn_vring_fill(&q->ring, b->heads - 1, &chain,
				     min(chain.in_len, need - b->len));
		if (unlikely(err))
			goto give_back;
		b->nr += chain.in;
		b->len += chain.in_len;
	} while (b->len < need);
	return 0;

give_back:
	vhn_vring_rewind(&q->ring, b->start);
	return err;
}

/* What of a packet's header neither the socket nor zeros fill in: its end. */
struct header_end {
	__le16 num_buffers;
	__le32 hash_value;
	__le16 hash_report;
	__le16 padding;
} __packed;

#define HEADER_END	offsetof(struct virtio_net_hdr_v1, num_buffers)

static_assert(HEADER_END + sizeof(struct header_end) == sizeof(struct virtio_net_hdr_v1_hash));

/*
 * Hash of the packet that waits (spec 5.3); without configuration, or if none of the
 * types fits, nothing, and no report (RSS-D3).
 */
static void hash(struct vhn_queue *q, struct header_end *end)
{
	const struct vhn_queue_hash *h;
	u8 buffer[VHN_FLOW_LOOK];
	u32 len = sizeof(buffer);
	struct vhn_flow flow;
	const u8 *frame;
	u32 value;

	frame = vhn_prefetch_look(&q->prefetch, buffer, &len);
	if (unlikely(!frame))
		return;
	rcu_read_lock();
	h = rcu_dereference(q->hash);
	if (h) {
		vhn_flow_parse(frame, len, h->config.types, &flow);
		value = vhn_toeplitz_hash(&h->toeplitz, flow.input, flow.len);
		end->hash_value = cpu_to_le32(value);
		end->hash_report = cpu_to_le16(flow.report);
	}
	rcu_read_unlock();
}

/* HDR-D3: how many buffers the packet takes, 1 without MRG_RXBUF; and its hash. */
static int write_header_end(const struct vhn_queue *q, const struct buffers *b,
			    struct header_end *end)
{
	u32 hlen = q->vhost_hlen + q->sock_hlen;
	struct iov_iter iter;
	u32 len;

	if (hlen < sizeof(struct virtio_net_hdr_v1))
		return 0;
	len = hlen - HEADER_END;
	end->num_buffers = cpu_to_le16(b->heads);
	if (likely(b->iov[0].iov_len >= hlen)) {
		void __user *to = b->iov[0].iov_base + HEADER_END;

		if (vhn_store16(to, b->heads))
			return -EFAULT;
		if (likely(len == sizeof(end->num_buffers)))
			return 0;
		to += offsetof(struct header_end, hash_value);
		return vhn_store_pair32(to, le32_to_cpu(end->hash_value),
					le16_to_cpu(end->hash_report));
	}
	iov_iter_init(&iter, ITER_DEST, b->iov, b->nr, b->len);
	iov_iter_advance(&iter, HEADER_END);
	return copy_to_iter(end, len, &iter) == len ? 0 : -EFAULT;
}

/* Have the socket copy the packet into its buffers; the packet is gone in any case. */
static int receive(struct vhn_queue *q, const struct buffers *b, u32 len)
{
	struct header_end end = {};
	struct msghdr msg = {};
	size_t want = q->sock_hlen + len;
	int got;

	if (unlikely(rcu_access_pointer(q->hash)))
		hash(q, &end);
	msg.msg_control = vhn_prefetch_take(&q->prefetch);
	iov_iter_init(&msg.msg_iter, ITER_DEST, b->iov, b->nr, b->len);
	if (q->vhost_hlen && iov_iter_zero(q->vhost_hlen, &msg.msg_iter) != q->vhost_hlen) {
		/* The socket frees the packet also when it can copy nothing. */
		iov_iter_truncate(&msg.msg_iter, 0);
		q->sock->ops->recvmsg(q->sock, &msg, 0, MSG_DONTWAIT | MSG_TRUNC);
		return -EFAULT;
	}
	got = q->sock->ops->recvmsg(q->sock, &msg, want, MSG_DONTWAIT | MSG_TRUNC);
	if (unlikely(got != want))
		return got == -EFAULT ? -EFAULT : -EIO;
	return write_header_end(q, b, &end);
}

/* Let the socket forget the next packet. */
static void drop(struct vhn_queue *q, u64_stats_t *cause)
{
	struct msghdr msg = { .msg_control = vhn_prefetch_take(&q->prefetch) };

	iov_iter_init(&msg.msg_iter, ITER_DEST, q->iov, 0, 0);
	q->sock->ops->recvmsg(q->sock, &msg, 0, MSG_DONTWAIT | MSG_TRUNC);
	vhn_stats_add(&q->stats, cause, 1);
}

/* CTRL-D12: before anything else, and before a buffer is taken. */
static bool is_filtered(struct vhn_queue *q, u32 len)
{
	enum vhn_filter_verdict verdict = VHN_FILTER_PASS;
	const struct vhn_queue_filter *f;
	struct vhn_address to;

	if (likely(!rcu_access_pointer(q->filter)))
		return false;
	if (!vhn_prefetch_address(&q->prefetch, len, &to))
		return false;
	rcu_read_lock();
	f = rcu_dereference(q->filter);
	if (f && !vhn_filter_fits(&f->filter, to.payload))
		verdict = VHN_FILTER_DROP_OVERSIZE;
	else if (f)
		verdict = vhn_filter_judge(&f->filter, to.mac, to.vlan);
	rcu_read_unlock();
	if (verdict == VHN_FILTER_PASS)
		return false;
	drop(q, &q->stats.filtered[verdict]);
	return true;
}

/*
 * No buffers for the packet that waits. Returns true when some appeared meanwhile. If
 * not, whoever could provide them may be waiting for a notification we hold back.
 */
static bool more_buffers(struct vhn_queue *q)
{
	int r = vhn_vring_kick_enable(&q->ring);

	if (unlikely(r < 0)) {
		vhn_queue_break(q, r);
		return false;
	}
	if (!r) {
		vhn_notify_flush(&q->notify);
		return false;
	}
	r = vhn_vring_kick_disable(&q->ring);
	if (unlikely(r)) {
		vhn_queue_break(q, r);
		return false;
	}
	return true;
}

static bool packet_waits(struct vhn_queue *q)
{
	return vhn_prefetch_peek(&q->prefetch);
}

/* The socket is empty: watch it, then look once more. */
static bool more_packets(struct vhn_queue *q)
{
	WRITE_ONCE(q->sock_poll.armed, true);
	/* Pairs with the producer's barrier between packet and wake-up. */
	smp_mb();
	if (!vhn_prefetch_peek(&q->prefetch))
		return false;
	WRITE_ONCE(q->sock_poll.armed, false);
	return true;
}

/*
 * What one run of the work has done: the batch it is in, and everything, which bounds
 * it.
 */
struct pass {
	u32 batch;
	u32 room;
	u64 batch_bytes;
	u64 start;
	u32 packets;
	u64 bytes;
};

static int end_batch(struct vhn_queue *q, struct pass *p)
{
	u32 batch = p->batch;

	if (batch)
		vhn_stats_packets(&q->stats, batch, p->batch_bytes);
	p->batch = 0;
	p->batch_bytes = 0;
	if (unlikely(vhn_queue_publish(q, batch, p->start)))
		return -EFAULT;
	p->room = vhn_coal_room(&q->notify.coal, VHN_BATCH);
	return 0;
}

/* 0: the packet is delivered or dropped; else why the ring cannot take it. */
static int one_packet(struct vhn_queue *q, struct pass *p, u32 len)
{
	u64 hlen = q->vhost_hlen + q->sock_hlen;
	struct buffers b;
	int err;

	if (is_filtered(q, len)) {
		p->packets++;
		p->bytes += len;
		return 0;
	}
	err = take_buffers(q, hlen + len, &b);
	if (err && err != -EMSGSIZE)
		return err;

	p->packets++;
	p->bytes += len;
	if (unlikely(err)) {
		drop(q, &q->stats.drop_truncated);
		return 0;
	}

	if (!p->batch)
		p->start = vhn_notify_clock(&q->notify);
	err = receive(q, &b, len);
	if (unlikely(!err && q->log.buffers))
		err = vhn_log_buffers(&q->log, q->mem, b.iov, hlen + len);
	if (likely(!err))
		err = vhn_vring_commit(&q->ring, b.heads);
	if (unlikely(err)) {
		vhn_vring_rewind(&q->ring, b.start);
		if (err != -EIO)
			return err;
		vhn_stats_add(&q->stats, &q->stats.drop_backend, 1);
		return 0;
	}
	p->batch++;
	p->batch_bytes += len;
	return 0;
}

static void run(struct vhn_queue *q)
{
	struct pass p = { .room = vhn_coal_room(&q->notify.coal, VHN_BATCH) };

	do {
		u32 len = vhn_prefetch_peek(&q->prefetch);
		int err;

		if (!len) {
			if (end_batch(q, &p))
				return;
			if (!vhn_queue_spin(q, packet_waits) && !more_packets(q))
				return;
			continue;
		}
		err = one_packet(q, &p, len);
		if (unlikely(err)) {
			if (end_batch(q, &p))
				return;
			/* The answer begins the work anew. */
			if (err == -ENODATA)
				return;
			if (err != -EAGAIN) {
				vhn_queue_break(q, err);
				return;
			}
			if (!more_buffers(q))
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
 * vhn_rx_work() - deliver what waits in the socket
 * @work: of the receive queue
 *
 * Context: worker.
 */
void vhn_rx_work(struct vhn_work *work)
{
	struct vhn_queue *q = container_of(work, struct vhn_queue, work);

	mutex_lock(&q->mutex);
	WRITE_ONCE(q->sock_poll.armed, false);
	if (vhn_queue_begin(q))
		run(q);
	vhn_queue_end(q);
	mutex_unlock(&q->mutex);
}
