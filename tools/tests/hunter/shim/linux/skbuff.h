/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory of a packet that is handed over in a batch. */
#ifndef _HUNT_LINUX_SKBUFF_H
#define _HUNT_LINUX_SKBUFF_H

#include <linux/slab.h>

#define NET_SKB_PAD		64
#define NET_IP_ALIGN		0
#define SKB_DATA_ALIGN(n)	(((n) + 63) & ~63UL)

struct skb_shared_info {
	u8 room[320];
};

struct page_frag_cache {
	void *va;
	unsigned int pagecnt_bias;
};

#define page_frag_alloc(cache, size, flags)	((void)(cache), malloc(size))
#define page_frag_free(p)			free(p)
#define virt_to_head_page(p)			(p)
#define __page_frag_cache_drain(page, count)	((void)(page), (void)(count))

#endif
