/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtio network device that the test plays: it takes down what a driver asks of it by
 * the control queue, and answers as it is told.
 */
#ifndef _KUNIT_MOCK_DEVICE_H
#define _KUNIT_MOCK_DEVICE_H

#include <kunit/test.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net_coal.h>
#include <linux/workqueue.h>

#define MOCK_PAIRS	4
#define MOCK_QUEUES	(2 * MOCK_PAIRS + 1)
#define MOCK_LOG	128
#define MOCK_DATA	256
#define MOCK_REPLY	1024

struct net_device;

/**
 * struct mock_command - a command that the driver has sent
 * @class: VIRTIO_NET_CTRL_*
 * @cmd: of that class
 * @len: bytes of its data
 * @room: bytes for its result, behind the acknowledgment
 * @data: its data
 */
struct mock_command {
	u8 class;
	u8 cmd;
	u16 len;
	u16 room;
	u8 data[MOCK_DATA];
};

/**
 * struct mock_device - the device
 * @vdev: what the driver has of it
 * @parent: of @vdev
 * @config: configuration space
 * @features: offered
 * @status: VIRTIO_CONFIG_S_*
 * @vqs: its virtqueues
 * @control: that of commands
 * @next_command: of its available ring
 * @serve: answers commands, as a device does: later
 * @silent: it does not
 * @claims_nothing: it answers that it has written nothing
 * @spurious: interrupts before each answer
 * @commands: what was asked of it
 * @nr_commands: how many
 * @coal: parameters by virtqueue
 * @direction: those that a queue which was reset has, by direction
 * @gone: queues that do not come back when they are reset, by bit
 * @supported: counters that it says it has
 * @respond: fills the result of a command, returns its acknowledgment; NULL: as a good
 *	device does
 * @reply: result of @respond
 * @reply_len: bytes of it that are written
 */
struct mock_device {
	struct virtio_device vdev;
	struct device *parent;
	struct virtio_net_config config;
	u64 features;
	u8 status;
	struct virtqueue *vqs[MOCK_QUEUES];
	struct virtqueue *control;
	u16 next_command;
	struct work_struct serve;
	bool silent;
	bool claims_nothing;
	u32 spurious;
	struct mock_command commands[MOCK_LOG];
	u32 nr_commands;
	struct virtio_net_coal coal[MOCK_QUEUES];
	struct virtio_net_coal direction[2];
	u32 gone;
	u64 supported;
	u8 (*respond)(struct mock_device *mock, const struct mock_command *command);
	u8 reply[MOCK_REPLY];
	u16 reply_len;
};

struct mock_device *mock_device_create(struct kunit *test, u64 features);
struct net_device *mock_device_plug(struct kunit *test, struct mock_device *mock);
void mock_device_plug_alone(struct kunit *test, struct mock_device *mock,
			    vq_callback_t *callback);
void mock_device_unplug(struct mock_device *mock);
void mock_device_answer(struct mock_device *mock);
u8 mock_device_respond(struct mock_device *mock, const struct mock_command *command);
u32 mock_device_asked(const struct mock_device *mock, u8 class);
const struct mock_command *mock_device_last(const struct mock_device *mock, u8 class);

#endif /* _KUNIT_MOCK_DEVICE_H */
