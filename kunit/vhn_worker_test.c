// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/worker.c: work is done once, in order, and none of it is lost.
 */
#include <kunit/test.h>
#include <linux/delay.h>

#include "../drivers/vhost/worker.h"
#include "user_memory.h"

#define ITEMS	3

/**
 * struct item - work that takes down when it was done
 * @work: the work
 * @times: it was done
 * @again: it queues itself so many times more
 * @order: its place among all that was done, the last time
 */
struct item {
	struct vhn_work work;
	u32 times;
	u32 again;
	u32 order;
};

struct bench {
	struct vhn_worker worker;
	struct item items[ITEMS];
	u32 done;
};

static struct bench *b;

static void run(struct vhn_work *work)
{
	struct item *item = container_of(work, struct item, work);

	item->times++;
	item->order = ++b->done;
	if (item->again) {
		item->again--;
		vhn_worker_queue(&b->worker, work);
	}
}

static int setup(struct kunit *test)
{
	u32 i;

	user_memory = (struct user_memory){};
	user_cgroup_error = 0;
	b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b);
	for (i = 0; i < ITEMS; i++)
		vhn_work_init(&b->items[i].work, run);
	return 0;
}

static void teardown(struct kunit *test)
{
	if (b)
		vhn_worker_stop(&b->worker);
}

static void start(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, vhn_worker_start(&b->worker), 0);
}

static void work_is_done_in_order(struct kunit *test)
{
	u32 i;

	start(test);
	for (i = 0; i < ITEMS; i++)
		vhn_worker_queue(&b->worker, &b->items[i].work);
	KUNIT_EXPECT_EQ(test, b->done, 0);
	vhn_worker_flush(&b->worker);
	for (i = 0; i < ITEMS; i++)
		KUNIT_EXPECT_EQ(test, b->items[i].order, i + 1);
}

static void work_that_waits_is_done_once(struct kunit *test)
{
	start(test);
	vhn_worker_queue(&b->worker, &b->items[0].work);
	vhn_worker_queue(&b->worker, &b->items[0].work);
	vhn_worker_flush(&b->worker);
	KUNIT_EXPECT_EQ(test, b->items[0].times, 1);
	vhn_worker_run(&b->worker, &b->items[0].work);
	KUNIT_EXPECT_EQ(test, b->items[0].times, 2);
}

/* It may queue itself while it runs, and others get their turn. */
static void work_may_ask_for_more(struct kunit *test)
{
	start(test);
	b->items[0].again = 5;
	vhn_worker_queue(&b->worker, &b->items[0].work);
	vhn_worker_queue(&b->worker, &b->items[1].work);
	msleep(20);
	KUNIT_EXPECT_EQ(test, b->items[0].times, 6);
	KUNIT_EXPECT_EQ(test, b->items[1].order, 2);
}

static void what_is_queued_is_done_before_the_end(struct kunit *test)
{
	start(test);
	vhn_worker_queue(&b->worker, &b->items[0].work);
	vhn_worker_stop(&b->worker);
	KUNIT_EXPECT_EQ(test, b->items[0].times, 1);
	KUNIT_EXPECT_NULL(test, b->worker.task);
}

static void without_a_thread_nothing_happens(struct kunit *test)
{
	vhn_worker_run(&b->worker, &b->items[0].work);
	vhn_worker_flush(&b->worker);
	vhn_worker_stop(&b->worker);
	KUNIT_EXPECT_EQ(test, b->done, 0);
}

static void control_groups_that_refuse_leave_no_thread(struct kunit *test)
{
	user_cgroup_error = -ENOSPC;
	KUNIT_EXPECT_EQ(test, vhn_worker_start(&b->worker), -ENOSPC);
	KUNIT_EXPECT_NULL(test, b->worker.task);
	user_cgroup_error = 0;
	start(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(work_is_done_in_order),
	KUNIT_CASE(work_that_waits_is_done_once),
	KUNIT_CASE(work_may_ask_for_more),
	KUNIT_CASE(what_is_queued_is_done_before_the_end),
	KUNIT_CASE(without_a_thread_nothing_happens),
	KUNIT_CASE(control_groups_that_refuse_leave_no_thread),
	{}
};

static struct kunit_suite vhn_worker_suite = {
	.name = "vhn_worker",
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(vhn_worker_suite);
