// SPDX-License-Identifier: GPL-2.0-only
/*
 * Toeplitz (spec 5.3): the sum, without carry, of the 32 bits of the key that begin where
 * a bit of the input is set. What four of its bits add is looked up.
 */
#ifdef __KERNEL__
#include <linux/build_bug.h>
#else
#include <assert.h>
#endif
#include <linux/vhost_net_coal.h>

#include "flow_format.h"
#include "toeplitz.h"

/* The last bit of the input sees 32 bits of the key, as the first does. */
static_assert(VHN_FLOW_INPUT_MAX + sizeof(u32) == VHN_HASH_KEY_LEN);

/* The 32 bits of the key that begin at a bit. */
static u32 window(const u8 *key, u32 bit)
{
	const u8 *from = key + bit / 8;
	u64 bytes = (u64)from[0] << 32 | (u64)from[1] << 24 | from[2] << 16 | from[3] << 8 |
		    from[4];

	return (u32)(bytes >> (8 - bit % 8));
}

/**
 * vhn_toeplitz_prepare() - what every four bits of an input may add to the hash
 * @t: filled in
 * @key: VHN_HASH_KEY_LEN bytes
 */
void vhn_toeplitz_prepare(struct vhn_toeplitz *t, const u8 *key)
{
	u32 i, bit, value;

	for (i = 0; i < VHN_TOEPLITZ_PARTS; i++) {
		t->sum[i][0] = 0;
		for (bit = 0; bit < 4; bit++)
			for (value = 0; value < 1U << bit; value++)
				t->sum[i][1 << bit | value] =
					t->sum[i][value] ^ window(key, 4 * i + 3 - bit);
	}
}

/**
 * vhn_toeplitz_hash() - hash of an input
 * @t: prepared
 * @input: addresses and ports in network order
 * @len: bytes of it, up to VHN_FLOW_INPUT_MAX
 *
 * Return: the hash.
 */
u32 vhn_toeplitz_hash(const struct vhn_toeplitz *t, const u8 *input, u32 len)
{
	u32 hash = 0;
	u32 i;

	for (i = 0; i < len; i++)
		hash ^= t->sum[2 * i][input[i] >> 4] ^ t->sum[2 * i + 1][input[i] & 15];
	return hash;
}
