// SPDX-License-Identifier: GPL-2.0-only
/*
 * Toeplitz (spec 5.3): the sum, without carry, of the 32 bits of the key that begin where
 * a bit of the input is set.
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

/**
 * vhn_toeplitz() - hash of an input
 * @key: VHN_HASH_KEY_LEN bytes
 * @input: addresses and ports in network order
 * @len: bytes of it, up to VHN_FLOW_INPUT_MAX
 *
 * Return: the hash.
 */
u32 vhn_toeplitz(const u8 *key, const u8 *input, u32 len)
{
	/* What of the key stands at the input's bit, and the byte that comes next. */
	u64 window = (u64)key[0] << 32 | (u64)key[1] << 24 | key[2] << 16 | key[3] << 8 | key[4];
	u32 hash = 0;
	u32 i;
	int bit;

	for (i = 0; i < len; i++) {
		for (bit = 7; bit >= 0; bit--) {
			if (input[i] >> bit & 1)
				hash ^= (u32)(window >> (bit + 1));
		}
		window = window << 8 | (i + 5 < VHN_HASH_KEY_LEN ? key[i + 5] : 0);
	}
	return hash;
}
