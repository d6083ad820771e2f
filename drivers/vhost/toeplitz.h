/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hash of a flow. Pure, like coal.h.
 */
#ifndef _VHN_TOEPLITZ_H
#define _VHN_TOEPLITZ_H

#include <linux/types.h>

/* IPv6 addresses and ports: the longest input. */
#define VHN_TOEPLITZ_INPUT_MAX	36
/* Bits of the key that the longest input reaches. */
#define VHN_TOEPLITZ_KEY_LEN	(VHN_TOEPLITZ_INPUT_MAX + 4)

u32 vhn_toeplitz(const u8 *key, const u8 *input, u32 len);

#endif /* _VHN_TOEPLITZ_H */
