/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One virtqueue of a device with all that belongs to it, and the device: an open
 * file with exactly two of them.
 */
#ifndef _VHN_QUEUE_H
#define _VHN_QUEUE_H

#include <linux/gfp.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/uio.h>

#include "backend.h"
#include "filter.h"
#include "iotlb.h"
#include "log.h"
#include "notify.h"
#include "stall.h"
#include "stats.h"
#include "toeplitz.h"
#include "vring.h"
#include "worker_pool.h"

struct eventfd_ctx;
struct file;
struct kiocb;
struct vhn_dev;
struct vhn_mem;
struct vhn_tx_batch;

/**
 * struct vhn_queue_filter - a filter in use
 * @rcu: for its end
 * @filter: checked, constant
 */
struct vhn_queue_filter {
	struct rcu_head rcu;
	struct vhn_filter filter;
};

/**
 * struct vhn_queue_hash - hashes in use
 * @rcu: for its end
 * @config: checked, of some type; constant
 * @toeplitz: prepared with the key; constant
 */
struct vhn_queue_hash {
	struct rcu_head rcu;
	struct vhn_hash config;
	struct vhn_toeplitz toeplitz;
};

/**
 * struct vhn_ring_place - where the parts of a ring are, as VHOST_SET_VRING_ADDR says
 * @desc: descriptor table or ring
 * @avail: available ring, or the driver's event suppression structure
 * @used: used ring, or the device's event suppression structure
 *
 * For the owner, or for the guest if that has an IOMMU.
 */
struct vhn_ring_place {
	u64 desc;
	u64 avail;
	u64 used;
};

/**
 * struct vhn_queue - one virtqueue
 *
 * Set once:
 * @dev: the device
 * @index: VHN_VRING_*
 *
 * Under @mutex, which the worker holds while it works on the queue and thus for as
 * long as a fault in guest memory takes:
 * @mutex: outside of @notify's lock
 * @ring: descriptors and used entries
 * @place: where they are; with an IOMMU a part of @ring is NULL until it was looked up
 * @mem: the device's memory table; NULL until there was one
 * @log: of what is written to guest memory
 * @sock: back end; NULL while the queue is stopped
 * @prefetch: packets taken from @sock
 * @kick: eventfd the driver kicks with
 * @error: eventfd to signal when the ring is broken
 * @features: acknowledged. May be read without @mutex
 * @vhost_hlen: bytes of header that this side writes or skips
 * @sock_hlen: bytes of header that @sock brings or takes
 * @spin_usecs: how long to look for more before asking to be woken, microseconds
 * @broken: the ring made no sense; left alone until it is set up again. May be read
 *	    without @mutex
 *
 * There while there is an owner, and used by the worker under @mutex:
 * @iov: where it gathers a packet
 * @used: where it notes the buffers of one
 * @tx: transmit: packets on their way to the socket
 *
 * With rules of their own:
 * @filter: which packets the guest receives; NULL: all. Replaced by whoever has the
 *	    file, freed after a grace period
 * @hash: which packets are hashed; NULL: none. Replaced and freed likewise
 * @kicked: set by a kick, cleared by the worker
 * @waits: the owner is to say where the ring is; written under @mutex
 * @turn: number of the worker's last look at the ring; written under @mutex
 * @size: entries of @ring, for reports; written under @mutex
 * @stall: the stall detector's alone
 * @notify: used buffer notifications
 * @stats: counters
 * @attachment: who does @work, and what @notify leaves to be done
 * @work: look at the ring and at the socket
 * @kick_poll: watches @kick
 * @sock_poll: watches @sock
 */
struct vhn_queue {
	struct vhn_dev *dev;
	u32 index;

	struct mutex mutex;	/* ring and back end */
	struct vhn_vring ring;
	struct vhn_ring_place place;
	const struct vhn_mem *mem;
	struct vhn_log log;
	struct socket *sock;
	struct vhn_prefetch prefetch;
	struct file *kick;
	struct eventfd_ctx *error;
	u64 features;
	u32 vhost_hlen;
	u32 sock_hlen;
	u32 spin_usecs;
	bool broken;

	struct iovec *iov;
	struct vhn_used *used;
	struct vhn_tx_batch *tx;

	struct vhn_queue_filter __rcu *filter;
	struct vhn_queue_hash __rcu *hash;
	bool kicked;
	bool waits;
	u32 turn;
	u32 size;
	struct vhn_stall stall;
	struct vhn_notify notify;
	struct vhn_stats stats;
	struct vhn_attachment attachment;
	struct vhn_work work;
	struct vhn_poll kick_poll;
	struct vhn_poll sock_poll;
};

