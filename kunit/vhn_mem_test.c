// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/mem.c: tables as a process hands them over, and what is found in them.
 */
#include <kunit/test.h>
#include <linux/vhost.h>

#include "../drivers/vhost/mem.h"
#include "user_memory.h"

#define MOST_REGIONS	64

struct argument {
	struct vhost_memory head;
	struct vhost_memory_region regions[MOST_REGIONS + 1];
};

static int setup(struct kunit *test)
{
	user_memory = (struct user_memory){};
	test->priv = kunit_kzalloc(test, sizeof(struct argument), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, test->priv);
	return 0;
}

static void add(struct argument *a, u64 guest, u64 size, u64 user)
{
	a->regions[a->head.nregions++] = (struct vhost_memory_region){
		.guest_phys_addr = guest,
		.memory_size = size,
		.userspace_addr = user,
	};
}

static struct vhn_mem *table(const struct argument *a)
{
	return vhn_mem_from_user((__force const struct vhost_memory __user *)&a->head,
				 MOST_REGIONS);
}

static struct vhn_mem *good_table(struct kunit *test, const struct argument *a)
{
	struct vhn_mem *mem = table(a);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mem);
	return mem;
}

static void expect_at(struct kunit *test, const struct iovec *iov, u64 user, size_t len)
{
	KUNIT_EXPECT_EQ(test, (u64)(unsigned long)iov->iov_base, user);
	KUNIT_EXPECT_EQ(test, iov->iov_len, len);
}

static void regions_are_found_in_any_order(struct kunit *test)
{
	struct argument *a = test->priv;
	struct vhn_mem *mem;
	struct iovec iov;
	u32 i;

	for (i = 0; i < MOST_REGIONS; i++) {
		u64 n = i * 37 % MOST_REGIONS;

		add(a, n << 20, 0x1000, 0x10000000 + (n << 12));
	}
	mem = good_table(test, a);
	for (i = 0; i < MOST_REGIONS; i++) {
		u64 n = i;

		KUNIT_EXPECT_EQ(test, vhn_mem_translate(mem, (n << 20) + 0xff0, 16, &iov, 1), 1);
		expect_at(test, &iov, 0x10000ff0 + (n << 12), 16);
		KUNIT_EXPECT_EQ(test, vhn_mem_translate(mem, (n << 20) + 0xff1, 16, &iov, 1),
				-EFAULT);
		KUNIT_EXPECT_EQ(test, vhn_mem_translate(mem, (n << 20) + 0x1000, 1, &iov, 1),
				-EFAULT);
	}
	vhn_mem_free(mem);
}

static void a_buffer_may_lie_in_several_regions(struct kunit *test)
{
	struct argument *a = test->priv;
	struct iovec iov[3];
	struct vhn_mem *mem;

	add(a, 0x1000, 0x1000, 0x50000);
	add(a, 0x2000, 0x1000, 0x90000);
	add(a, 0x3000, 0x1000, 0x20000);
	mem = good_table(test, a);
	KUNIT_EXPECT_EQ(test, vhn_mem_translate(mem, 0x1ff0, 0x1020, iov, 3), 3);
	expect_at(test, &iov[0], 0x50ff0, 0x10);
	expect_at(test, &iov[1], 0x90000, 0x1000);
	expect_at(test, &iov[2], 0x20000, 0x10);
	KUNIT_EXPECT_EQ(test, vhn_mem_translate(mem, 0x1ff0, 0x1020, iov, 2), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, vhn_mem_translate(mem, 0x3ff0, 0x20, iov, 3), -EFAULT);
	vhn_mem_free(mem);
}

static void the_last_byte_there_is(struct kunit *test)
{
	struct argument *a = test->priv;
	struct vhn_mem *mem;
	struct iovec iov;

	add(a, U64_MAX - 0xfff, 0x1000, 0x50000);
	mem = good_table(test, a);
	KUNIT_EXPECT_EQ(test, vhn_mem_translate(mem, U64_MAX, 1, &iov, 1), 1);
	expect_at(test, &iov, 0x50fff, 1);
	KUNIT_EXPECT_EQ(test, vhn_mem_translate(mem, U64_MAX, 2, &iov, 1), -EFAULT);
	vhn_mem_free(mem);
}

