// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/log.c: which bits of a dirty log are set, and where it has to be.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/overflow.h>

#include "../drivers/vhost/log.h"
#include "../drivers/vhost/mem.h"
#include "test_ring.h"
#include "user_memory.h"

#define PAGE		4096ULL		/* of the log, whatever the host's pages are */
#define PAGES		65536UL		/* in the log, in more than one page of memory */
#define FIRST		7ULL		/* page of the guest at USER */
#define AGAIN		40000ULL	/* and another one */
#define USER		0x500000UL

struct world {
	unsigned long *bits;
	struct vhn_log log;
	struct vhn_mem *mem;
};

static struct vhn_mem *three_regions(struct kunit *test)
{
	struct vhn_mem *mem = kunit_kzalloc(test, struct_size(mem, regions, 3), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mem);
	mem->nr = 3;
	mem->regions[0] = (struct vhn_region){ FIRST * PAGE, FIRST * PAGE + 0xffff, USER };
	mem->regions[1] = (struct vhn_region){ 100 * PAGE, 101 * PAGE - 1, USER + 0x20000 };
	mem->regions[2] = (struct vhn_region){ AGAIN * PAGE, AGAIN * PAGE + 0xffff, USER };
	return mem;
}

static int setup(struct kunit *test)
{
	struct world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
	user_memory = (struct user_memory){};
	user_eventfd = (struct user_eventfd){};
	w->bits = kunit_kzalloc(test, PAGES / BITS_PER_BYTE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w->bits);
	w->log.base = (u8 __user *)w->bits;
	w->mem = three_regions(test);
	test->priv = w;
	return 0;
}

/* Exactly @n pages from @first on, and from @again on if that is not 0. */
static void expect_noted(struct kunit *test, u64 first, u64 again, u64 n)
{
	struct world *w = test->priv;
	u64 i;

	KUNIT_EXPECT_EQ(test, bitmap_weight(w->bits, PAGES), again ? 2 * n : n);
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_TRUE_MSG(test, test_bit(first + i, w->bits), "page %llu", first + i);
		if (again)
			KUNIT_EXPECT_TRUE(test, test_bit(again + i, w->bits));
	}
	bitmap_zero(w->bits, PAGES);
}

static int write_at(struct kunit *test, unsigned long user, u64 len)
{
	struct iovec iov = { .iov_base = (void __user *)user, .iov_len = len };
	struct world *w = test->priv;

	return vhn_log_buffers(&w->log, w->mem, &iov, len);
}

static void a_page_is_noted_if_a_byte_of_it_is_written(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, write_at(test, USER, 1), 0);
	expect_noted(test, FIRST, AGAIN, 1);
	KUNIT_EXPECT_EQ(test, write_at(test, USER + 4095, 1), 0);
	expect_noted(test, FIRST, AGAIN, 1);
	KUNIT_EXPECT_EQ(test, write_at(test, USER + 4095, 2), 0);
	expect_noted(test, FIRST, AGAIN, 2);
	KUNIT_EXPECT_EQ(test, write_at(test, USER + 0xffff, 1), 0);
	expect_noted(test, FIRST + 15, AGAIN + 15, 1);
	KUNIT_EXPECT_EQ(test, write_at(test, USER, 0x10000), 0);
	expect_noted(test, FIRST, AGAIN, 16);
}

static void memory_with_one_address_is_noted_once(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, write_at(test, USER + 0x20000, 4096), 0);
	expect_noted(test, 100, 0, 1);
}

static void only_what_was_written_of_the_buffers_is_noted(struct kunit *test)
{
	struct iovec iov[3] = {
		{ .iov_base = (void __user *)(USER + 0x1000), .iov_len = 12 },
		{ .iov_base = (void __user *)(USER + 0x20000), .iov_len = 100 },
		{ .iov_base = (void __user *)(USER + 0x3000), .iov_len = 100 },
	};
	struct world *w = test->priv;

	KUNIT_EXPECT_EQ(test, vhn_log_buffers(&w->log, w->mem, iov, 12), 0);
	expect_noted(test, FIRST + 1, AGAIN + 1, 1);
	KUNIT_EXPECT_EQ(test, vhn_log_buffers(&w->log, w->mem, iov, 13), 0);
	KUNIT_EXPECT_TRUE(test, test_and_clear_bit(100, w->bits));
	expect_noted(test, FIRST + 1, AGAIN + 1, 1);
	KUNIT_EXPECT_EQ(test, vhn_log_buffers(&w->log, w->mem, iov, 0), 0);
	expect_noted(test, FIRST, 0, 0);
}

static void what_is_in_no_region_is_an_error(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, write_at(test, USER - 1, 1), -EFAULT);
	KUNIT_EXPECT_EQ(test, write_at(test, USER + 0x10000, 1), -EFAULT);
	expect_noted(test, FIRST, 0, 0);
}

/* The log says where the used ring is for the guest, be it in the table or not. */
static void a_split_ring_is_where_the_log_says(struct kunit *test)
{
	struct world *w = test->priv;
	struct vhn_vring vr = { .num = 256, .event_idx = true };

	w->log.ring_addr = 50 * PAGE;
	KUNIT_EXPECT_EQ(test, vhn_log_ring(&w->log, w->mem, &vr), 0);
	expect_noted(test, 50, 0, 1);
	/* 4 + 256 * 8 + 2 bytes, of which the last is the other page's first. */
	w->log.ring_addr = 51 * PAGE - 2053;
	KUNIT_EXPECT_EQ(test, vhn_log_ring(&w->log, w->mem, &vr), 0);
	expect_noted(test, 50, 0, 2);
	w->log.ring_addr = 51 * PAGE - 2054;
	KUNIT_EXPECT_EQ(test, vhn_log_ring(&w->log, w->mem, &vr), 0);
	expect_noted(test, 50, 0, 1);
}

