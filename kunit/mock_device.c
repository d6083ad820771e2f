// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring is a real one of the virtio core; what the device does with it is here. Of its
 * queues it serves the control queue alone: no packet moves.
 */
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>
#include <kcompat.h>

#include "mock_device.h"

#define RING		64
#define MOCK_NOBODY	0xffff	/* what no driver takes */

static struct mock_device *mock_of(struct virtio_device *vdev)
{
	return container_of(vdev, struct mock_device, vdev);
}

/* --- configuration ------------------------------------------------------------------- */

static void get_config(struct virtio_device *vdev, unsigned int offset, void *buf,
		       unsigned int len)
{
	memcpy(buf, (u8 *)&mock_of(vdev)->config + offset, len);
}

static u8 get_status(struct virtio_device *vdev)
{
	return mock_of(vdev)->status;
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	mock_of(vdev)->status = status;
}

/* COAL-D9: parameters do not survive it. */
static void reset(struct virtio_device *vdev)
{
	struct mock_device *mock = mock_of(vdev);

	cancel_work_sync(&mock->serve);
	mock->status = 0;
	mock->next_command = 0;
	memset(mock->coal, 0, sizeof(mock->coal));
	memset(mock->direction, 0, sizeof(mock->direction));
}

static u64 get_features(struct virtio_device *vdev)
{
	return mock_of(vdev)->features;
}

static int finalize_features(struct virtio_device *vdev)
{
	bool ring_reset = __virtio_test_bit(vdev, VIRTIO_F_RING_RESET);

	vring_transport_features(vdev);
	/* Resetting a queue is up to the transport: the ring does not know the bit. */
	if (ring_reset)
		__virtio_set_bit(vdev, VIRTIO_F_RING_RESET);
	return 0;
}

static const char *bus_name(struct virtio_device *vdev)
{
	return "mock";
}

/* --- queues -------------------------------------------------------------------------- */

static bool kick(struct virtqueue *vq)
{
	struct mock_device *mock = mock_of(vq->vdev);

	if (vq == mock->control)
		schedule_work(&mock->serve);
	return true;
}

static void del_vqs(struct virtio_device *vdev)
{
	struct mock_device *mock = mock_of(vdev);
	u32 i;

	for (i = 0; i < MOCK_QUEUES; i++) {
		if (mock->vqs[i])
			vring_del_virtqueue(mock->vqs[i]);
		mock->vqs[i] = NULL;
	}
}

static int find_vqs(struct virtio_device *vdev, unsigned int n, struct virtqueue *vqs[],
		    struct virtqueue_info info[], struct irq_affinity *desc)
{
	struct mock_device *mock = mock_of(vdev);
	u32 i;

	for (i = 0; i < n; i++) {
		vqs[i] = vring_create_virtqueue(i, RING, PAGE_SIZE, vdev, true, false,
						info[i].ctx, kick, info[i].callback,
						info[i].name);
		if (!vqs[i]) {
			del_vqs(vdev);
			return -ENOMEM;
		}
		vqs[i]->num_max = RING;
		mock->vqs[i] = vqs[i];
	}
	/* It is the last of those that there are. */
	mock->control = vqs[n - 1];
	return 0;
}

KC_FIND_VQS(find_vqs);

static int disable_vq_and_reset(struct virtqueue *vq)
{
	vq->reset = true;
	return 0;
}

/* COAL-D5, D6: the queue has its direction's parameters. */
static int enable_vq_after_reset(struct virtqueue *vq)
{
	struct mock_device *mock = mock_of(vq->vdev);

	if (mock->gone & BIT(vq->index))
		return -EIO;
	mock->coal[vq->index] = mock->direction[vq->index % 2];
	vq->reset = false;
	return 0;
}

static const struct virtio_config_ops config_ops = {
	.get			= get_config,
	.get_status		= get_status,
	.set_status		= set_status,
	.reset			= reset,
	.find_vqs		= KC_FIND_VQS_OP(find_vqs),
	.del_vqs		= del_vqs,
	.get_features		= get_features,
	.finalize_features	= finalize_features,
	.bus_name		= bus_name,
	.disable_vq_and_reset	= disable_vq_and_reset,
	.enable_vq_after_reset	= enable_vq_after_reset,
};

/* --- commands ------------------------------------------------------------------------ */

static u16 le16(__virtio16 value)
{
	return le16_to_cpu((__force __le16)value);
}

