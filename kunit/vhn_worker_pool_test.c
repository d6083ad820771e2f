// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/worker_pool.c: workers have numbers, and a virtqueue's work passes from one
 * to another without being lost, or done by the one before when that is said to be over.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/sched.h>

#include "../drivers/vhost/worker_pool.h"
#include "user_memory.h"

/**
 * struct item - work that takes down who did it
 * @work: the work
 * @again: it hands itself in so many times more
 * @meanwhile: while it is done, something is handed in for the other virtqueue
 * @by: how often each worker did it
 * @idle: whether that had nothing else to do, the last time
 */
struct item {
	struct vhn_work work;
	u32 again;
	bool meanwhile;
	u32 by[VHN_MAX_WORKERS];
	bool idle;
};

/**
 * struct bench - a device of two virtqueues
 * @pool: its workers
 * @rx: one virtqueue
 * @tx: the other
 * @item: work of @rx
 * @other: work of @tx
 */
struct bench {
	struct vhn_worker_pool pool;
	struct vhn_attachment rx;
	struct vhn_attachment tx;
	struct item item;
	struct vhn_work other;
};

static struct bench *b;

static void run(struct vhn_work *work)
{
	struct item *item = container_of(work, struct item, work);
	u32 id;

	for (id = 0; id < VHN_MAX_WORKERS; id++)
		item->by[id] += b->pool.workers[id].task == current;
	if (item->meanwhile)
		vhn_attachment_queue(&b->tx, &b->other);
	item->idle = vhn_attachment_is_idle(&b->rx);
	if (item->again) {
		item->again--;
		vhn_attachment_queue(&b->rx, work);
	}
}

static void do_nothing(struct vhn_work *work)
{
}

static int setup(struct kunit *test)
{
	user_memory = (struct user_memory){};
	user_cgroup_error = 0;
	b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b);
	vhn_attachment_init(&b->rx);
	vhn_attachment_init(&b->tx);
	vhn_work_init(&b->item.work, run);
	vhn_work_init(&b->other, do_nothing);
	return 0;
}

static void teardown(struct kunit *test)
{
	if (!b)
		return;
	vhn_attachment_clear(&b->rx, &b->pool);
	vhn_attachment_clear(&b->tx, &b->pool);
	vhn_worker_pool_stop(&b->pool);
}

/* So many workers, and both virtqueues attached to the first. */
static void start(struct kunit *test, int workers)
{
	int id;

	for (id = 0; id < workers; id++)
		KUNIT_ASSERT_EQ(test, vhn_worker_pool_add(&b->pool), id);
	KUNIT_ASSERT_EQ(test, vhn_attachment_set(&b->rx, &b->pool, 0), 0);
	KUNIT_ASSERT_EQ(test, vhn_attachment_set(&b->tx, &b->pool, 0), 0);
}

/* How often the first two workers have done it. */
static void expect_done(struct kunit *test, u32 first, u32 second)
{
	KUNIT_EXPECT_EQ(test, b->item.by[0], first);
	KUNIT_EXPECT_EQ(test, b->item.by[1], second);
}

/* --- numbers --------------------------------------------------------------------------- */

static void a_number_is_the_lowest_that_is_free(struct kunit *test)
{
	start(test, VHN_MAX_WORKERS);
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_remove(&b->pool, 1), 0);
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_remove(&b->pool, 2), 0);
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_add(&b->pool), 1);
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_add(&b->pool), 2);
}

static void there_is_a_limit(struct kunit *test)
{
	start(test, VHN_MAX_WORKERS);
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_add(&b->pool), -ENOSPC);
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_remove(&b->pool, 1), 0);
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_add(&b->pool), 1);
}

static void a_number_that_none_has_is_refused(struct kunit *test)
{
	start(test, 1);
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_remove(&b->pool, 1), -ENODEV);
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_remove(&b->pool, U32_MAX), -ENODEV);
	KUNIT_EXPECT_EQ(test, vhn_attachment_set(&b->rx, &b->pool, 1), -ENODEV);
	KUNIT_EXPECT_EQ(test, vhn_attachment_set(&b->rx, &b->pool, VHN_MAX_WORKERS), -ENODEV);
	KUNIT_EXPECT_EQ(test, vhn_attachment_id(&b->rx, &b->pool), 0);
}

static void one_that_is_attached_stays(struct kunit *test)
{
	start(test, 2);
	KUNIT_EXPECT_EQ(test, vhn_attachment_set(&b->rx, &b->pool, 1), 0);
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_remove(&b->pool, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_remove(&b->pool, 1), -EBUSY);
	KUNIT_EXPECT_EQ(test, vhn_attachment_set(&b->tx, &b->pool, 1), 0);
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_remove(&b->pool, 0), 0);
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_remove(&b->pool, 1), -EBUSY);
}

