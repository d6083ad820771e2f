/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hash of a flow. Pure, like coal.h.
 */
#ifndef _VHN_TOEPLITZ_H
#define _VHN_TOEPLITZ_H

#include <linux/types.h>

#include "flow_format.h"

/* Of four bits each. */
#define VHN_TOEPLITZ_PARTS	(2 * VHN_FLOW_INPUT_MAX)

/**
 * struct vhn_toeplitz - a key, prepared
 * @sum: by part of the input and value of its four bits: what they add to the hash
 */
struct vhn_toeplitz {
	u32 sum[VHN_TOEPLITZ_PARTS][16];
};

void vhn_toeplitz_prepare(struct vhn_toeplitz *t, const u8 *key);
u32 vhn_toeplitz_hash(const struct vhn_toeplitz *t, const u8 *input, u32 len);

#endif /* _VHN_TOEPLITZ_H */