static void *memory_of(const struct vring_desc *desc)
{
	return phys_to_virt(le64_to_cpu((__force __le64)desc->addr));
}

static u32 length_of(const struct vring_desc *desc)
{
	return le32_to_cpu((__force __le32)desc->len);
}

static void coal_set(struct mock_device *mock, const struct mock_command *command)
{
	const struct virtio_net_coal *coal = (const void *)command->data;
	u32 i;

	/* TX_SET is 0, and the first transmit queue 1. */
	mock->direction[!command->cmd] = *coal;
	for (i = !command->cmd; i < MOCK_QUEUES - 1; i += 2)
		mock->coal[i] = *coal;
}

static u8 coal(struct mock_device *mock, const struct mock_command *command)
{
	const struct virtio_net_coal_vq *vq = (const void *)command->data;
	u16 index = le16_to_cpu(vq->vq_index);

	if (command->cmd < VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET) {
		coal_set(mock, command);
		return VIRTIO_NET_OK;
	}
	if (index >= MOCK_QUEUES)
		return VIRTIO_NET_ERR;
	if (command->cmd == VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET) {
		mock->coal[index] = vq->coal;
		return VIRTIO_NET_OK;
	}
	memcpy(mock->reply, &mock->coal[index], sizeof(mock->coal[index]));
	mock->reply_len = sizeof(mock->coal[index]);
	return VIRTIO_NET_OK;
}

/**
 * mock_device_respond() - what a good device does
 * @mock: the device
 * @command: what it is asked
 *
 * Return: its acknowledgment.
 */
u8 mock_device_respond(struct mock_device *mock, const struct mock_command *command)
{
	__le64 supported = cpu_to_le64(mock->supported);

	if (command->class == VIRTIO_NET_CTRL_NOTF_COAL)
		return coal(mock, command);
	if (command->class == VIRTIO_NET_CTRL_STATS &&
	    command->cmd == VIRTIO_NET_CTRL_STATS_QUERY) {
		memcpy(mock->reply, &supported, sizeof(supported));
		mock->reply_len = sizeof(supported);
	}
	return VIRTIO_NET_OK;
}

static struct mock_command *take_down(struct mock_device *mock, const struct vring_desc *out,
				      const struct vring_desc *in)
{
	struct mock_command *command = &mock->commands[mock->nr_commands++ % MOCK_LOG];
	const u8 *sent = memory_of(out);

	command->class = sent[0];
	command->cmd = sent[1];
	command->len = length_of(out) - 2;
	command->room = length_of(in) - 1;
	memset(command->data, 0, MOCK_DATA);
	memcpy(command->data, sent + 2, min_t(u32, command->len, MOCK_DATA));
	return command;
}

/* A driver's command is two descriptors, or a table of two. */
static u32 carry_out(struct mock_device *mock, const struct vring_desc *table, u16 head)
{
	const struct vring_desc *out = &table[head], *in;
	struct mock_command *command;
	u8 *result, ack;

	if (le16(out->flags) & VRING_DESC_F_INDIRECT) {
		out = memory_of(out);
		in = out + le16(out->next);
	} else {
		in = &table[le16(out->next)];
	}
	command = take_down(mock, out, in);
	mock->reply_len = 0;
	ack = (mock->respond ?: mock_device_respond)(mock, command);
	result = memory_of(in);
	result[0] = ack;
	memcpy(result + 1, mock->reply, min(mock->reply_len, command->room));
	return 1 + mock->reply_len;
}

static void serve(struct work_struct *work)
{
	struct mock_device *mock = container_of(work, struct mock_device, serve);
	struct virtqueue *vq = mock->control;
	const struct vring *ring = virtqueue_get_vring(vq);

	if (mock->silent)
		return;
	for (; mock->spurious > 0; mock->spurious--)
		vring_interrupt(0, vq);
	while (mock->next_command != le16(READ_ONCE(ring->avail->idx))) {
		u16 slot = mock->next_command++ % RING;
		u16 head = le16(ring->avail->ring[slot]);
		u32 len = carry_out(mock, ring->desc, head);

		ring->used->ring[slot].id = (__force __virtio32)cpu_to_le32(head);
		ring->used->ring[slot].len =
			(__force __virtio32)cpu_to_le32(mock->claims_nothing ? 0 : len);
		/* The entry comes before the index. */
		smp_wmb();
		WRITE_ONCE(ring->used->idx,
			   (__force __virtio16)cpu_to_le16(mock->next_command));
		vring_interrupt(0, vq);
	}
}

