/* SPDX-License-Identifier: GPL-2.0-only */
/* The hash of a flow (spec 5.3), as the host module has it in toeplitz.c. */
#ifndef _TOEPLITZ_BPF_H
#define _TOEPLITZ_BPF_H

#include "flow.bpf.h"
#include "steering.h"

__noinline __u32 toeplitz(const struct steering_rule *rule, const struct flow *flow)
{
	const __u8 *key;
	__u32 hash = 0;
	__u64 window;
	__u32 i;
	int bit;

	if (!rule || !flow)
		return 0;
	key = rule->key;
	/* What of the key stands at the input's bit, and the byte that comes next. */
	window = (__u64)key[0] << 32 | (__u64)key[1] << 24 | key[2] << 16 | key[3] << 8 | key[4];
	for (i = 0; i < sizeof(flow->input); i++) {
		if (i >= flow->len)
			break;
		/* No branches: the verifier would follow each. */
		for (bit = 7; bit >= 0; bit--)
			hash ^= (__u32)(window >> (bit + 1)) & -(flow->input[i] >> bit & 1U);
		window = window << 8 | (i + 5 < VHN_HASH_KEY_LEN ? key[i + 5] : 0);
	}
	return hash;
}

#endif /* _TOEPLITZ_BPF_H */
