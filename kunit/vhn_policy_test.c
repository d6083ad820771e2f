// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/policy.c: whose parameters are in force.
 */
#include <kunit/test.h>

#include "../drivers/vhost/policy.h"

#define MOST	1000	/* microseconds, the built-in limit here */

static int setup(struct kunit *test)
{
	const struct vhn_coal_params host = { .max_packets = 7, .max_usecs = 70 };
	struct vhn_policy *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	vhn_policy_init(p, host, MOST);
	test->priv = p;
	return 0;
}

static int set(struct vhn_policy *p, u32 target, u32 packets, u32 usecs, u32 flags)
{
	const struct vhn_coal_set set = {
		.target = target,
		.params = { .max_packets = packets, .max_usecs = usecs },
		.flags = flags,
	};

	return vhn_policy_set(p, &set, MOST);
}

static void expect(struct kunit *test, u32 packets, u32 usecs)
{
	struct vhn_coal_params now = vhn_policy_effective(test->priv);

	KUNIT_EXPECT_EQ(test, now.max_packets, packets);
	KUNIT_EXPECT_EQ(test, now.max_usecs, usecs);
}

static void the_guest_decides_once_it_knows_coalescing(struct kunit *test)
{
	struct vhn_policy *p = test->priv;

	expect(test, 7, 70);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_QUEUE, 3, 30, 0), 0);
	expect(test, 7, 70);
	p->guest = true;
	expect(test, 3, 30);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_HOST, 4, 40, 0), 0);
	expect(test, 3, 30);
	p->guest = false;
	expect(test, 4, 40);
}

/* COAL-D5, D6: a queue returns to its direction's values, COAL-D9: a device to none. */
static void coal_d5_d6_d9_what_a_reset_leaves(struct kunit *test)
{
	struct vhn_policy *p = test->priv;

	p->guest = true;
	expect(test, 0, 0);
	set(p, VHN_COAL_DIRECTION, 5, 50, 0);
	set(p, VHN_COAL_QUEUE, 3, 30, 0);
	expect(test, 3, 30);
	vhn_policy_reset(p, VHN_RESET_QUEUE);
	expect(test, 5, 50);
	vhn_policy_reset(p, VHN_RESET_DEVICE);
	expect(test, 0, 0);
	p->guest = false;
	expect(test, 7, 70);
}

static void limits_bound_what_is_in_force_not_what_is_remembered(struct kunit *test)
{
	struct vhn_policy *p = test->priv;

	p->guest = true;
	set(p, VHN_COAL_QUEUE, 100, 500, 0);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_LIMIT, 10, 50, 0), 0);
	expect(test, 10, 50);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_QUEUE, 11, 1, 0), -ERANGE);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_QUEUE, 1, 51, 0), -ERANGE);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_LIMIT, 0, 0, 0), 0);
	expect(test, 100, 500);
}

static void nothing_is_longer_than_the_built_in_limit(struct kunit *test)
{
	struct vhn_policy *p = test->priv;

	p->guest = true;
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_QUEUE, 1, MOST + 1, 0), -ERANGE);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_HOST, 1, MOST + 1, 0), -ERANGE);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_LIMIT, 1, MOST + 1, 0), -ERANGE);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_QUEUE, U32_MAX, MOST, 0), 0);
	expect(test, U32_MAX, MOST);
}

/* AMB-8: after an error nothing has changed. */
static void amb_8_a_refusal_changes_nothing(struct kunit *test)
{
	struct vhn_policy *p = test->priv;
	struct vhn_coal_set reserved = { .target = VHN_COAL_QUEUE, .reserved = 1 };
	struct vhn_policy before;

	p->guest = true;
	set(p, VHN_COAL_QUEUE, 3, 30, 0);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_LIMIT, 0, 0, VHN_COAL_F_LOCKED), 0);
	before = *p;
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_QUEUE, 1, 1, 0), -EPERM);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_DIRECTION, 1, 1, 0), -EPERM);
	KUNIT_EXPECT_EQ(test, set(p, 4, 1, 1, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_HOST, 1, 1, VHN_COAL_F_LOCKED), -EINVAL);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_LIMIT, 1, 1, VHN_COAL_F_GUEST), -EINVAL);
	KUNIT_EXPECT_EQ(test, vhn_policy_set(p, &reserved, MOST), -EINVAL);
	KUNIT_EXPECT_EQ(test, memcmp(p, &before, sizeof(before)), 0);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_LIMIT, 0, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, set(p, VHN_COAL_QUEUE, 1, 1, 0), 0);
}

static void an_edit_changes_what_is_in_it_alone(struct kunit *test)
{
	struct vhn_policy_edit edit = {
		.parts = VHN_EDIT_HOST_USECS | VHN_EDIT_LIMIT_PACKETS,
		.host = { .max_packets = 99, .max_usecs = 40 },
		.limit = { .max_packets = 5, .max_usecs = 1 },
		.locked = true,
	};
	struct vhn_policy *p = test->priv;

	vhn_policy_apply(p, &edit, MOST);
	expect(test, 5, 40);
	KUNIT_EXPECT_EQ(test, p->host.max_packets, 7);
	KUNIT_EXPECT_EQ(test, p->limit.max_usecs, MOST);
	KUNIT_EXPECT_FALSE(test, p->locked);
	edit.parts = VHN_EDIT_LOCKED | VHN_EDIT_LIMIT_USECS;
	vhn_policy_apply(p, &edit, MOST);
	expect(test, 5, 1);
	KUNIT_EXPECT_TRUE(test, p->locked);
	/* 0 is the built-in limit. */
	edit.parts = VHN_EDIT_LIMIT_PACKETS | VHN_EDIT_LIMIT_USECS;
	edit.limit = (struct vhn_coal_params){};
	vhn_policy_apply(p, &edit, MOST);
	expect(test, 7, 40);
}

static void policies_are_the_same_when_nothing_differs(struct kunit *test)
{
	struct vhn_policy *p = test->priv;
	u32 *words = (u32 *)p;
	struct vhn_policy other;
	size_t i;

	p->guest = true;
	set(p, VHN_COAL_DIRECTION, 3, 30, 0);
	other = *p;
	KUNIT_EXPECT_TRUE(test, vhn_policy_is_same(p, &other));
	for (i = 0; i < offsetof(struct vhn_policy, guest) / sizeof(u32); i++) {
		words[i]++;
		KUNIT_EXPECT_FALSE_MSG(test, vhn_policy_is_same(p, &other), "word %zu", i);
		words[i]--;
	}
	other.guest = false;
	KUNIT_EXPECT_FALSE(test, vhn_policy_is_same(p, &other));
	other.guest = true;
	other.locked = true;
	KUNIT_EXPECT_FALSE(test, vhn_policy_is_same(p, &other));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(the_guest_decides_once_it_knows_coalescing),
	KUNIT_CASE(coal_d5_d6_d9_what_a_reset_leaves),
	KUNIT_CASE(limits_bound_what_is_in_force_not_what_is_remembered),
	KUNIT_CASE(nothing_is_longer_than_the_built_in_limit),
	KUNIT_CASE(amb_8_a_refusal_changes_nothing),
	KUNIT_CASE(an_edit_changes_what_is_in_it_alone),
	KUNIT_CASE(policies_are_the_same_when_nothing_differs),
	{}
};

static struct kunit_suite vhn_policy_suite = {
	.name = "vhn_policy",
	.init = setup,
	.test_cases = cases,
};

kunit_test_suite(vhn_policy_suite);
