// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/notify.c between a real timer, a real worker and rings in memory: from
 * packets published to the signal, and never without one that is owed.
 */
#include <linux/delay.h>
#include <linux/eventfd.h>

#include "../drivers/vhost/defaults.h"
#include "../drivers/vhost/notify.h"
#include "../drivers/vhost/stall.h"
#include "test_ring.h"
#include "user_memory.h"
#include "virtual_time.h"

#define RING	256
#define LATE_NS	2048	/* until the worker has signalled: eight readings of the clock */

/**
 * struct queue - a virtqueue of which nothing is left out but packets
 * @n: under test
 * @stats: its counters
 * @pool: its worker
 * @attachment: says so
 * @mutex: its mutex
 * @ring: its ring
 */
struct queue {
	struct vhn_notify n;
	struct vhn_stats stats;
	struct vhn_worker_pool pool;
	struct vhn_attachment attachment;
	struct mutex mutex;	/* of the queue */
	struct test_ring *ring;
};

static struct queue *q;

static void start(struct kunit *test, struct test_ring *ring)
{
	q->ring = ring;
	q->n.ring = &ring->vr;
	KUNIT_ASSERT_EQ(test, vhn_vring_start(&ring->vr), 0);
	vhn_notify_open(&q->n);
}

static void start_split(struct kunit *test, bool event_idx)
{
	struct test_ring *ring = test_ring_split(test, RING);

	ring->vr.event_idx = event_idx;
	start(test, ring);
}

static void start_packed(struct kunit *test, bool event_idx)
{
	struct test_ring *ring = test_ring_packed(test, RING);

	ring->vr.event_idx = event_idx;
	start(test, ring);
}

static int setup(struct kunit *test)
{
	user_memory = (struct user_memory){};
	user_eventfd = (struct user_eventfd){};
	q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, q);
	mutex_init(&q->mutex);
	vhn_stats_init(&q->stats);
	vhn_attachment_init(&q->attachment);
	KUNIT_ASSERT_EQ(test, vhn_worker_pool_add(&q->pool), 0);
	KUNIT_ASSERT_EQ(test, vhn_attachment_set(&q->attachment, &q->pool, 0), 0);
	q->n.stats = &q->stats;
	q->n.attachment = &q->attachment;
	q->n.mutex = &q->mutex;
	q->n.index = VHN_VRING_RX;
	q->n.call = (struct eventfd_ctx *)&q;
	vhn_defaults_lock();
	vhn_notify_init(&q->n);
	vhn_defaults_unlock();
	vhn_notify_set_guest(&q->n, true);
	return 0;
}

static void teardown(struct kunit *test)
{
	if (!q || !q->n.attachment)
		return;
	vhn_notify_close(&q->n);
	vhn_attachment_clear(&q->attachment, &q->pool);
	vhn_worker_pool_stop(&q->pool);
}

static int set(u32 target, u32 packets, u32 usecs)
{
	const struct vhn_coal_set set = {
		.target = target,
		.params = { .max_packets = packets, .max_usecs = usecs },
	};

	return min(vhn_notify_set(&q->n, &set), 0);
}

/* Publishes a batch; returns when it was. */
static u64 publish(u32 packets)
{
	u64 now;

	mutex_lock(&q->mutex);
	now = ktime_get_ns();
	test_ring_use(q->ring, packets);
	vhn_notify_packets(&q->n, packets, now);
	mutex_unlock(&q->mutex);
	return now;
}

static void flush(void)
{
	mutex_lock(&q->mutex);
	vhn_notify_flush(&q->n);
	mutex_unlock(&q->mutex);
}

static u64 sent_for(enum vhn_coal_reason reason)
{
	return u64_stats_read(&q->stats.notify[reason]);
}

static u64 suppressed(void)
{
	return u64_stats_read(&q->stats.suppressed);
}

/* --- time -------------------------------------------------------------------------- */

static void coal_o3_signalled_when_the_time_has_passed(struct kunit *test)
{
	u32 usecs;
	u64 due;

	start_split(test, false);
	for (usecs = 1; usecs <= 1000; usecs += 9) {
		KUNIT_ASSERT_EQ(test, set(VHN_COAL_QUEUE, 100, usecs), 0);
		due = publish(3) + usecs * NSEC_PER_USEC;
		fsleep(2000);
		KUNIT_EXPECT_GE(test, user_eventfd.when, due);
		KUNIT_EXPECT_LE(test, user_eventfd.when, due + LATE_NS);
	}
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 112);
	KUNIT_EXPECT_EQ(test, sent_for(VHN_COAL_TIMER), 112);
}

