/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hash of a flow. Pure, like coal.h.
 */
#ifndef _VHN_TOEPLITZ_H
#define _VHN_TOEPLITZ_H

#include <linux/types.h>

u32 vhn_toeplitz(const u8 *key, const u8 *input, u32 len);

#endif /* _VHN_TOEPLITZ_H */
