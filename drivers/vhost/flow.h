/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of a packet is hashed. Pure, like coal.h.
 */
#ifndef _VHN_FLOW_H
#define _VHN_FLOW_H

#include <linux/types.h>

#include "flow_format.h"
#include "toeplitz.h"

/**
 * struct vhn_flow - input of the hash
 * @report: VIRTIO_NET_HASH_REPORT_*; NONE: nothing is hashed
 * @len: bytes in @input
 * @input: addresses and ports in network order
 */
struct vhn_flow {
	u16 report;
	u16 len;
	u8 input[VHN_FLOW_INPUT_MAX];
};

void vhn_flow_parse(const u8 *frame, u32 len, u32 types, struct vhn_flow *flow);

#endif /* _VHN_FLOW_H */