static void coal_o3_not_a_moment_before(struct kunit *test)
{
	start_split(test, false);
	set(VHN_COAL_QUEUE, 100, 1000);
	publish(1);
	usleep_range(990, 991);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 0);
	fsleep(100);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
}

static void coal_o8_a_shorter_time_moves_the_timer(struct kunit *test)
{
	u64 due;

	start_split(test, false);
	set(VHN_COAL_QUEUE, 100, 1000000);
	due = publish(1) + 500 * NSEC_PER_USEC;
	set(VHN_COAL_QUEUE, 100, 500);
	msleep(20);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
	KUNIT_EXPECT_LE(test, user_eventfd.when, due + LATE_NS);
}

static void coal_o8_a_longer_time_is_waited_for(struct kunit *test)
{
	u64 due;

	start_split(test, false);
	set(VHN_COAL_QUEUE, 100, 500);
	due = publish(1) + 5000 * NSEC_PER_USEC;
	set(VHN_COAL_QUEUE, 100, 5000);
	msleep(20);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
	KUNIT_EXPECT_GE(test, user_eventfd.when, due);
	KUNIT_EXPECT_LE(test, user_eventfd.when, due + LATE_NS);
}

/* An expiry that found younger packets has moved on to their deadline, and moves back. */
static void coal_o8_a_timer_that_moved_on_is_moved_as_well(struct kunit *test)
{
	u64 due;

	start_split(test, false);
	set(VHN_COAL_QUEUE, 2, 1000);
	publish(2);
	publish(1);
	usleep_range(500, 501);
	publish(1);
	KUNIT_ASSERT_EQ(test, user_eventfd.signals, 2);
	due = publish(1) + 700 * NSEC_PER_USEC;
	usleep_range(550, 551);
	set(VHN_COAL_QUEUE, 2, 700);
	msleep(20);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 3);
	KUNIT_EXPECT_GE(test, user_eventfd.when, due);
	KUNIT_EXPECT_LE(test, user_eventfd.when, due + LATE_NS);
}

/* The change cannot signal: the worker takes it over, and nobody else publishes. */
static void coal_o8_fewer_packets_than_pending_signal_without_traffic(struct kunit *test)
{
	start_split(test, false);
	set(VHN_COAL_QUEUE, 100, 1000000);
	publish(10);
	set(VHN_COAL_QUEUE, 8, 1000000);
	vhn_worker_flush(q->attachment.worker);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
	KUNIT_EXPECT_EQ(test, sent_for(VHN_COAL_COUNT), 1);
}

static void coal_o8_switching_off_signals_what_is_pending(struct kunit *test)
{
	start_split(test, false);
	set(VHN_COAL_QUEUE, 100, 1000000);
	publish(10);
	set(VHN_COAL_QUEUE, 0, 0);
	vhn_worker_flush(q->attachment.worker);
	KUNIT_EXPECT_EQ(test, sent_for(VHN_COAL_IMMEDIATE), 1);
	publish(1);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 2);
}

/* --- suppression ------------------------------------------------------------------- */

static void ntf_d1_a_flag_suppresses_and_spends_the_batch(struct kunit *test)
{
	start_split(test, false);
	test_ring_set_no_interrupt(q->ring, true);
	set(VHN_COAL_QUEUE, 4, 1000);
	publish(4);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 0);
	KUNIT_EXPECT_EQ(test, suppressed(), 1);
	/* AMB-4: wanted too late, and not owed any more. */
	test_ring_set_no_interrupt(q->ring, false);
	msleep(20);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 0);
	publish(4);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
}

static void suppression_is_looked_at_when_the_condition_is_met(struct kunit *test)
{
	start_split(test, false);
	set(VHN_COAL_QUEUE, 4, 1000);
	test_ring_set_no_interrupt(q->ring, true);
	publish(3);
	test_ring_set_no_interrupt(q->ring, false);
	publish(1);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
	KUNIT_EXPECT_EQ(test, suppressed(), 0);
}