/* --- the test's ------------------------------------------------------------------------ */

/**
 * mock_device_create() - a device that no driver knows of yet
 * @test: whose it is
 * @features: offered; VERSION_1, MAC and CTRL_VQ are added
 *
 * Return: the device.
 */
struct mock_device *mock_device_create(struct kunit *test, u64 features)
{
	struct mock_device *mock = kunit_kzalloc(test, sizeof(*mock), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mock);
	mock->features = features | BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_NET_F_MAC) |
			 BIT_ULL(VIRTIO_NET_F_CTRL_VQ);
	mock->config.max_virtqueue_pairs = (__force __virtio16)cpu_to_le16(MOCK_PAIRS);
	mock->config.mac[0] = 2;
	INIT_WORK(&mock->serve, serve);
	return mock;
}

static void released(struct device *dev)
{
}

static void appear(struct kunit *test, struct mock_device *mock, u32 id)
{
	mock->parent = __root_device_register("mock_virtio", NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mock->parent);
	mock->vdev.id.device = id;
	mock->vdev.config = &config_ops;
	mock->vdev.dev.parent = mock->parent;
	mock->vdev.dev.release = released;
	KUNIT_ASSERT_EQ(test, register_virtio_device(&mock->vdev), 0);
}

/* The interface that the driver has made; NULL if it did not take the device. */
static struct net_device *find_netdev(const struct mock_device *mock)
{
	struct net_device *dev, *found = NULL;

	rtnl_lock();
	for_each_netdev(&init_net, dev)
		if (dev->dev.parent == &mock->vdev.dev)
			found = dev;
	rtnl_unlock();
	return found;
}

/**
 * mock_device_plug() - the device appears, and the driver takes it
 * @test: fails unless it does
 * @mock: created
 *
 * Context: process; takes rtnl.
 *
 * Return: its interface.
 */
struct net_device *mock_device_plug(struct kunit *test, struct mock_device *mock)
{
	struct net_device *dev;

	appear(test, mock, VIRTIO_ID_NET);
	dev = find_netdev(mock);
	KUNIT_ASSERT_NOT_NULL(test, dev);
	return dev;
}

/**
 * mock_device_plug_alone() - the device appears as one that no driver takes
 * @test: fails unless it does
 * @mock: created
 * @callback: of its control queue, which the test has at once
 *
 * Context: process.
 */
void mock_device_plug_alone(struct kunit *test, struct mock_device *mock, vq_callback_t *callback)
{
	struct virtqueue_info info = { .name = "control", .callback = callback };
	struct virtqueue *vq;

	appear(test, mock, MOCK_NOBODY);
	KUNIT_ASSERT_EQ(test, find_vqs(&mock->vdev, 1, &vq, &info, NULL), 0);
	virtio_device_ready(&mock->vdev);
}

/**
 * mock_device_unplug() - the device is gone
 * @mock: plugged
 *
 * Context: process.
 */
void mock_device_unplug(struct mock_device *mock)
{
	cancel_work_sync(&mock->serve);
	if (mock->vdev.id.device == MOCK_NOBODY)
		del_vqs(&mock->vdev);
	unregister_virtio_device(&mock->vdev);
	cancel_work_sync(&mock->serve);
	root_device_unregister(mock->parent);
}

/**
 * mock_device_answer() - a device that was silent answers after all
 * @mock: plugged, not silent any more
 *
 * Context: process.
 */
void mock_device_answer(struct mock_device *mock)
{
	schedule_work(&mock->serve);
	flush_work(&mock->serve);
}

/**
 * mock_device_asked() - how many commands of a class there were
 * @mock: the device
 * @class: VIRTIO_NET_CTRL_*
 */
u32 mock_device_asked(const struct mock_device *mock, u8 class)
{
	u32 i, n = 0;

	for (i = 0; i < min_t(u32, mock->nr_commands, MOCK_LOG); i++)
		n += mock->commands[i].class == class;
	return n;
}

/**
 * mock_device_last() - the last command of a class
 * @mock: the device
 * @class: VIRTIO_NET_CTRL_*
 *
 * Return: the command, or NULL if there was none.
 */
const struct mock_command *mock_device_last(const struct mock_device *mock, u8 class)
{
	u32 i;

	for (i = min_t(u32, mock->nr_commands, MOCK_LOG); i > 0; i--)
		if (mock->commands[i - 1].class == class)
			return &mock->commands[i - 1];
	return NULL;
}