/**
 * struct vhn_dev - an open file
 * @mutex: outermost; serialises the vhost ABI
 * @called: somebody has @mutex, and the workers make nobody wait for long
 * @id: number of the file, never reused while the module is loaded
 * @queues: its virtqueues
 * @owner: whose memory it is, which the workers keep; NULL: nobody's. Under @mutex
 * @pool: its workers
 * @mem: memory table, NULL until there was one; under @mutex, and for readers under
 *	any queue's
 * @iotlb: where addresses lead, if the guest has an IOMMU
 * @log_event: eventfd of the dirty log; under @mutex, and for readers under any queue's
 * @backend_features: acknowledged; read without a lock
 */
struct vhn_dev {
	struct mutex mutex;	/* serialises the vhost ABI */
	bool called;
	u32 id;
	struct vhn_queue queues[VHN_NR_VRINGS];
	struct mm_struct *owner;
	struct vhn_worker_pool pool;
	struct vhn_mem *mem;
	struct vhn_iotlb *iotlb;
	struct eventfd_ctx *log_event;
	u64 backend_features;
};

/* A work item of the worker stops here and queues itself anew, so that a guest cannot
 * keep it from the other queue or from being stopped.
 */
#define VHN_WEIGHT_PACKETS	256
#define VHN_WEIGHT_BYTES	0x80000

void vhn_queue_init(struct vhn_queue *q, struct vhn_dev *dev, u32 index);
int vhn_queue_alloc(struct vhn_queue *q);
void vhn_queue_free(struct vhn_queue *q);
void vhn_queue_reset(struct vhn_queue *q);
int vhn_queue_set_backend(struct vhn_queue *q, int fd);
void vhn_queue_stop(struct vhn_queue *q);
void vhn_queue_set_filter(struct vhn_queue *q, struct vhn_queue_filter *filter);
void vhn_queue_get_filter(const struct vhn_queue *q, struct vhn_filter *filter);
void vhn_queue_set_hash(struct vhn_queue *q, struct vhn_queue_hash *hash);
void vhn_queue_get_hash(const struct vhn_queue *q, struct vhn_hash *hash);
bool vhn_queue_begin(struct vhn_queue *q);
void vhn_queue_end(struct vhn_queue *q);
void vhn_queue_break(struct vhn_queue *q, int err);
int vhn_queue_publish(struct vhn_queue *q, u32 packets, u64 start);
bool vhn_queue_spin(struct vhn_queue *q, bool (*there)(struct vhn_queue *q));

/* place.c: where the parts of a ring are */
void vhn_queue_place(struct vhn_queue *q, bool iotlb);
int vhn_queue_find_used(struct vhn_queue *q);
int vhn_queue_find_ring(struct vhn_queue *q);
void vhn_queue_await(struct vhn_queue *q, const struct vhn_chain *chain);

/* rx.c, tx.c: the work of either queue */
void vhn_rx_work(struct vhn_work *work);
void vhn_tx_work(struct vhn_work *work);
struct vhn_tx_batch *vhn_tx_batch_alloc(void);
void vhn_tx_batch_free(struct vhn_tx_batch *batch);

/* ioctl.c, vring_ioctl.c, worker_ioctl.c, log_ioctl.c, iotlb_chr.c: the vhost ABI;
 * coal_ioctl.c: what is ours
 */
long vhn_ioctl(struct vhn_dev *dev, unsigned int cmd, void __user *arg);
long vhn_vring_ioctl(struct vhn_dev *dev, unsigned int cmd, void __user *arg);
long vhn_worker_ioctl(struct vhn_dev *dev, unsigned int cmd, void __user *arg);
bool vhn_log_accepts(struct vhn_queue *q, const struct vhn_log *log, const struct vhn_mem *mem);
bool vhn_log_accepts_features(struct vhn_dev *dev, u64 features);
int vhn_log_set_base(struct vhn_dev *dev, const u64 __user *arg);
int vhn_log_set_fd(struct vhn_dev *dev, const int __user *arg);
void vhn_log_set_event(struct vhn_dev *dev, struct eventfd_ctx *event);
ssize_t vhn_iotlb_read(struct kiocb *iocb, struct iov_iter *to);
ssize_t vhn_iotlb_write(struct kiocb *iocb, struct iov_iter *from);
__poll_t vhn_iotlb_poll(struct file *file, poll_table *table);
long vhn_coal_ioctl(struct vhn_dev *dev, unsigned int cmd, void __user *arg);
void vhn_dev_lock(struct vhn_dev *dev);
void vhn_dev_unlock(struct vhn_dev *dev);
int vhn_dev_check_owner(const struct vhn_dev *dev);
void vhn_dev_disown(struct vhn_dev *dev);

/**
 * vhn_queue_has() - was a feature acknowledged?
 * @q: the queue
 * @bit: feature bit
 *
 * Context: queue mutex held.
 */
static inline bool vhn_queue_has(const struct vhn_queue *q, unsigned int bit)
{
	return q->features & BIT_ULL(bit);
}

#endif /* _VHN_QUEUE_H */