/* Whoever waits for the next entry is told of each, across the end of the index. */
static void ntf_d2_every_entry_over_the_whole_index(struct kunit *test)
{
	u32 i;

	start_split(test, true);
	for (i = 0; i < 70000; i++) {
		test_ring_set_used_event(q->ring, i);
		publish(1);
		KUNIT_ASSERT_EQ_MSG(test, user_eventfd.signals, i + 1, "entry %u", i);
	}
}

/* One that waits for a single entry is told of it alone, once a turn. */
static void ntf_d2_one_entry_of_each_turn(struct kunit *test)
{
	u32 i;

	start_split(test, true);
	publish(1);	/* nothing is known before the first: that one is told */
	KUNIT_ASSERT_EQ(test, user_eventfd.signals, 1);
	for (i = 1; i < 4 * 65536; i++) {
		test_ring_set_used_event(q->ring, 0x8123);
		publish(1);
		KUNIT_ASSERT_EQ_MSG(test, user_eventfd.signals, 1 + (i + 65536 - 0x8123) / 65536,
				    "entry %u", i);
	}
}

/* Suppressed for longer than the index can tell, then wanted again: exactly one. */
static void ntf_d2_once_after_70000_packets_suppressed(struct kunit *test)
{
	u32 i;

	start_split(test, true);
	publish(1);
	user_eventfd.signals = 0;
	for (i = 1; i < 70000; i++) {
		test_ring_set_used_event(q->ring, i - 1);
		publish(1);
	}
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 0);
	test_ring_set_used_event(q->ring, i & U16_MAX);
	publish(1);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
	publish(1);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
}

/* A batch of any size, and an entry anywhere: told if the entry is in the batch. */
static void ntf_d2_the_whole_batch_counts(struct kunit *test)
{
	u32 size, at, before;

	start_split(test, true);
	publish(1);
	for (size = 1; size <= 64; size += 7) {
		for (at = 0; at < 2 * size; at++) {
			u16 used = q->ring->vr.last_used;

			before = user_eventfd.signals;
			test_ring_set_used_event(q->ring, used + at);
			publish(size);
			KUNIT_ASSERT_EQ_MSG(test, user_eventfd.signals - before, at < size,
					    "%u of %u", at, size);
		}
	}
}

static void ntf_p_every_slot_over_both_wraps(struct kunit *test)
{
	u32 i;

	start_packed(test, true);
	q->ring->driver_event->flags = cpu_to_le16(VRING_PACKED_EVENT_FLAG_DESC);
	for (i = 0; i < 70000; i++) {
		q->ring->driver_event->off_wrap = cpu_to_le16(q->ring->vr.last_used);
		publish(1);
		KUNIT_ASSERT_EQ_MSG(test, user_eventfd.signals, i + 1, "slot %u", i);
	}
}

static void ntf_p_one_slot_of_every_other_turn(struct kunit *test)
{
	u32 i;

	start_packed(test, true);
	publish(1);
	q->ring->driver_event->flags = cpu_to_le16(VRING_PACKED_EVENT_FLAG_DESC);
	q->ring->driver_event->off_wrap = cpu_to_le16(17);	/* the second turn's */
	for (i = 1; i < 64 * RING; i++) {
		publish(1);
		KUNIT_ASSERT_EQ_MSG(test, user_eventfd.signals, 1 + (i + RING - 17) / (2 * RING),
				    "slot %u", i);
	}
}

static void ntf_p_disabled_is_disabled(struct kunit *test)
{
	start_packed(test, false);
	q->ring->driver_event->flags = cpu_to_le16(VRING_PACKED_EVENT_FLAG_DISABLE);
	publish(1);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 0);
	KUNIT_EXPECT_EQ(test, suppressed(), 1);
	q->ring->driver_event->flags = cpu_to_le16(VRING_PACKED_EVENT_FLAG_ENABLE);
	publish(1);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
}

/* What cannot be read suppresses nothing, whichever access of the batch it is. */
static void a_wish_that_cannot_be_read_suppresses_nothing(struct kunit *test)
{
	start_split(test, false);
	test_ring_set_no_interrupt(q->ring, true);
	mutex_lock(&q->mutex);
	test_ring_use(q->ring, 1);
	user_memory.fault_at = user_memory.accesses + 1;
	vhn_notify_packets(&q->n, 1, ktime_get_ns());
	mutex_unlock(&q->mutex);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
}

