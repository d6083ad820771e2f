// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/stats.c: each counter is where user space looks for it.
 */
#include <kunit/test.h>

#include "../drivers/vhost/stats.h"

static int setup(struct kunit *test)
{
	struct vhn_stats *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	vhn_stats_init(s);
	test->priv = s;
	return 0;
}

#define AT(counter, field)							\
	{ #field, offsetof(struct vhn_stats, counter), offsetof(struct vhn_vring_stats, field) }

struct place {
	const char *name;
	size_t counter;
	size_t field;
};

static const struct place places[] = {
	AT(packets, packets),
	AT(bytes, bytes),
	AT(kicks, kicks),
	AT(spurious_kicks, spurious_kicks),
	AT(notify[VHN_COAL_COUNT], notify_count),
	AT(notify[VHN_COAL_TIMER], notify_timer),
	AT(notify[VHN_COAL_IMMEDIATE], notify_immediate),
	AT(notify[VHN_COAL_FLUSH], notify_flush),
	AT(suppressed, suppressed),
	AT(drop_malformed, drop_malformed),
	AT(drop_truncated, drop_truncated),
	AT(drop_backend, drop_backend),
	AT(filtered[VHN_FILTER_DROP_UNICAST], drop_unicast),
	AT(filtered[VHN_FILTER_DROP_MULTICAST], drop_multicast),
	AT(filtered[VHN_FILTER_DROP_BROADCAST], drop_broadcast),
	AT(filtered[VHN_FILTER_DROP_VLAN], drop_vlan),
	AT(filtered[VHN_FILTER_DROP_OVERSIZE], drop_oversize),
};

static void describe(const struct place *p, char *text)
{
	strscpy(text, p->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(place, places, describe);

/* One counter counts: its field shows it, and no other does. */
static void a_counter_shows_in_its_field_alone(struct kunit *test)
{
	const struct place *p = test->param_value;
	struct vhn_stats *s = test->priv;
	struct vhn_vring_stats out;
	u64 *value = (void *)&out + p->field;

	vhn_stats_add(s, (void *)s + p->counter, 5);
	vhn_stats_add(s, (void *)s + p->counter, 1ULL << 30);
	vhn_stats_read(s, &out);
	KUNIT_EXPECT_EQ(test, *value, (1ULL << 30) + 5);
	*value = 0;
	KUNIT_EXPECT_NULL(test, memchr_inv(&out, 0, sizeof(out)));
}

static void all_fields_are_tested(struct kunit *test)
{
	size_t first = offsetof(struct vhn_vring_stats, packets);

	/* And @refused and @stalls, which have no u64_stats_t. */
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(places) + 2,
			(sizeof(struct vhn_vring_stats) - first) / sizeof(u64));
}

static void packets_and_bytes_move_together(struct kunit *test)
{
	struct vhn_stats *s = test->priv;
	struct vhn_vring_stats out;

	vhn_stats_packets(s, 3, 4500);
	vhn_stats_read(s, &out);
	KUNIT_EXPECT_EQ(test, out.packets, 3);
	KUNIT_EXPECT_EQ(test, out.bytes, 4500);
}

/* AMB-16: counters begin anew with the device, while their writers go on. */
static void amb_16_counters_begin_anew_at_a_device_reset(struct kunit *test)
{
	struct vhn_stats *s = test->priv;
	struct vhn_vring_stats out;

	vhn_stats_packets(s, 3, 4500);
	s->refused = 2;
	s->stalls = 3;
	vhn_stats_rebase(s);
	vhn_stats_read(s, &out);
	KUNIT_EXPECT_NULL(test, memchr_inv(&out, 0, sizeof(out)));
	vhn_stats_packets(s, 1, 60);
	s->refused++;
	s->stalls += 2;
	vhn_stats_read(s, &out);
	KUNIT_EXPECT_EQ(test, out.packets, 1);
	KUNIT_EXPECT_EQ(test, out.bytes, 60);
	KUNIT_EXPECT_EQ(test, out.refused, 1);
	KUNIT_EXPECT_EQ(test, out.stalls, 2);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(a_counter_shows_in_its_field_alone, place_gen_params),
	KUNIT_CASE(all_fields_are_tested),
	KUNIT_CASE(packets_and_bytes_move_together),
	KUNIT_CASE(amb_16_counters_begin_anew_at_a_device_reset),
	{}
};

static struct kunit_suite vhn_stats_suite = {
	.name = "vhn_stats",
	.init = setup,
	.test_cases = cases,
};

kunit_test_suite(vhn_stats_suite);
