// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/coal.c with real timers: a coalescer does what its rows of the
 * specification say, and at the nanosecond they say it.
 *
 * Under virtual time the processor is infinitely fast and the clock moves by its quantum
 * of 256 ns whenever it is read: what a timer may be late is its own reading of the clock
 * and one of the interrupt's.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>

#include "../drivers/vhost/coal.h"
#include "virtual_time.h"

#define LATE_NS		512
#define LONG_USECS	200		/* values beyond 1 ms, spread evenly over the decades */

/**
 * struct queue - a coalescer and its timer
 * @coal: under test
 * @timer: does what it asks for
 * @notified: by the timer
 * @expiries: of the timer
 * @when: of the last notification by the timer, nanoseconds
 */
struct queue {
	struct vhn_coal coal;
	struct hrtimer timer;
	struct completion notified;
	u32 expiries;
	u64 when;
};

static enum hrtimer_restart expired(struct hrtimer *timer)
{
	struct queue *q = container_of(timer, struct queue, timer);
	u64 now = ktime_get_ns();
	struct vhn_coal_action action = vhn_coal_timer(&q->coal, now);

	q->expiries++;
	if (action.verb == VHN_COAL_ARM) {
		hrtimer_set_expires(timer, ns_to_ktime(action.deadline));
		return HRTIMER_RESTART;
	}
	if (action.verb == VHN_COAL_NOTIFY) {
		q->when = now;
		complete(&q->notified);
	}
	return HRTIMER_NORESTART;
}

/* A deadline of younger packets is a later one: the timer is left alone. */
static void arm(struct queue *q, u64 deadline)
{
	if (hrtimer_is_queued(&q->timer))
		return;
	hrtimer_start(&q->timer, ns_to_ktime(deadline), HRTIMER_MODE_ABS_HARD);
}

static int setup(struct kunit *test)
{
	struct queue *q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, q);
	hrtimer_init(&q->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	q->timer.function = expired;
	init_completion(&q->notified);
	test->priv = q;
	return 0;
}

static void teardown(struct kunit *test)
{
	struct queue *q = test->priv;

	if (q)
		hrtimer_cancel(&q->timer);
}

/* Publishes packets; returns when they were, and has the timer armed if need be. */
static u64 publish(struct queue *q, u32 packets, struct vhn_coal_action *action)
{
	u64 now = ktime_get_ns();

	*action = vhn_coal_packets(&q->coal, packets, now);
	if (action->verb == VHN_COAL_ARM)
		arm(q, action->deadline);
	return now;
}

/* One packet waits for @usecs, and for as little longer as this clock can tell. */
static void expect_notified_after(struct kunit *test, u32 usecs)
{
	struct queue *q = test->priv;
	struct vhn_coal_action action;
	u64 start, due;

	vhn_coal_change(&q->coal, U32_MAX, usecs, ktime_get_ns());
	start = publish(q, 1, &action);
	KUNIT_ASSERT_EQ(test, action.verb, VHN_COAL_ARM);
	wait_for_completion(&q->notified);

	due = start + (u64)usecs * NSEC_PER_USEC;
	KUNIT_EXPECT_GE_MSG(test, q->when, due, "%u us", usecs);
	KUNIT_EXPECT_LE_MSG(test, q->when, due + LATE_NS, "%u us", usecs);

	action = vhn_coal_take(&q->coal);
	KUNIT_EXPECT_EQ(test, action.verb, VHN_COAL_NOTIFY);
	KUNIT_EXPECT_EQ(test, action.reason, VHN_COAL_TIMER);
	KUNIT_EXPECT_EQ(test, q->coal.pending, 0);
}

static void coal_o3_every_microsecond_to_a_millisecond(struct kunit *test)
{
	u32 usecs;

	for (usecs = 1; usecs <= USEC_PER_MSEC; usecs++)
		expect_notified_after(test, usecs);
}

/* From 1 ms to 1 s: each value 1000^(1/200), about 1.035 times, the one before. */
static void coal_o3_milliseconds_to_a_second(struct kunit *test)
{
	u64 thousandths = USEC_PER_SEC;
	u32 i;

	for (i = 0; i < LONG_USECS; i++) {
		thousandths += div_u64(thousandths * 35142, 1000000);
		expect_notified_after(test, min_t(u64, div_u64(thousandths, 1000), USEC_PER_SEC));
	}
	/* The last one reaches the longest time there is. */
	KUNIT_EXPECT_GE(test, div_u64(thousandths, 1000), 990000);
}