static void without_an_eventfd_nothing_is_counted(struct kunit *test)
{
	start_split(test, false);
	q->n.call = NULL;
	publish(1);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 0);
	KUNIT_EXPECT_EQ(test, sent_for(VHN_COAL_IMMEDIATE), 0);
}

/* --- flush, close and reset ---------------------------------------------------------- */

static void a_flush_signals_what_is_pending_once(struct kunit *test)
{
	start_split(test, false);
	set(VHN_COAL_QUEUE, 100, 1000);
	flush();
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 0);
	publish(3);
	flush();
	flush();
	msleep(20);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
	KUNIT_EXPECT_EQ(test, sent_for(VHN_COAL_FLUSH), 1);
}

static void a_flush_from_elsewhere_is_the_workers(struct kunit *test)
{
	start_split(test, false);
	set(VHN_COAL_QUEUE, 100, 1000000);
	publish(3);
	vhn_notify_flush_wait(&q->n);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
	KUNIT_EXPECT_EQ(test, sent_for(VHN_COAL_FLUSH), 1);
}

static void rst_d1_a_closed_queue_signals_once_and_then_not(struct kunit *test)
{
	start_split(test, false);
	set(VHN_COAL_QUEUE, 100, 1000);
	publish(3);
	vhn_notify_close(&q->n);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&q->n.timer));
	set(VHN_COAL_QUEUE, 1, 1);
	msleep(20);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
	/* It opens as if nothing had been. */
	vhn_notify_open(&q->n);
	set(VHN_COAL_QUEUE, 100, 1000);
	publish(3);
	msleep(20);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 2);
}

static void vqr_d1_a_reset_queue_is_owed_nothing(struct kunit *test)
{
	start_split(test, false);
	set(VHN_COAL_DIRECTION, 100, 2000);
	set(VHN_COAL_QUEUE, 50, 1000);
	publish(3);
	vhn_notify_reset(&q->n, VHN_RESET_QUEUE);
	msleep(20);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 0);
}

/* --- parameters ------------------------------------------------------------------------ */

static void coal_d5_a_reset_queue_has_its_directions_values(struct kunit *test)
{
	struct vhn_coal_state state;

	start_split(test, false);
	set(VHN_COAL_DIRECTION, 100, 2000);
	set(VHN_COAL_QUEUE, 50, 1000);
	publish(3);
	vhn_notify_get(&q->n, &state);
	KUNIT_EXPECT_EQ(test, state.effective.max_packets, 50);
	KUNIT_EXPECT_EQ(test, state.pending, 3);
	KUNIT_EXPECT_EQ(test, state.flags, VHN_COAL_F_GUEST);
	vhn_notify_reset(&q->n, VHN_RESET_QUEUE);
	vhn_notify_get(&q->n, &state);
	KUNIT_EXPECT_EQ(test, state.effective.max_packets, 100);
	KUNIT_EXPECT_EQ(test, state.effective.max_usecs, 2000);
	KUNIT_EXPECT_EQ(test, state.pending, 0);
}

static void coal_d9_a_reset_device_has_none(struct kunit *test)
{
	struct vhn_vring_stats stats;
	struct vhn_coal_state state;

	start_split(test, false);
	set(VHN_COAL_DIRECTION, 100, 2000);
	publish(200);
	vhn_notify_report(&q->n, &stats);
	KUNIT_EXPECT_EQ(test, stats.notify_count, 1);
	vhn_notify_reset(&q->n, VHN_RESET_DEVICE);
	vhn_notify_get(&q->n, &state);
	KUNIT_EXPECT_EQ(test, state.effective.max_packets, 0);
	KUNIT_EXPECT_EQ(test, state.effective.max_usecs, 0);
	vhn_notify_report(&q->n, &stats);
	KUNIT_EXPECT_EQ(test, stats.notify_count, 0);
}