/* To be attached to the same one again is no second attachment. */
static void attachments_are_counted_once(struct kunit *test)
{
	start(test, 2);
	KUNIT_EXPECT_EQ(test, vhn_attachment_set(&b->rx, &b->pool, 1), 0);
	KUNIT_EXPECT_EQ(test, vhn_attachment_set(&b->rx, &b->pool, 1), 0);
	KUNIT_EXPECT_EQ(test, vhn_attachment_set(&b->rx, &b->pool, 0), 0);
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_remove(&b->pool, 1), 0);
}

static void control_groups_that_refuse_leave_no_worker(struct kunit *test)
{
	start(test, 1);
	user_cgroup_error = -ENOSPC;
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_add(&b->pool), -ENOSPC);
	KUNIT_EXPECT_EQ(test, vhn_attachment_set(&b->rx, &b->pool, 1), -ENODEV);
	user_cgroup_error = 0;
	KUNIT_EXPECT_EQ(test, vhn_worker_pool_add(&b->pool), 1);
}

/* --- work ------------------------------------------------------------------------------ */

static void the_worker_attached_does_the_work(struct kunit *test)
{
	start(test, 2);
	vhn_attachment_run(&b->rx, &b->item.work);
	expect_done(test, 1, 0);
	KUNIT_ASSERT_EQ(test, vhn_attachment_set(&b->rx, &b->pool, 1), 0);
	KUNIT_EXPECT_EQ(test, vhn_attachment_id(&b->rx, &b->pool), 1);
	KUNIT_EXPECT_EQ(test, vhn_attachment_id(&b->tx, &b->pool), 0);
	vhn_attachment_run(&b->rx, &b->item.work);
	expect_done(test, 1, 1);
}

static void what_was_handed_in_is_done_before_the_change_is_over(struct kunit *test)
{
	start(test, 2);
	vhn_attachment_queue(&b->rx, &b->item.work);
	expect_done(test, 0, 0);
	KUNIT_ASSERT_EQ(test, vhn_attachment_set(&b->rx, &b->pool, 1), 0);
	expect_done(test, 1, 0);
}

/* What work asks for while it is done is for the worker after that. */
static void work_that_asks_for_more_moves(struct kunit *test)
{
	start(test, 2);
	b->item.again = 5;
	vhn_attachment_queue(&b->rx, &b->item.work);
	KUNIT_ASSERT_EQ(test, vhn_attachment_set(&b->rx, &b->pool, 1), 0);
	vhn_worker_flush(&b->pool.workers[0]);
	msleep(20);
	expect_done(test, 1, 5);
}

static void without_an_owner_work_is_forgotten(struct kunit *test)
{
	vhn_attachment_queue(&b->rx, &b->item.work);
	vhn_attachment_run(&b->rx, &b->item.work);
	start(test, 1);
	vhn_worker_flush(&b->pool.workers[0]);
	expect_done(test, 0, 0);

	vhn_attachment_queue(&b->rx, &b->item.work);
	vhn_attachment_clear(&b->rx, &b->pool);
	expect_done(test, 1, 0);
	vhn_attachment_queue(&b->rx, &b->item.work);
	vhn_worker_flush(&b->pool.workers[0]);
	expect_done(test, 1, 0);
}

static void the_other_virtqueue_keeps_a_worker_of_both_from_idling(struct kunit *test)
{
	start(test, 2);
	vhn_attachment_run(&b->rx, &b->item.work);
	KUNIT_EXPECT_TRUE(test, b->item.idle);
	b->item.meanwhile = true;
	vhn_attachment_run(&b->rx, &b->item.work);
	KUNIT_EXPECT_FALSE(test, b->item.idle);
	KUNIT_ASSERT_EQ(test, vhn_attachment_set(&b->rx, &b->pool, 1), 0);
	vhn_attachment_run(&b->rx, &b->item.work);
	KUNIT_EXPECT_TRUE(test, b->item.idle);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_number_is_the_lowest_that_is_free),
	KUNIT_CASE(there_is_a_limit),
	KUNIT_CASE(a_number_that_none_has_is_refused),
	KUNIT_CASE(one_that_is_attached_stays),
	KUNIT_CASE(attachments_are_counted_once),
	KUNIT_CASE(control_groups_that_refuse_leave_no_worker),
	KUNIT_CASE(the_worker_attached_does_the_work),
	KUNIT_CASE(what_was_handed_in_is_done_before_the_change_is_over),
	KUNIT_CASE(work_that_asks_for_more_moves),
	KUNIT_CASE(without_an_owner_work_is_forgotten),
	KUNIT_CASE(the_other_virtqueue_keeps_a_worker_of_both_from_idling),
	{}
};

static struct kunit_suite vhn_worker_pool_suite = {
	.name = "vhn_worker_pool",
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(vhn_worker_pool_suite);
