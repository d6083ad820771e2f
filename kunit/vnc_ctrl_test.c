// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/net/virtio_net_coal/ctrl.c: a device that answers, one that does not, and one that
 * answers anything. The clock is virtual, so that five seconds are over at once.
 */
#include <linux/netdevice.h>
#include <linux/scatterlist.h>
#include <linux/virtio_config.h>

#include "../drivers/net/virtio_net_coal/device.h"
#include "failing.h"
#include "mock_device.h"
#include "parameter.h"

#define SOME_CLASS	77	/* of no command that there is */
#define TIMEOUT	5	/* seconds, the default of ctrl_timeout */

static struct mock_device *mock;
static struct vnc_ctrl *ctrl;

/* A driver that has nothing but a control queue. */
static int setup(struct kunit *test)
{
	struct vnc *vnc = kunit_kzalloc(test, sizeof(*vnc), GFP_KERNEL);

	ctrl = NULL;
	KUNIT_ASSERT_NOT_NULL(test, vnc);
	vnc->dev = kunit_kzalloc(test, sizeof(*vnc->dev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vnc->dev);
	vnc_ctrl_init(&vnc->ctrl);

	mock = mock_device_create(test, 0);
	mock->vdev.priv = vnc;
	mock_device_plug_alone(test, mock, vnc_ctrl_callback);
	ctrl = &vnc->ctrl;
	vnc_ctrl_attach(ctrl, mock->control);
	return 0;
}

static void teardown(struct kunit *test)
{
	if (!ctrl)
		return;
	vnc_ctrl_detach(ctrl);
	mock_device_unplug(mock);
}

static void what_is_sent_is_class_command_and_data(struct kunit *test)
{
	static const u8 data[] = { 1, 2, 3, 4, 5 };
	const struct mock_command *last;

	KUNIT_EXPECT_EQ(test, vnc_ctrl_send(ctrl, SOME_CLASS, 9, data, sizeof(data)), 0);
	last = mock_device_last(mock, SOME_CLASS);
	KUNIT_ASSERT_NOT_NULL(test, last);
	KUNIT_EXPECT_EQ(test, last->cmd, 9);
	KUNIT_EXPECT_EQ(test, last->len, sizeof(data));
	KUNIT_EXPECT_EQ(test, memcmp(last->data, data, sizeof(data)), 0);
	KUNIT_EXPECT_EQ(test, last->room, 0);
	KUNIT_EXPECT_EQ(test, vnc_ctrl_send(ctrl, SOME_CLASS, 10, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, mock_device_last(mock, SOME_CLASS)->len, 0);
}

/* Longer than a page: the buffer is one piece all the same. */
static void data_may_be_long(struct kunit *test)
{
	u8 *data = kunit_kzalloc(test, 20000, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	KUNIT_EXPECT_EQ(test, vnc_ctrl_send(ctrl, SOME_CLASS, 0, data, 20000), 0);
	KUNIT_EXPECT_EQ(test, mock_device_last(mock, SOME_CLASS)->len, 20000);
}

static u8 refuse(struct mock_device *m, const struct mock_command *command)
{
	m->reply_len = 8;
	memset(m->reply, 0x55, m->reply_len);
	return command->cmd;
}

/* OK is 0; whatever else stands there is a refusal, and has no result. */
static void every_acknowledgment_but_ok_is_a_refusal(struct kunit *test)
{
	u32 ack;

	mock->respond = refuse;
	for (ack = 0; ack <= U8_MAX; ack++) {
		u64 result = 0;
		struct vnc_command command = {
			.class = SOME_CLASS,
			.cmd = ack,
			.result = &result,
			.room = sizeof(result),
		};

		KUNIT_ASSERT_EQ(test, vnc_ctrl_ask(ctrl, &command), ack ? -EINVAL : 0);
		KUNIT_ASSERT_EQ(test, result, ack ? 0 : 0x5555555555555555);
	}
}

static u8 answer_as_long_as_the_command(struct mock_device *m, const struct mock_command *command)
{
	m->reply_len = command->cmd;
	memset(m->reply, 0x55, m->reply_len);
	return VIRTIO_NET_OK;
}

static void a_result_is_as_long_as_what_was_written(struct kunit *test)
{
	u32 len;

	mock->respond = answer_as_long_as_the_command;
	for (len = 0; len <= 20; len++) {
		u8 result[10] = {};
		struct vnc_command command = {
			.class = SOME_CLASS,
			.cmd = len,
			.result = result,
			.room = sizeof(result),
		};

		KUNIT_EXPECT_EQ(test, vnc_ctrl_command(ctrl, &command), 0);
		KUNIT_EXPECT_EQ(test, command.written, min_t(u32, len, sizeof(result)));
		/* What the device did not write is 0. */
		KUNIT_EXPECT_NULL(test, memchr_inv(result, 0x55, command.written));
		KUNIT_EXPECT_NULL(test, memchr_inv(result + command.written, 0,
						   sizeof(result) - command.written));
		KUNIT_EXPECT_EQ(test, vnc_ctrl_ask(ctrl, &command),
				len < sizeof(result) ? -EPROTO : 0);
	}
}

static void a_used_buffer_without_an_acknowledgment_is_a_refusal(struct kunit *test)
{
	mock->claims_nothing = true;
	KUNIT_EXPECT_EQ(test, vnc_ctrl_send(ctrl, SOME_CLASS, 0, NULL, 0), -EINVAL);
}

/* The wait is bounded; after it nothing is asked of the device until it is reset. */
static void an_answer_that_does_not_come_is_waited_for_once(struct kunit *test)
{
	u64 start, end;

	mock->silent = true;
	start = ktime_get_ns();
	KUNIT_EXPECT_EQ(test, vnc_ctrl_send(ctrl, SOME_CLASS, 0, NULL, 0), -ETIMEDOUT);
	end = ktime_get_ns();
	KUNIT_EXPECT_GE(test, end - start, TIMEOUT * NSEC_PER_SEC);
	KUNIT_EXPECT_LE(test, end - start, (TIMEOUT + 1) * NSEC_PER_SEC);

	mock->silent = false;
	KUNIT_EXPECT_EQ(test, vnc_ctrl_send(ctrl, SOME_CLASS, 0, NULL, 0), -ETIMEDOUT);
	KUNIT_EXPECT_LE(test, ktime_get_ns() - end, NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, mock_device_asked(mock, SOME_CLASS), 0);
}

/* What was handed over stays the device's: it may still write there, and does. */
static void the_buffer_of_a_late_answer_is_still_there(struct kunit *test)
{
	mock->silent = true;
	KUNIT_EXPECT_EQ(test, vnc_ctrl_send(ctrl, SOME_CLASS, 0, NULL, 0), -ETIMEDOUT);
	mock->silent = false;
	mock_device_answer(mock);
	KUNIT_EXPECT_EQ(test, mock_device_asked(mock, SOME_CLASS), 1);
	/* Late is never: it does not count as the next one's answer. */
	KUNIT_EXPECT_EQ(test, vnc_ctrl_send(ctrl, SOME_CLASS, 1, NULL, 0), -ETIMEDOUT);
}

/* NTF-G2: interrupts without a used buffer mean nothing. */
static void ntf_g2_spurious_interrupts_end_no_wait(struct kunit *test)
{
	mock->spurious = 3;
	KUNIT_EXPECT_EQ(test, vnc_ctrl_send(ctrl, SOME_CLASS, 0, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, mock->spurious, 0);
}

static void a_broken_device_is_not_waited_for(struct kunit *test)
{
	u64 start = ktime_get_ns();

	virtio_break_device(&mock->vdev);
	KUNIT_EXPECT_EQ(test, vnc_ctrl_send(ctrl, SOME_CLASS, 0, NULL, 0), -EIO);
	KUNIT_EXPECT_LE(test, ktime_get_ns() - start, NSEC_PER_MSEC);
}

static u8 break_down(struct mock_device *m, const struct mock_command *command)
{
	virtio_break_device(&m->vdev);
	return VIRTIO_NET_OK;
}

static void a_device_that_breaks_meanwhile_is_not_waited_for(struct kunit *test)
{
	u64 start = ktime_get_ns();

	mock->respond = break_down;
	KUNIT_EXPECT_EQ(test, vnc_ctrl_send(ctrl, SOME_CLASS, 0, NULL, 0), -EIO);
	KUNIT_EXPECT_EQ(test, mock_device_asked(mock, SOME_CLASS), 1);
	KUNIT_EXPECT_LE(test, ktime_get_ns() - start, NSEC_PER_SEC);
	KUNIT_EXPECT_FALSE(test, ctrl->dead);
}

/* A command needs two entries, and a device may have made its queue shorter than that. */
static void a_queue_without_room_takes_no_command(struct kunit *test)
{
	static u8 filler;
	struct scatterlist sg;

	sg_init_one(&sg, &filler, sizeof(filler));
	while (ctrl->vq->num_free > 1)
		KUNIT_ASSERT_EQ(test, virtqueue_add_outbuf(ctrl->vq, &sg, 1, &filler, GFP_KERNEL),
				0);
	KUNIT_EXPECT_EQ(test, vnc_ctrl_send(ctrl, SOME_CLASS, 0, NULL, 0), -ENOSPC);
	KUNIT_EXPECT_EQ(test, ctrl->vq->num_free, 1);
	/* These are none of the driver's to free. */
	while (virtqueue_detach_unused_buf(ctrl->vq))
		;
	KUNIT_EXPECT_EQ(test, vnc_ctrl_send(ctrl, SOME_CLASS, 1, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, mock_device_asked(mock, SOME_CLASS), 1);
}

static void without_memory_a_command_is_not_sent(struct kunit *test)
{
	u32 n = 0, refused = 0;
	bool failed;
	int ret;

	if (!IS_ENABLED(CONFIG_FAULT_INJECTION))
		kunit_skip(test, "needs FAULT_INJECTION");
	do {
		failing_start(++n);
		ret = vnc_ctrl_send(ctrl, SOME_CLASS, 0, NULL, 0);
		failed = failing_stop();
		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			refused++;
		}
		KUNIT_EXPECT_EQ(test, mock_device_asked(mock, SOME_CLASS), n - refused);
	} while (failed && n < FAILING_MOST);
	KUNIT_EXPECT_EQ(test, refused, 3);
	KUNIT_EXPECT_EQ(test, ret, 0);
}

static const struct parameter_text seconds[] = {
	{ "0", -EINVAL },
	{ "1", 0 },
	{ "60", 0 },
	{ "61", -EINVAL },
	{ "-1", -EINVAL },
	{ "ten", -EINVAL },
	{ "", -EINVAL },
	{ "5", 0 },
};

static void the_time_to_wait_is_a_parameter(struct kunit *test)
{
	parameter_expect(test, "ctrl_timeout", seconds, ARRAY_SIZE(seconds));
}

static void without_a_control_queue_there_are_no_commands(struct kunit *test)
{
	struct vnc_ctrl none;

	vnc_ctrl_init(&none);
	vnc_ctrl_attach(&none, NULL);
	KUNIT_EXPECT_EQ(test, vnc_ctrl_send(&none, SOME_CLASS, 0, NULL, 0), -EOPNOTSUPP);
	vnc_ctrl_detach(&none);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(what_is_sent_is_class_command_and_data),
	KUNIT_CASE(data_may_be_long),
	KUNIT_CASE(every_acknowledgment_but_ok_is_a_refusal),
	KUNIT_CASE(a_result_is_as_long_as_what_was_written),
	KUNIT_CASE(a_used_buffer_without_an_acknowledgment_is_a_refusal),
	KUNIT_CASE(an_answer_that_does_not_come_is_waited_for_once),
	KUNIT_CASE(the_buffer_of_a_late_answer_is_still_there),
	KUNIT_CASE(ntf_g2_spurious_interrupts_end_no_wait),
	KUNIT_CASE(a_broken_device_is_not_waited_for),
	KUNIT_CASE(a_device_that_breaks_meanwhile_is_not_waited_for),
	KUNIT_CASE(a_queue_without_room_takes_no_command),
	KUNIT_CASE(without_memory_a_command_is_not_sent),
	KUNIT_CASE(the_time_to_wait_is_a_parameter),
	KUNIT_CASE(without_a_control_queue_there_are_no_commands),
	{}
};

static struct kunit_suite vnc_ctrl_suite = {
	.name = "vnc_ctrl",
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(vnc_ctrl_suite);