static void coal_o3_clock_starts_at_the_first_packet(struct kunit *test)
{
	struct queue *q = test->priv;
	struct vhn_coal_action action;
	u64 start;

	vhn_coal_change(&q->coal, 100, 50, ktime_get_ns());
	start = publish(q, 1, &action);
	usleep_range(30, 31);
	publish(q, 1, &action);
	KUNIT_EXPECT_EQ(test, action.verb, VHN_COAL_NOTHING);
	wait_for_completion(&q->notified);
	KUNIT_EXPECT_LE(test, q->when, start + 50 * NSEC_PER_USEC + LATE_NS);
	KUNIT_EXPECT_EQ(test, q->coal.pending, 2);
}

static void coal_o3_the_count_comes_first(struct kunit *test)
{
	struct queue *q = test->priv;
	struct vhn_coal_action action;

	vhn_coal_change(&q->coal, 3, 50, ktime_get_ns());
	publish(q, 1, &action);
	publish(q, 2, &action);
	KUNIT_EXPECT_EQ(test, action.verb, VHN_COAL_NOTIFY);
	KUNIT_EXPECT_EQ(test, action.reason, VHN_COAL_COUNT);
	fsleep(100);
	KUNIT_EXPECT_FALSE(test, completion_done(&q->notified));
}

/* With nothing pending the timer expires once more at most, and then not at all. */
static void coal_o4_idle_until_the_next_packet(struct kunit *test)
{
	struct queue *q = test->priv;
	struct vhn_coal_action action;

	vhn_coal_change(&q->coal, 1, 50, ktime_get_ns());
	publish(q, 1, &action);
	KUNIT_EXPECT_EQ(test, action.verb, VHN_COAL_NOTIFY);
	vhn_coal_change(&q->coal, 2, 50, ktime_get_ns());
	publish(q, 1, &action);
	publish(q, 1, &action);
	KUNIT_EXPECT_EQ(test, action.verb, VHN_COAL_NOTIFY);
	msleep(20);
	KUNIT_EXPECT_EQ(test, q->expiries, 1);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&q->timer));
	KUNIT_EXPECT_FALSE(test, completion_done(&q->notified));
}

/* An expiry that finds younger packets moves on to their deadline. */
static void coal_o3_younger_packets_have_a_time_of_their_own(struct kunit *test)
{
	struct queue *q = test->priv;
	struct vhn_coal_action action;
	u64 start;

	vhn_coal_change(&q->coal, 2, 50, ktime_get_ns());
	publish(q, 1, &action);
	usleep_range(10, 11);
	publish(q, 1, &action);
	KUNIT_ASSERT_EQ(test, action.verb, VHN_COAL_NOTIFY);
	usleep_range(10, 11);
	start = publish(q, 1, &action);
	wait_for_completion(&q->notified);
	KUNIT_EXPECT_EQ(test, q->expiries, 2);
	KUNIT_EXPECT_GE(test, q->when, start + 50 * NSEC_PER_USEC);
	KUNIT_EXPECT_LE(test, q->when, start + 50 * NSEC_PER_USEC + LATE_NS);
}

static void coal_o5_zero_in_either_field_holds_nothing(struct kunit *test)
{
	static const u32 off[][2] = { { 0, 0 }, { 0, 1000 }, { 32, 0 } };
	struct queue *q = test->priv;
	struct vhn_coal_action action;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(off); i++) {
		vhn_coal_change(&q->coal, off[i][0], off[i][1], ktime_get_ns());
		KUNIT_EXPECT_TRUE(test, vhn_coal_is_off(&q->coal));
		KUNIT_EXPECT_EQ(test, vhn_coal_room(&q->coal, 64), 64);
		publish(q, 1, &action);
		KUNIT_EXPECT_EQ(test, action.verb, VHN_COAL_NOTIFY);
		KUNIT_EXPECT_EQ(test, action.reason, VHN_COAL_IMMEDIATE);
	}
}

