// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/suppress.h: the rules over all that a driver may write.
 */
#include <kunit/test.h>

#include "../drivers/vhost/suppress.h"

static void ntf_d1_bit_0_alone(struct kunit *test)
{
	u32 flags;

	for (flags = 0; flags <= U16_MAX; flags++)
		KUNIT_ASSERT_EQ(test, vhn_flag_suppresses(flags), flags & 1);
}

/* From the end of the index and its beginning: each entry that may be waited for, and
 * batches of all sizes that a ring can have.
 */
static void ntf_d2_every_entry_and_batch(struct kunit *test)
{
	static const u16 starts[] = { 0, 0x7fff, 0xff80, 0xffff };
	u32 i, size, distance, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(starts); i++)
		for (size = 0; size <= 256; size++)
			for (distance = 0; distance <= U16_MAX; distance++)
				wrong += vhn_event_suppresses(starts[i] + distance, starts[i],
							      starts[i] + size) ==
					 (distance < size);
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static void ntf_d2_example_c(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, vhn_event_suppresses(11, 10, 14));
	KUNIT_EXPECT_FALSE(test, vhn_event_suppresses(10, 10, 14));
	KUNIT_EXPECT_FALSE(test, vhn_event_suppresses(13, 10, 14));
	KUNIT_EXPECT_TRUE(test, vhn_event_suppresses(14, 10, 14));
	KUNIT_EXPECT_TRUE(test, vhn_event_suppresses(9, 10, 14));
	KUNIT_EXPECT_TRUE(test, vhn_event_suppresses(20, 10, 14));
	KUNIT_EXPECT_TRUE(test, vhn_event_suppresses(10, 10, 10));
}

/* The place @n slots on from another one, counted one by one. */
static u16 step(u16 place, u32 n, u32 num)
{
	while (n--) {
		place++;
		if ((place & VHN_POSITION_SLOT) == num)
			place = (place & VHN_POSITION_WRAP) ^ VHN_POSITION_WRAP;
	}
	return place;
}

/* Batches of a size: how many of the slots that may be waited for are judged wrongly. */
static u32 wrong_about_slots(u16 old, u32 size, u32 num)
{
	u16 new = step(old, size, num);
	u32 distance, wrong = 0;

	for (distance = 0; distance < 2 * num; distance++) {
		u16 event = step(old, distance, num);

		wrong += vhn_packed_event_suppresses(event, old, new, num) == (distance < size);
	}
	return wrong;
}

static void ntf_p_every_slot_and_batch(struct kunit *test)
{
	static const u32 sizes[] = { 1, 2, 3, 7, 16 };
	u32 i, num, start, size, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		num = sizes[i];
		for (start = 0; start < 2 * num; start++) {
			u16 old = step(0, start, num);

			for (size = 0; size < 2 * num; size++)
				wrong += wrong_about_slots(old, size, num);
		}
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static void ntf_p_a_slot_that_does_not_exist_is_never_used(struct kunit *test)
{
	u32 event;

	for (event = 0; event <= U16_MAX; event++)
		if ((event & VHN_POSITION_SLOT) >= 5)
			KUNIT_ASSERT_TRUE(test, vhn_packed_event_suppresses(event, 0, 4, 5));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(ntf_d1_bit_0_alone),
	KUNIT_CASE(ntf_d2_every_entry_and_batch),
	KUNIT_CASE(ntf_d2_example_c),
	KUNIT_CASE(ntf_p_every_slot_and_batch),
	KUNIT_CASE(ntf_p_a_slot_that_does_not_exist_is_never_used),
	{}
};

static struct kunit_suite vhn_suppress_suite = {
	.name = "vhn_suppress",
	.test_cases = cases,
};

kunit_test_suite(vhn_suppress_suite);
