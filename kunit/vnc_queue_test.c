// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/net/virtio_net_coal/queue.c: the virtqueues that a driver asks for.
 */
#include <linux/netdevice.h>

#include "mock_device.h"

#define PIECES	64

static struct mock_device *mock;

static int setup(struct kunit *test)
{
	mock = mock_device_create(test, BIT_ULL(VIRTIO_NET_F_MQ));
	mock_device_plug(test, mock);
	return 0;
}

static void teardown(struct kunit *test)
{
	mock_device_unplug(mock);
}

/* What comes next takes the place of what was freed. */
static void use_memory(struct kunit *test)
{
	size_t size, i;

	for (size = 8; size <= PAGE_SIZE; size *= 2) {
		for (i = 0; i < PIECES; i++) {
			void *piece = kunit_kmalloc(test, size, GFP_KERNEL);

			KUNIT_ASSERT_NOT_NULL(test, piece);
			memset(piece, 0x5a, size);
		}
	}
}

/* The virtio core tells them when a device breaks the ring. */
static void names_are_there_as_long_as_the_queues(struct kunit *test)
{
	char name[32];
	u32 i;

	use_memory(test);
	for (i = 0; i < MOCK_PAIRS; i++) {
		snprintf(name, sizeof(name), "receive.%u", i);
		KUNIT_EXPECT_STREQ(test, mock->vqs[2 * i]->name, name);
		snprintf(name, sizeof(name), "transmit.%u", i);
		KUNIT_EXPECT_STREQ(test, mock->vqs[2 * i + 1]->name, name);
	}
	KUNIT_EXPECT_STREQ(test, mock->control->name, "control");
}

static struct kunit_case cases[] = {
	KUNIT_CASE(names_are_there_as_long_as_the_queues),
	{}
};

static struct kunit_suite vnc_queue_suite = {
	.name = "vnc_queue",
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(vnc_queue_suite);
