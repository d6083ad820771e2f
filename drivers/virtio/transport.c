// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration operations. The driver core calls all of them in process context,
 * serialised by the device lock, but for the configuration space, which drivers
 * read whenever they like.
 */
#include <linux/virtio_config.h>
#include <linux/virtio_loopback.h>
#include <linux/virtio_ring.h>
#include <kcompat.h>

#include "queue.h"
#include "session.h"
#include "transport.h"

/* Bits 28 to 41 belong to the transport; these it knows. */
#define TRANSPORT_BITS	GENMASK_ULL(41, 28)
#define KNOWN_BITS	(BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) | \
			 BIT_ULL(VIRTIO_RING_F_EVENT_IDX) | \
			 BIT_ULL(VIRTIO_F_VERSION_1) | \
			 BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) | \
			 BIT_ULL(VIRTIO_F_RING_PACKED) | \
			 BIT_ULL(VIRTIO_F_IN_ORDER) | \
			 BIT_ULL(VIRTIO_F_RING_RESET))

static struct vlb_session *session_of(struct virtio_device *vdev)
{
	return container_of(vdev, struct vlb_session, vdev);
}

/**
 * vlb_transport_offer() - what a driver is really offered
 * @features: what the process offers
 *
 * Return: of the transport's bits those it knows, always with ACCESS_PLATFORM, which
 * sends the driver through the arena.
 */
u64 vlb_transport_offer(u64 features)
{
	return (features & (~TRANSPORT_BITS | KNOWN_BITS)) | BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);
}

/**
 * vlb_transport_set_config() - change the configuration space
 * @s: the session, with a configuration space
 * @offset: where
 * @data: the new bytes
 * @len: how many
 *
 * Context: process; takes the configuration lock.
 *
 * Return: false if they do not fit.
 */
bool vlb_transport_set_config(struct vlb_session *s, u32 offset, const void *data, u32 len)
{
	if (offset > s->config_len || len > s->config_len - offset)
		return false;
	spin_lock_irq(&s->config_lock);
	memcpy(s->config + offset, data, len);
	s->generation++;
	spin_unlock_irq(&s->config_lock);
	return true;
}

static void get_config(struct virtio_device *vdev, unsigned int offset, void *buf,
		       unsigned int len)
{
	struct vlb_session *s = session_of(vdev);
	unsigned long flags;
	u32 have = 0;

	spin_lock_irqsave(&s->config_lock, flags);
	if (offset < s->config_len)
		have = min(len, s->config_len - offset);
	memcpy(buf, s->config + offset, have);
	if (have < len)
		s->config_strays++;
	spin_unlock_irqrestore(&s->config_lock, flags);
	memset(buf + have, 0, len - have);
}

/* CFG-G1: drivers of these devices do not write; one that does changes nothing. */
static void set_config(struct virtio_device *vdev, unsigned int offset, const void *buf,
		       unsigned int len)
{
	struct vlb_session *s = session_of(vdev);
	unsigned long flags;

	spin_lock_irqsave(&s->config_lock, flags);
	s->config_writes++;
	spin_unlock_irqrestore(&s->config_lock, flags);
}

static u32 get_generation(struct virtio_device *vdev)
{
	return READ_ONCE(session_of(vdev)->generation);
}

static u8 get_status(struct virtio_device *vdev)
{
	return session_of(vdev)->status;
}

/*
 * A driver that is being restored cannot be refused: it would never get its queues
 * back, and its later removal would stumble over their absence.
 */
static bool features_accepted(struct vlb_session *s, u8 status)
{
	if (vlb_session_ask(s, VLB_EVENT_FEATURES, status, 0))
		return true;
	if (s->restoring)
		vlb_session_kill(s, VLB_DEATH_FEATURES);
	return s->restoring;
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	struct vlb_session *s = session_of(vdev);
	u8 added = status & ~s->status;

	if (!(added & VIRTIO_CONFIG_S_FEATURES_OK)) {
		WRITE_ONCE(s->status, status);
		vlb_session_tell(s, VLB_EVENT_STATUS, status, 0);
		return;
	}
	if (!features_accepted(s, status))
		status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	WRITE_ONCE(s->status, status);
}