static void nothing_is_found_in_an_empty_table(struct kunit *test)
{
	struct vhn_mem *mem = vhn_mem_empty();
	struct iovec iov;

	KUNIT_ASSERT_NOT_NULL(test, mem);
	KUNIT_EXPECT_EQ(test, vhn_mem_translate(mem, 0, 1, &iov, 1), -EFAULT);
	vhn_mem_free(mem);
	vhn_mem_free(NULL);
}

static void regions_that_are_refused(struct kunit *test)
{
	struct argument *a = test->priv;

	add(a, 0x1000, 0x1001, 0x50000);
	add(a, 0x2000, 0x1000, 0x90000);
	KUNIT_EXPECT_EQ(test, PTR_ERR(table(a)), -EFAULT);	/* overlap */
	a->regions[0].memory_size = 0x1000;
	a->regions[0].guest_phys_addr = U64_MAX;
	KUNIT_EXPECT_EQ(test, PTR_ERR(table(a)), -EFAULT);	/* wraps */
	a->regions[0].memory_size = 0;
	KUNIT_EXPECT_EQ(test, PTR_ERR(table(a)), -EFAULT);	/* ends before it begins */
	a->head.padding = 1;
	KUNIT_EXPECT_EQ(test, PTR_ERR(table(a)), -EOPNOTSUPP);
	a->head.padding = 0;
	a->head.nregions = MOST_REGIONS + 1;
	KUNIT_EXPECT_EQ(test, PTR_ERR(table(a)), -E2BIG);
}

/* What a process may not touch is not in the table, and no reason to refuse the rest. */
static void memory_that_is_not_the_users_is_left_out(struct kunit *test)
{
	struct argument *a = test->priv;
	struct vhn_mem *mem;
	struct iovec iov;

	user_memory.beyond = (void *)0x60000UL;
	add(a, 0x1000, 0x1000, 0x50000);
	add(a, 0x2000, 0x1000, 0x60000);
	add(a, 0x3000, 0x1000, U64_MAX - 0x10);
	add(a, 0, 0, 0x50000);
	mem = good_table(test, a);
	KUNIT_EXPECT_TRUE(test, mem->partial);
	KUNIT_EXPECT_EQ(test, mem->nr, 1);
	KUNIT_EXPECT_EQ(test, vhn_mem_translate(mem, 0x1000, 1, &iov, 1), 1);
	KUNIT_EXPECT_EQ(test, vhn_mem_translate(mem, 0x2000, 1, &iov, 1), -EFAULT);
	vhn_mem_free(mem);
}

static void every_access_may_fault(struct kunit *test)
{
	struct argument *a = test->priv;
	struct vhn_mem *mem;
	u32 n = 0;

	add(a, 0x1000, 0x1000, 0x50000);
	add(a, 0x2000, 0x1000, 0x90000);
	do {
		user_memory = (struct user_memory){ .fault_at = ++n };
		mem = table(a);
		if (IS_ERR(mem))
			KUNIT_EXPECT_EQ(test, PTR_ERR(mem), -EFAULT);
	} while (IS_ERR(mem));
	KUNIT_EXPECT_EQ(test, n, 4);	/* head and two regions */
	vhn_mem_free(mem);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(regions_are_found_in_any_order),
	KUNIT_CASE(a_buffer_may_lie_in_several_regions),
	KUNIT_CASE(the_last_byte_there_is),
	KUNIT_CASE(nothing_is_found_in_an_empty_table),
	KUNIT_CASE(regions_that_are_refused),
	KUNIT_CASE(memory_that_is_not_the_users_is_left_out),
	KUNIT_CASE(every_access_may_fault),
	{}
};

static struct kunit_suite vhn_mem_suite = {
	.name = "vhn_mem",
	.init = setup,
	.test_cases = cases,
};

kunit_test_suite(vhn_mem_suite);