static void refusals_change_nothing_and_are_counted(struct kunit *test)
{
	struct vhn_coal_set lock = { .target = VHN_COAL_LIMIT, .flags = VHN_COAL_F_LOCKED };
	struct vhn_vring_stats stats;
	struct vhn_coal_state state;

	start_split(test, false);
	set(VHN_COAL_QUEUE, 50, 1000);
	KUNIT_EXPECT_EQ(test, set(VHN_COAL_QUEUE, 1, VHN_HOLD_LIMIT_USECS + 1), -ERANGE);
	KUNIT_EXPECT_EQ(test, vhn_notify_set(&q->n, &lock), 1);
	KUNIT_EXPECT_EQ(test, set(VHN_COAL_QUEUE, 1, 1), -EPERM);
	KUNIT_EXPECT_EQ(test, set(99, 1, 1), -EINVAL);
	vhn_notify_get(&q->n, &state);
	KUNIT_EXPECT_EQ(test, state.effective.max_packets, 50);
	KUNIT_EXPECT_EQ(test, state.flags, VHN_COAL_F_GUEST | VHN_COAL_F_LOCKED);
	vhn_notify_report(&q->n, &stats);
	KUNIT_EXPECT_EQ(test, stats.refused, 2);
}

static void a_guest_that_does_not_know_coalescing_has_the_hosts_values(struct kunit *test)
{
	start_split(test, false);
	set(VHN_COAL_HOST, 4, 1000);
	publish(3);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
	vhn_notify_set_guest(&q->n, false);
	publish(3);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
	publish(1);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 2);
}

/* The clock is read only where somebody needs it. */
static void the_clock_stands_still_while_nothing_is_held(struct kunit *test)
{
	start_split(test, false);
	KUNIT_EXPECT_EQ(test, vhn_notify_clock(&q->n), 0);
	set(VHN_COAL_QUEUE, 4, 1000);
	KUNIT_EXPECT_NE(test, vhn_notify_clock(&q->n), 0);
	/* A batch that began before has no time: it is taken as it comes. */
	mutex_lock(&q->mutex);
	test_ring_use(q->ring, 1);
	vhn_notify_packets(&q->n, 1, 0);
	mutex_unlock(&q->mutex);
	msleep(20);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
}

/* --- what the host's operator does ---------------------------------------------------- */

static void an_edit_is_in_force_at_once(struct kunit *test)
{
	const struct vhn_policy_edit lower = {
		.parts = VHN_EDIT_LIMIT_PACKETS,
		.limit = { .max_packets = 2 },
	};
	const struct vhn_policy_edit raise = { .parts = VHN_EDIT_LIMIT_PACKETS };
	struct vhn_coal_state state;

	start_split(test, false);
	set(VHN_COAL_QUEUE, 100, 500000);
	publish(3);
	KUNIT_EXPECT_TRUE(test, vhn_notify_edit(&q->n, &lower));
	KUNIT_EXPECT_FALSE(test, vhn_notify_edit(&q->n, &lower));
	msleep(20);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
	vhn_notify_get(&q->n, &state);
	KUNIT_EXPECT_EQ(test, state.effective.max_packets, 2);
	KUNIT_EXPECT_EQ(test, state.effective.max_usecs, 500000);
	KUNIT_EXPECT_TRUE(test, vhn_notify_edit(&q->n, &raise));
	vhn_notify_get(&q->n, &state);
	KUNIT_EXPECT_EQ(test, state.effective.max_packets, 100);
}

static void who_changes_nothing_is_told(struct kunit *test)
{
	struct vhn_coal_set same = {
		.target = VHN_COAL_DIRECTION,
		.params = { .max_packets = 5, .max_usecs = 50 },
	};

	KUNIT_EXPECT_EQ(test, vhn_notify_set(&q->n, &same), 1);
	KUNIT_EXPECT_EQ(test, vhn_notify_set(&q->n, &same), 0);
	KUNIT_EXPECT_FALSE(test, vhn_notify_reset(&q->n, VHN_RESET_QUEUE));
	KUNIT_EXPECT_TRUE(test, vhn_notify_reset(&q->n, VHN_RESET_DEVICE));
	KUNIT_EXPECT_FALSE(test, vhn_notify_set_guest(&q->n, true));
	KUNIT_EXPECT_TRUE(test, vhn_notify_set_guest(&q->n, false));
}

/* --- what gets lost ------------------------------------------------------------------- */

static u32 looks;

static void look_at_the_ring(struct vhn_work *work)
{
	looks++;
}

static void expect_stalls(struct kunit *test, u64 n)
{
	struct vhn_vring_stats stats;

	vhn_notify_report(&q->n, &stats);
	KUNIT_EXPECT_EQ(test, stats.stalls, n);
}

