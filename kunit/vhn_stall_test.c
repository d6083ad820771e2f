// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/stall.c: what is left lying is found, once, and what is merely slow is not.
 */
#include <kunit/test.h>

#include "../drivers/vhost/stall.h"

#define SECOND	1000000000ULL
#define HOLD	50000ULL

static const struct vhn_stall_view idle = { .running = true };

static const struct vhn_stall_view pending = {
	.running = true,
	.pending = 3,
	.first = SECOND,
	.hold = HOLD,
};

static const struct vhn_stall_view kicked = { .running = true, .kicked = true, .turn = 7 };

static int setup(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct vhn_stall), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, test->priv);
	return 0;
}

/* The look @n, of one each second from the third on. */
static struct vhn_stall_verdict look(struct kunit *test, const struct vhn_stall_view *view, u32 n)
{
	return vhn_stall_judge(test->priv, view, (3 + n) * SECOND);
}

static void expect(struct kunit *test, const struct vhn_stall_view *view, u32 n,
		   enum vhn_stall_kind kind, bool fresh)
{
	struct vhn_stall_verdict verdict = look(test, view, n);

	KUNIT_EXPECT_EQ_MSG(test, verdict.kind, kind, "look %u", n);
	KUNIT_EXPECT_EQ_MSG(test, verdict.fresh, fresh, "look %u", n);
}

static void expect_none(struct kunit *test, const struct vhn_stall_view *view, u32 n)
{
	expect(test, view, n, VHN_STALL_NONE, false);
}

static void an_idle_queue_has_not_stalled(struct kunit *test)
{
	u32 i;

	for (i = 0; i < 10; i++)
		expect_none(test, &idle, i);
}

static void told_once_and_cured_for_as_long_as_it_lies(struct kunit *test)
{
	const struct vhn_stall_view *views[] = { &pending, &kicked };
	const enum vhn_stall_kind kinds[] = { VHN_STALL_PENDING, VHN_STALL_KICK };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(views); i++) {
		expect_none(test, views[i], 0);
		expect_none(test, views[i], 1);
		expect(test, views[i], 2, kinds[i], true);
		expect(test, views[i], 3, kinds[i], false);
		expect(test, views[i], 4, kinds[i], false);
		expect_none(test, &idle, 5);
	}
}

static void the_same_again_is_another_episode(struct kunit *test)
{
	u32 i;

	for (i = 0; i < 3; i++)
		look(test, &kicked, i);
	expect_none(test, &idle, 3);
	expect_none(test, &kicked, 4);
	expect_none(test, &kicked, 5);
	expect(test, &kicked, 6, VHN_STALL_KICK, true);
}

/* A queue under load is seen with something to do in every look, never with the same. */
static void what_goes_on_has_not_stalled(struct kunit *test)
{
	u32 i;

	for (i = 0; i < 10; i++) {
		struct vhn_stall_view view = pending;

		view.kicked = true;
		view.turn = i;
		view.first = (3 + i) * SECOND - 2 * HOLD;
		expect_none(test, &view, i);
		view.pending = 0;
		expect_none(test, &view, i);
	}
}

static void what_may_still_wait_has_not_stalled(struct kunit *test)
{
	struct vhn_stall_view view = pending;
	u32 i;

	view.hold = 10 * SECOND;
	for (i = 0; i <= 8; i++)
		expect_none(test, &view, i);
	expect_none(test, &view, 9);
	expect_none(test, &view, 10);
	expect(test, &view, 11, VHN_STALL_PENDING, true);
}

static void a_limit_that_is_lowered_begins_no_other_episode(struct kunit *test)
{
	struct vhn_stall_view view = pending;
	u32 i;

	for (i = 0; i < 3; i++)
		look(test, &view, i);
	view.hold = 0;
	expect(test, &view, 3, VHN_STALL_PENDING, false);
}

static void a_queue_that_does_not_run_has_not_stalled(struct kunit *test)
{
	struct vhn_stall_view stopped = pending;
	u32 i;

	stopped.running = false;
	stopped.kicked = true;
	for (i = 0; i < 5; i++)
		expect_none(test, &stopped, i);
	/* Nor is what was seen before held against it. */
	look(test, &pending, 5);
	look(test, &pending, 6);
	expect_none(test, &stopped, 7);
	expect_none(test, &pending, 8);
	expect_none(test, &pending, 9);
	expect(test, &pending, 10, VHN_STALL_PENDING, true);
}

/* A long time between two looks is the machine's, not the worker's. */
static void a_machine_that_stood_still_has_not_stalled(struct kunit *test)
{
	struct vhn_stall *s = test->priv;

	KUNIT_EXPECT_EQ(test, vhn_stall_judge(s, &pending, 3 * SECOND).kind, VHN_STALL_NONE);
	KUNIT_EXPECT_EQ(test, vhn_stall_judge(s, &pending, 3600 * SECOND).kind, VHN_STALL_NONE);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(an_idle_queue_has_not_stalled),
	KUNIT_CASE(told_once_and_cured_for_as_long_as_it_lies),
	KUNIT_CASE(the_same_again_is_another_episode),
	KUNIT_CASE(what_goes_on_has_not_stalled),
	KUNIT_CASE(what_may_still_wait_has_not_stalled),
	KUNIT_CASE(a_limit_that_is_lowered_begins_no_other_episode),
	KUNIT_CASE(a_queue_that_does_not_run_has_not_stalled),
	KUNIT_CASE(a_machine_that_stood_still_has_not_stalled),
	{}
};

static struct kunit_suite vhn_stall_suite = {
	.name = "vhn_stall",
	.init = setup,
	.test_cases = cases,
};

kunit_test_suite(vhn_stall_suite);