/* The driver may free its rings and buffers when this returns. */
static void reset(struct virtio_device *vdev)
{
	struct vlb_session *s = session_of(vdev);
	u32 i;

	if (!s->status)
		return;
	WRITE_ONCE(s->status, 0);
	vlb_session_ask(s, VLB_EVENT_RESET, 0, 0);
	for (i = 0; i < s->nvqs; i++)
		vlb_queue_quiesce(&s->queues[i]);
}

static u64 get_features(struct virtio_device *vdev)
{
	return session_of(vdev)->offered[0];
}

static int finalize_features(struct virtio_device *vdev)
{
	const u64 needed = BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);
	bool ring_reset = __virtio_test_bit(vdev, VIRTIO_F_RING_RESET);
	struct vlb_session *s = session_of(vdev);

	vring_transport_features(vdev);
	/* Resetting a queue is up to the transport: the ring does not know the bit. */
	if (ring_reset)
		__virtio_set_bit(vdev, VIRTIO_F_RING_RESET);
	if ((vdev->features & needed) != needed) {
		dev_err(&vdev->dev, "driver cannot do VERSION_1 and ACCESS_PLATFORM\n");
		return -EINVAL;
	}
	s->accepted[0] = vdev->features;
	return 0;
}

static void del_vqs(struct virtio_device *vdev)
{
	struct vlb_session *s = session_of(vdev);
	u32 i;

	for (i = 0; i < s->nvqs; i++)
		vlb_queue_free(&s->queues[i]);
}

static int make_queues(struct vlb_session *s, unsigned int n, struct virtqueue *vqs[],
		       struct virtqueue_info info[])
{
	unsigned int i;
	u32 index = 0;

	for (i = 0; i < n; i++) {
		/* A queue without a name is one the driver skips: it has no index. */
		if (!info[i].name) {
			vqs[i] = NULL;
			continue;
		}
		if (index == s->nvqs)
			return -ENOENT;
		vqs[i] = vlb_queue_make(&s->queues[index++], &info[i]);
		if (IS_ERR(vqs[i]))
			return PTR_ERR(vqs[i]);
	}
	return 0;
}

static int find_vqs(struct virtio_device *vdev, unsigned int n, struct virtqueue *vqs[],
		    struct virtqueue_info info[], struct irq_affinity *desc)
{
	struct vlb_session *s = session_of(vdev);
	int ret;

	if (vlb_session_dead(s) && !s->restoring)
		return -ENODEV;
	ret = make_queues(s, n, vqs, info);
	if (ret)
		del_vqs(vdev);
	return ret;
}

KC_FIND_VQS(find_vqs);

/* Callbacks run under the queue's lock. */
static void synchronize_cbs(struct virtio_device *vdev)
{
	struct vlb_session *s = session_of(vdev);
	u32 i;

	for (i = 0; i < s->nvqs; i++) {
		spin_lock_irq(&s->queues[i].lock);
		spin_unlock_irq(&s->queues[i].lock);
	}
}

static int disable_vq_and_reset(struct virtqueue *vq)
{
	return vlb_queue_reset(vq->priv);
}

static int enable_vq_after_reset(struct virtqueue *vq)
{
	return vlb_queue_enable(vq->priv);
}

static const char *bus_name(struct virtio_device *vdev)
{
	return dev_name(vdev->dev.parent);
}

const struct virtio_config_ops vlb_config_ops = {
	.get			= get_config,
	.set			= set_config,
	.generation		= get_generation,
	.get_status		= get_status,
	.set_status		= set_status,
	.reset			= reset,
	.find_vqs		= KC_FIND_VQS_OP(find_vqs),
	.del_vqs		= del_vqs,
	.synchronize_cbs	= synchronize_cbs,
	.get_features		= get_features,
	.finalize_features	= finalize_features,
	.bus_name		= bus_name,
	.disable_vq_and_reset	= disable_vq_and_reset,
	.enable_vq_after_reset	= enable_vq_after_reset,
};
