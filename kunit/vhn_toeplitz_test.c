// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/toeplitz.c with the vectors that everybody publishes (spec 5.3).
 */
#include <kunit/test.h>
#include <linux/inet.h>
#include <linux/vhost_net_coal.h>

#include "../drivers/vhost/toeplitz.h"

static const u8 published_key[VHN_HASH_KEY_LEN] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

struct vector {
	const char *source;
	u16 source_port;
	const char *destination;
	u16 destination_port;
	u32 addresses;
	u32 with_ports;
};

static const struct vector vectors[] = {
	{ "66.9.149.187", 2794, "161.142.100.80", 1766, 0x323e8fc2, 0x51ccc178 },
	{ "199.92.111.2", 14230, "65.69.140.83", 4739, 0xd718262a, 0xc626b0ea },
	{ "24.19.198.95", 12898, "12.22.207.184", 38024, 0xd2d0a5de, 0x5c2b394a },
	{ "38.27.205.30", 48228, "209.142.163.6", 2217, 0x82989176, 0xafc7327f },
	{ "153.39.163.191", 44251, "202.188.127.2", 1303, 0x5d1809c5, 0x10e828a2 },
	{ "3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766, 0x2cc18cd5, 0x40207d3d },
	{ "3ffe:501:8::260:97ff:fe40:efab", 14230, "ff02::1", 4739, 0x0f0c461c, 0xdde51bbf },
	{ "3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, "fe80::200:f8ff:fe21:67cf", 38024,
	  0x4b61e985, 0x02d1feef },
};

static void describe(const struct vector *v, char *text)
{
	strscpy(text, v->source, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vector, vectors, describe);

static u32 put_address(u8 *at, const char *text)
{
	if (in4_pton(text, -1, at, -1, NULL))
		return VHN_IPV4_ADDR_LEN;
	return in6_pton(text, -1, at, -1, NULL) ? VHN_IPV6_ADDR_LEN : 0;
}

static void rss_published_hashes(struct kunit *test)
{
	const struct vector *v = test->param_value;
	struct vhn_toeplitz *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	u8 input[VHN_FLOW_INPUT_MAX];
	u32 len;

	KUNIT_ASSERT_NOT_NULL(test, t);
	vhn_toeplitz_prepare(t, published_key);
	len = put_address(input, v->source);
	len += put_address(input + len, v->destination);
	KUNIT_ASSERT_GE(test, len, 2 * VHN_IPV4_ADDR_LEN);
	KUNIT_EXPECT_EQ(test, vhn_toeplitz_hash(t, input, len), v->addresses);
	put_unaligned_be16(v->source_port, input + len);
	put_unaligned_be16(v->destination_port, input + len + 2);
	KUNIT_EXPECT_EQ(test, vhn_toeplitz_hash(t, input, len + VHN_PORTS_LEN), v->with_ports);
}

/* One bit of the input adds the 32 bits of the key that begin at its place. */
static void each_bit_adds_its_part_of_the_key(struct kunit *test)
{
	struct vhn_toeplitz *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	u32 bit, k, expected;

	KUNIT_ASSERT_NOT_NULL(test, t);
	vhn_toeplitz_prepare(t, published_key);
	for (bit = 0; bit < 8 * VHN_FLOW_INPUT_MAX; bit++) {
		u8 input[VHN_FLOW_INPUT_MAX] = {};

		input[bit / 8] = 0x80 >> bit % 8;
		for (expected = 0, k = bit; k < bit + 32; k++)
			expected = expected << 1 | (published_key[k / 8] >> (7 - k % 8) & 1);
		KUNIT_ASSERT_EQ(test, vhn_toeplitz_hash(t, input, sizeof(input)), expected);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(rss_published_hashes, vector_gen_params),
	KUNIT_CASE(each_bit_adds_its_part_of_the_key),
	{}
};

static struct kunit_suite vhn_toeplitz_suite = {
	.name = "vhn_toeplitz",
	.test_cases = cases,
};

kunit_test_suite(vhn_toeplitz_suite);
