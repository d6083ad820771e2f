// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/worker.c: work is done once, in order, and none of it is lost.
 */
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>

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
	vhn_worker_queue(&b->worker, &b->items[0].work);
	vhn_worker_flush(&b->worker);
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

/* --- files watched --------------------------------------------------------------------- */

/**
 * struct watched - a file that is ready when the test says so, and what watches it
 * @head: of its wait queue
 * @ready: what it is ready for
 * @poll: watches it
 * @woken: times that counted
 */
struct watched {
	wait_queue_head_t head;
	__poll_t ready;
	struct vhn_poll poll;
	u32 woken;
};

static __poll_t poll_file(struct file *file, poll_table *table)
{
	struct watched *w = file->private_data;

	poll_wait(file, &w->head, table);
	return w->ready;
}

static const struct file_operations watched_fops = { .poll = poll_file };

static void count_wakeup(struct vhn_poll *poll)
{
	container_of(poll, struct watched, poll)->woken++;
}

static struct file *open_watched(struct kunit *test, struct watched *w)
{
	struct file *file = anon_inode_getfile("watched", &watched_fops, w, O_RDWR);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	init_waitqueue_head(&w->head);
	vhn_poll_init(&w->poll, EPOLLIN, count_wakeup);
	return file;
}

static void a_wakeup_counts_while_it_is_armed(struct kunit *test)
{
	struct watched w = {};
	struct file *file = open_watched(test, &w);

	KUNIT_EXPECT_EQ(test, vhn_poll_start(&w.poll, file), 0);
	KUNIT_EXPECT_EQ(test, vhn_poll_start(&w.poll, file), 0);
	wake_up_poll(&w.head, EPOLLIN);
	KUNIT_EXPECT_EQ(test, w.woken, 0);
	w.poll.armed = true;
	wake_up_poll(&w.head, EPOLLIN);
	wake_up_poll(&w.head, EPOLLOUT);
	KUNIT_EXPECT_EQ(test, w.woken, 1);
	vhn_poll_stop(&w.poll);
	vhn_poll_stop(&w.poll);
	wake_up_poll(&w.head, EPOLLIN);
	KUNIT_EXPECT_EQ(test, w.woken, 1);
	fput(file);
}

static void a_file_that_is_ready_already_wakes_at_once(struct kunit *test)
{
	struct watched w = { .ready = EPOLLIN };
	struct file *file = open_watched(test, &w);

	w.poll.armed = true;
	KUNIT_EXPECT_EQ(test, vhn_poll_start(&w.poll, file), 0);
	KUNIT_EXPECT_EQ(test, w.woken, 1);
	vhn_poll_stop(&w.poll);
	w.poll.armed = false;
	KUNIT_EXPECT_EQ(test, vhn_poll_start(&w.poll, file), 0);
	KUNIT_EXPECT_EQ(test, w.woken, 1);
	vhn_poll_stop(&w.poll);
	fput(file);
}

static void a_file_in_an_error_state_is_not_watched(struct kunit *test)
{
	struct watched w = { .ready = EPOLLIN | EPOLLERR };
	struct file *file = open_watched(test, &w);

	KUNIT_EXPECT_EQ(test, vhn_poll_start(&w.poll, file), -EINVAL);
	KUNIT_EXPECT_NULL(test, w.poll.head);
	fput(file);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(work_is_done_in_order),
	KUNIT_CASE(work_that_waits_is_done_once),
	KUNIT_CASE(work_may_ask_for_more),
	KUNIT_CASE(what_is_queued_is_done_before_the_end),
	KUNIT_CASE(without_a_thread_nothing_happens),
	KUNIT_CASE(control_groups_that_refuse_leave_no_thread),
	KUNIT_CASE(a_wakeup_counts_while_it_is_armed),
	KUNIT_CASE(a_file_that_is_ready_already_wakes_at_once),
	KUNIT_CASE(a_file_in_an_error_state_is_not_watched),
	{}
};

static struct kunit_suite vhn_worker_suite = {
	.name = "vhn_worker",
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(vhn_worker_suite);