/* Rows of example D of section 3.5: ten packets pending for 40 us, {15, 100}. */
struct change {
	const char *name;
	u32 packets;
	u32 usecs;
	enum vhn_coal_verb verb;
	enum vhn_coal_reason reason;
	u32 deadline;
};

static const struct change changes[] = {
	{ "fewer packets", 8, 100, VHN_COAL_NOTIFY, VHN_COAL_COUNT, 0 },
	{ "as many packets", 10, 100, VHN_COAL_NOTIFY, VHN_COAL_COUNT, 0 },
	{ "more packets", 30, 100, VHN_COAL_ARM, VHN_COAL_NONE, 100 },
	{ "a time that has passed", 15, 30, VHN_COAL_NOTIFY, VHN_COAL_TIMER, 0 },
	{ "a shorter time", 15, 60, VHN_COAL_ARM, VHN_COAL_NONE, 60 },
	{ "a longer time", 15, 400, VHN_COAL_ARM, VHN_COAL_NONE, 400 },
	{ "no packets", 0, 100, VHN_COAL_NOTIFY, VHN_COAL_IMMEDIATE, 0 },
	{ "no time", 15, 0, VHN_COAL_NOTIFY, VHN_COAL_IMMEDIATE, 0 },
};

static void describe(const struct change *c, char *text)
{
	strscpy(text, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(change, changes, describe);

static void coal_o8_pending_packets_are_judged_by_new_values(struct kunit *test)
{
	const struct change *c = test->param_value;
	struct queue *q = test->priv;
	struct vhn_coal_action action;
	u64 start = ktime_get_ns();
	u64 now = start + 40 * NSEC_PER_USEC;

	vhn_coal_change(&q->coal, 15, 100, start);
	vhn_coal_packets(&q->coal, 10, start);
	action = vhn_coal_change(&q->coal, c->packets, c->usecs, now);
	KUNIT_EXPECT_EQ(test, action.verb, c->verb);
	KUNIT_EXPECT_EQ(test, action.reason, c->reason);
	if (c->verb == VHN_COAL_ARM)
		KUNIT_EXPECT_EQ(test, action.deadline, start + c->deadline * NSEC_PER_USEC);
	else
		KUNIT_EXPECT_EQ(test, vhn_coal_take(&q->coal).reason, c->reason);
}

static void coal_o8_a_change_with_nothing_pending_is_no_event(struct kunit *test)
{
	struct queue *q = test->priv;

	KUNIT_EXPECT_EQ(test, vhn_coal_change(&q->coal, 15, 100, 0).verb, VHN_COAL_NOTHING);
	KUNIT_EXPECT_EQ(test, vhn_coal_change(&q->coal, 0, 0, 0).verb, VHN_COAL_NOTHING);
	KUNIT_EXPECT_EQ(test, vhn_coal_timer(&q->coal, U64_MAX).verb, VHN_COAL_NOTHING);
	KUNIT_EXPECT_EQ(test, vhn_coal_packets(&q->coal, 0, 0).verb, VHN_COAL_NOTHING);
	KUNIT_EXPECT_EQ(test, vhn_coal_flush(&q->coal).verb, VHN_COAL_NOTHING);
	KUNIT_EXPECT_EQ(test, vhn_coal_take(&q->coal).verb, VHN_COAL_NOTHING);
}

static void coal_o9_batches_end_where_the_count_is_reached(struct kunit *test)
{
	struct queue *q = test->priv;
	struct vhn_coal_action action;
	u32 left = 10000, notified = 0;

	vhn_coal_change(&q->coal, 31, USEC_PER_SEC, 0);
	while (left) {
		u32 batch = vhn_coal_room(&q->coal, min(left, 64U));

		KUNIT_ASSERT_GE(test, batch, 1);
		action = vhn_coal_packets(&q->coal, batch, 0);
		notified += action.verb == VHN_COAL_NOTIFY;
		left -= batch;
	}
	KUNIT_EXPECT_EQ(test, notified, 10000 / 31);
	KUNIT_EXPECT_EQ(test, q->coal.pending, 10000 % 31);
}

static void what_is_due_is_taken_once(struct kunit *test)
{
	struct queue *q = test->priv;
	u64 deadline = 50 * NSEC_PER_USEC;

	vhn_coal_change(&q->coal, 10, 50, 0);
	vhn_coal_packets(&q->coal, 3, 0);
	KUNIT_EXPECT_EQ(test, vhn_coal_timer(&q->coal, deadline - 1).verb, VHN_COAL_ARM);
	KUNIT_EXPECT_EQ(test, vhn_coal_timer(&q->coal, deadline).verb, VHN_COAL_NOTIFY);
	KUNIT_EXPECT_EQ(test, vhn_coal_timer(&q->coal, deadline).verb, VHN_COAL_NOTHING);
	/* With the next packet it goes, for the reason it was due for. */
	KUNIT_EXPECT_EQ(test, vhn_coal_packets(&q->coal, 1, deadline).reason, VHN_COAL_TIMER);
	KUNIT_EXPECT_EQ(test, vhn_coal_take(&q->coal).verb, VHN_COAL_NOTHING);
}

static void a_flush_keeps_the_reason_of_what_is_due(struct kunit *test)
{
	struct queue *q = test->priv;

	vhn_coal_change(&q->coal, 10, 50, 0);
	vhn_coal_packets(&q->coal, 3, 0);
	KUNIT_EXPECT_EQ(test, vhn_coal_flush(&q->coal).reason, VHN_COAL_FLUSH);
	vhn_coal_packets(&q->coal, 3, 0);
	vhn_coal_timer(&q->coal, 50 * NSEC_PER_USEC);
	KUNIT_EXPECT_EQ(test, vhn_coal_flush(&q->coal).reason, VHN_COAL_TIMER);
}

static void rst_d1_a_reset_owes_nothing(struct kunit *test)
{
	struct queue *q = test->priv;

	vhn_coal_change(&q->coal, 10, 50, 0);
	vhn_coal_packets(&q->coal, 3, 0);
	vhn_coal_timer(&q->coal, 50 * NSEC_PER_USEC);
	vhn_coal_drop(&q->coal);
	KUNIT_EXPECT_EQ(test, vhn_coal_take(&q->coal).verb, VHN_COAL_NOTHING);
	KUNIT_EXPECT_EQ(test, vhn_coal_flush(&q->coal).verb, VHN_COAL_NOTHING);
	KUNIT_EXPECT_EQ(test, vhn_coal_packets(&q->coal, 1, 0).verb, VHN_COAL_ARM);
}

static void numbers_of_32_bits_do_not_wrap(struct kunit *test)
{
	struct queue *q = test->priv;
	struct vhn_coal_action action;

	vhn_coal_change(&q->coal, U32_MAX, U32_MAX, 0);
	action = vhn_coal_packets(&q->coal, U32_MAX - 1, 0);
	KUNIT_EXPECT_EQ(test, action.deadline, (u64)U32_MAX * NSEC_PER_USEC);
	action = vhn_coal_packets(&q->coal, U32_MAX, 0);
	KUNIT_EXPECT_EQ(test, action.reason, VHN_COAL_COUNT);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(coal_o3_every_microsecond_to_a_millisecond),
	KUNIT_CASE(coal_o3_milliseconds_to_a_second),
	KUNIT_CASE(coal_o3_clock_starts_at_the_first_packet),
	KUNIT_CASE(coal_o3_the_count_comes_first),
	KUNIT_CASE(coal_o3_younger_packets_have_a_time_of_their_own),
	KUNIT_CASE(coal_o4_idle_until_the_next_packet),
	KUNIT_CASE(coal_o5_zero_in_either_field_holds_nothing),
	KUNIT_CASE_PARAM(coal_o8_pending_packets_are_judged_by_new_values, change_gen_params),
	KUNIT_CASE(coal_o8_a_change_with_nothing_pending_is_no_event),
	KUNIT_CASE(coal_o9_batches_end_where_the_count_is_reached),
	KUNIT_CASE(what_is_due_is_taken_once),
	KUNIT_CASE(a_flush_keeps_the_reason_of_what_is_due),
	KUNIT_CASE(rst_d1_a_reset_owes_nothing),
	KUNIT_CASE(numbers_of_32_bits_do_not_wrap),
	{}
};

static struct kunit_suite vhn_coal_suite = {
	.name = "vhn_coal",
	.suite_init = virtual_time_init,
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(vhn_coal_suite);
