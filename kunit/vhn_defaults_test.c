// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/defaults.c: what a new file begins with.
 */
#include <kunit/test.h>

#include "../drivers/vhost/defaults.h"
#include "../drivers/vhost/policy.h"
#include "parameter.h"

static const struct vhn_policy_edit initial = {
	.parts = VHN_EDIT_HOST_PACKETS | VHN_EDIT_HOST_USECS | VHN_EDIT_LIMIT_PACKETS |
		 VHN_EDIT_LIMIT_USECS | VHN_EDIT_LOCKED,
};

static int setup(struct kunit *test)
{
	vhn_defaults_lock();
	return 0;
}

static void teardown(struct kunit *test)
{
	u32 i;

	for (i = 0; i < VHN_NR_VRINGS; i++)
		vhn_defaults_edit(i, &initial);
	vhn_defaults_unlock();
}

static void expect(struct kunit *test, const struct vhn_coal_params *params, u32 packets, u32 usecs)
{
	KUNIT_EXPECT_EQ(test, params->max_packets, packets);
	KUNIT_EXPECT_EQ(test, params->max_usecs, usecs);
}

static void without_parameters_nothing_is_held_and_nothing_forbidden(struct kunit *test)
{
	struct vhn_policy p;
	u32 i;

	for (i = 0; i < VHN_NR_VRINGS; i++) {
		vhn_defaults_get(i, &p);
		expect(test, &p.host, 0, 0);
		expect(test, &p.limit, U32_MAX, vhn_max_usecs());
		KUNIT_EXPECT_FALSE(test, p.locked);
		KUNIT_EXPECT_FALSE(test, p.guest);
	}
}

static void what_is_changed_stays_and_what_is_not_does_too(struct kunit *test)
{
	const struct vhn_policy_edit one = {
		.parts = VHN_EDIT_HOST_PACKETS | VHN_EDIT_LIMIT_USECS | VHN_EDIT_LOCKED,
		.host = { .max_packets = 32, .max_usecs = 999 },
		.limit = { .max_packets = 999, .max_usecs = 100 },
		.locked = true,
	};
	const struct vhn_policy_edit other = {
		.parts = VHN_EDIT_HOST_USECS,
		.host = { .max_packets = 999, .max_usecs = 50 },
	};
	struct vhn_policy p;

	KUNIT_EXPECT_TRUE(test, vhn_defaults_edit(VHN_VRING_RX, &one));
	KUNIT_EXPECT_FALSE(test, vhn_defaults_edit(VHN_VRING_RX, &one));
	KUNIT_EXPECT_TRUE(test, vhn_defaults_edit(VHN_VRING_RX, &other));
	vhn_defaults_get(VHN_VRING_RX, &p);
	expect(test, &p.host, 32, 50);
	expect(test, &p.limit, U32_MAX, 100);
	KUNIT_EXPECT_TRUE(test, p.locked);
	vhn_defaults_get(VHN_VRING_TX, &p);
	expect(test, &p.host, 0, 0);
	KUNIT_EXPECT_FALSE(test, p.locked);
}

static void zero_is_the_built_in_limit_again(struct kunit *test)
{
	struct vhn_policy_edit edit = {
		.parts = VHN_EDIT_LIMIT_PACKETS | VHN_EDIT_LIMIT_USECS,
		.limit = { .max_packets = 8, .max_usecs = 80 },
	};
	struct vhn_policy p;

	KUNIT_EXPECT_TRUE(test, vhn_defaults_edit(VHN_VRING_TX, &edit));
	vhn_defaults_get(VHN_VRING_TX, &p);
	expect(test, &p.limit, 8, 80);
	edit.limit = (struct vhn_coal_params){};
	KUNIT_EXPECT_TRUE(test, vhn_defaults_edit(VHN_VRING_TX, &edit));
	vhn_defaults_get(VHN_VRING_TX, &p);
	expect(test, &p.limit, U32_MAX, vhn_max_usecs());
}

static const struct parameter_text longest[] = {
	{ "0", -EINVAL },
	{ "1", 0 },
	{ "1000001", -EINVAL },
	{ "-1", -EINVAL },
	{ "4294967297", -ERANGE },
	{ "1000000", 0 },
};

/* No packet is held for more than a second, whoever loads the module. */
static void the_longest_time_is_a_parameter(struct kunit *test)
{
	parameter_expect(test, "max_usecs", longest, ARRAY_SIZE(longest));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(without_parameters_nothing_is_held_and_nothing_forbidden),
	KUNIT_CASE(what_is_changed_stays_and_what_is_not_does_too),
	KUNIT_CASE(zero_is_the_built_in_limit_again),
	KUNIT_CASE(the_longest_time_is_a_parameter),
	{}
};

static struct kunit_suite vhn_defaults_suite = {
	.name = "vhn_defaults",
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(vhn_defaults_suite);