static void a_queue_whose_timer_was_lost_is_set_going_again(struct kunit *test)
{
	struct vhn_stall_view view;
	struct vhn_work work;

	looks = 0;
	vhn_work_init(&work, look_at_the_ring);
	start_split(test, false);
	set(VHN_COAL_QUEUE, 100, 1000);
	publish(3);
	hrtimer_cancel(&q->n.timer);
	msleep(20);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 0);
	vhn_notify_view(&q->n, &view);
	KUNIT_EXPECT_TRUE(test, view.running);
	KUNIT_EXPECT_EQ(test, view.pending, 3);
	KUNIT_EXPECT_LT(test, view.first + view.hold, ktime_get_ns());

	vhn_notify_revive(&q->n, &work, true);
	vhn_notify_revive(&q->n, &work, false);
	vhn_worker_flush(q->attachment.worker);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
	KUNIT_EXPECT_GE(test, looks, 1);
	vhn_notify_view(&q->n, &view);
	KUNIT_EXPECT_EQ(test, view.pending, 0);
	expect_stalls(test, 1);
}

static void a_closed_queue_is_not_set_going(struct kunit *test)
{
	struct vhn_work work;

	looks = 0;
	vhn_work_init(&work, look_at_the_ring);
	start_split(test, false);
	vhn_notify_close(&q->n);
	vhn_notify_revive(&q->n, &work, true);
	vhn_worker_flush(q->attachment.worker);
	KUNIT_EXPECT_EQ(test, looks, 0);
	expect_stalls(test, 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(coal_o3_signalled_when_the_time_has_passed),
	KUNIT_CASE(coal_o3_not_a_moment_before),
	KUNIT_CASE(coal_o8_a_shorter_time_moves_the_timer),
	KUNIT_CASE(coal_o8_a_longer_time_is_waited_for),
	KUNIT_CASE(coal_o8_a_timer_that_moved_on_is_moved_as_well),
	KUNIT_CASE(coal_o8_fewer_packets_than_pending_signal_without_traffic),
	KUNIT_CASE(coal_o8_switching_off_signals_what_is_pending),
	KUNIT_CASE(ntf_d1_a_flag_suppresses_and_spends_the_batch),
	KUNIT_CASE(suppression_is_looked_at_when_the_condition_is_met),
	KUNIT_CASE(ntf_d2_every_entry_over_the_whole_index),
	KUNIT_CASE(ntf_d2_one_entry_of_each_turn),
	KUNIT_CASE(ntf_d2_once_after_70000_packets_suppressed),
	KUNIT_CASE(ntf_d2_the_whole_batch_counts),
	KUNIT_CASE(ntf_p_every_slot_over_both_wraps),
	KUNIT_CASE(ntf_p_one_slot_of_every_other_turn),
	KUNIT_CASE(ntf_p_disabled_is_disabled),
	KUNIT_CASE(a_wish_that_cannot_be_read_suppresses_nothing),
	KUNIT_CASE(without_an_eventfd_nothing_is_counted),
	KUNIT_CASE(a_flush_signals_what_is_pending_once),
	KUNIT_CASE(a_flush_from_elsewhere_is_the_workers),
	KUNIT_CASE(rst_d1_a_closed_queue_signals_once_and_then_not),
	KUNIT_CASE(vqr_d1_a_reset_queue_is_owed_nothing),
	KUNIT_CASE(coal_d5_a_reset_queue_has_its_directions_values),
	KUNIT_CASE(coal_d9_a_reset_device_has_none),
	KUNIT_CASE(refusals_change_nothing_and_are_counted),
	KUNIT_CASE(a_guest_that_does_not_know_coalescing_has_the_hosts_values),
	KUNIT_CASE(the_clock_stands_still_while_nothing_is_held),
	KUNIT_CASE(an_edit_is_in_force_at_once),
	KUNIT_CASE(who_changes_nothing_is_told),
	KUNIT_CASE(a_queue_whose_timer_was_lost_is_set_going_again),
	KUNIT_CASE(a_closed_queue_is_not_set_going),
	{}
};

static struct kunit_suite vhn_notify_suite = {
	.name = "vhn_notify",
	.suite_init = virtual_time_init,
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(vhn_notify_suite);
