// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chooses the receive queue of a frame on its way into the guest: attached to a tap
 * with TUNSETSTEERINGEBPF. The tap takes the result modulo the queues it has, so that
 * nothing here can lead astray.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

/* Pairs of queues the driver uses (CTRL-D9); at least 1. Written by the process. */
__u32 active_pairs = 1;

SEC("socket")
int steer(struct __sk_buff *skb)
{
	__u32 pairs = active_pairs;

	if (pairs < 2)
		return 0;
	return skb->hash % pairs;
}

char LICENSE[] SEC("license") = "GPL";