static void a_packed_ring_is_where_its_memory_is(struct kunit *test)
{
	struct world *w = test->priv;
	struct vhn_vring vr = {
		.num = 256,
		.packed = true,
		.slots = (struct vring_packed_desc __user *)(USER + 0x1000),
		.device_event = (struct vring_packed_desc_event __user *)(USER + 0x2000),
	};

	KUNIT_EXPECT_EQ(test, vhn_log_ring(&w->log, w->mem, &vr), 0);
	expect_noted(test, FIRST + 1, AGAIN + 1, 2);
	vr.device_event = NULL;
	KUNIT_EXPECT_EQ(test, vhn_log_ring(&w->log, w->mem, &vr), -EFAULT);
	vr.slots = NULL;
	KUNIT_EXPECT_EQ(test, vhn_log_ring(&w->log, w->mem, &vr), -EFAULT);
}

static void a_log_that_is_gone_is_an_error(struct kunit *test)
{
	struct world *w = test->priv;
	struct vhn_vring vr = { .num = 256 };
	u32 n;

	for (n = 1; n <= 4; n++) {
		user_memory = (struct user_memory){ .fault_at = n };
		KUNIT_EXPECT_EQ(test, write_at(test, USER, 2 * PAGE), -EFAULT);
		KUNIT_EXPECT_EQ(test, user_memory.accesses, n);
	}
	user_memory = (struct user_memory){ .fault_at = 1 };
	KUNIT_EXPECT_EQ(test, vhn_log_ring(&w->log, w->mem, &vr), -EFAULT);
}

static void who_listens_is_told_once_a_write(struct kunit *test)
{
	struct world *w = test->priv;
	struct vhn_vring vr = { .num = 256 };

	w->log.event = (struct eventfd_ctx *)&user_eventfd;
	KUNIT_EXPECT_EQ(test, write_at(test, USER, 2 * PAGE), 0);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 1);
	KUNIT_EXPECT_EQ(test, vhn_log_ring(&w->log, w->mem, &vr), 0);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 2);
	KUNIT_EXPECT_EQ(test, write_at(test, 0, 1), -EFAULT);
	KUNIT_EXPECT_EQ(test, user_eventfd.signals, 2);
}

/* What is not logged needs no place. */
static void the_log_covers_all_that_it_is_for(struct kunit *test)
{
	struct world *w = test->priv;
	struct vhn_vring vr = { .num = 256 };
	const void *base = w->bits;

	user_memory.beyond = base;
	KUNIT_EXPECT_TRUE(test, vhn_log_accessible(&w->log, w->mem, &vr));
	w->log.buffers = true;
	user_memory.beyond = base + (AGAIN + 15) / 8;
	KUNIT_EXPECT_FALSE(test, vhn_log_accessible(&w->log, w->mem, &vr));
	user_memory.beyond++;
	KUNIT_EXPECT_TRUE(test, vhn_log_accessible(&w->log, w->mem, &vr));

	w->log.ring = true;
	w->log.ring_addr = (AGAIN + 16) * PAGE;
	KUNIT_EXPECT_FALSE(test, vhn_log_accessible(&w->log, w->mem, &vr));
	user_memory.beyond++;
	KUNIT_EXPECT_TRUE(test, vhn_log_accessible(&w->log, w->mem, &vr));
	vr.packed = true;
	user_memory.beyond--;
	KUNIT_EXPECT_TRUE(test, vhn_log_accessible(&w->log, w->mem, &vr));
}

static void places_that_wrap_around_are_none(struct kunit *test)
{
	struct world *w = test->priv;
	struct vhn_vring vr = { .num = 256 };

	w->log.ring = true;
	w->log.ring_addr = U64_MAX - 100;
	KUNIT_EXPECT_FALSE(test, vhn_log_accessible(&w->log, w->mem, &vr));
	w->log.base = (u8 __user *)(ULONG_MAX - 100);
	w->log.ring_addr = 200 * 8 * PAGE;
	KUNIT_EXPECT_FALSE(test, vhn_log_accessible(&w->log, w->mem, &vr));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_page_is_noted_if_a_byte_of_it_is_written),
	KUNIT_CASE(memory_with_one_address_is_noted_once),
	KUNIT_CASE(only_what_was_written_of_the_buffers_is_noted),
	KUNIT_CASE(what_is_in_no_region_is_an_error),
	KUNIT_CASE(a_split_ring_is_where_the_log_says),
	KUNIT_CASE(a_packed_ring_is_where_its_memory_is),
	KUNIT_CASE(a_log_that_is_gone_is_an_error),
	KUNIT_CASE(who_listens_is_told_once_a_write),
	KUNIT_CASE(the_log_covers_all_that_it_is_for),
	KUNIT_CASE(places_that_wrap_around_are_none),
	{}
};

static struct kunit_suite vhn_log_suite = {
	.name = "vhn_log",
	.init = setup,
	.test_cases = cases,
};

kunit_test_suite(vhn_log_suite);
