// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers/vhost/iotlb.c: what is known of a guest's IOMMU, what is asked, and what is
 * forgotten.
 */
#include <kunit/test.h>

#include "../drivers/vhost/iotlb.h"
#include "user_memory.h"

#define PAGE	0x1000ULL
#define USER	0x500000ULL

static struct vhn_iotlb *t;

static int setup(struct kunit *test)
{
	user_memory = (struct user_memory){};
	t = vhn_iotlb_alloc();
	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_EQ(test, vhn_iotlb_renew(t), 0);
	return 0;
}

static void teardown(struct kunit *test)
{
	vhn_iotlb_stop(t);
	vhn_iotlb_free(t);
}

/* Return: the vrings that have waited for it, or the error. */
static long tell(u64 addr, u64 size, u64 user, u8 perm)
{
	struct vhost_iotlb_msg msg = { .iova = addr, .size = size, .uaddr = user, .perm = perm };
	unsigned long answered = 0;
	int err = vhn_iotlb_update(t, &msg, &answered);

	return err ?: answered;
}

static int forget(u64 addr, u64 size)
{
	struct vhost_iotlb_msg msg = { .iova = addr, .size = size };

	return vhn_iotlb_invalidate(t, &msg);
}

static int translate(u64 addr, u32 len, u8 perm, struct iovec *iov, unsigned int room)
{
	u64 missed;

	return vhn_iotlb_translate(t, addr, len, perm, iov, room, &missed);
}

static void expect_at(struct kunit *test, const struct iovec *iov, u64 user, size_t len)
{
	KUNIT_EXPECT_EQ(test, (u64)(unsigned long)iov->iov_base, user);
	KUNIT_EXPECT_EQ(test, iov->iov_len, len);
}

static void a_buffer_is_where_the_owner_says(struct kunit *test)
{
	struct iovec iov[2];

	KUNIT_ASSERT_EQ(test, tell(PAGE, PAGE, USER, VHOST_ACCESS_RW), 0);
	KUNIT_ASSERT_EQ(test, tell(2 * PAGE, PAGE, USER + 9 * PAGE, VHOST_ACCESS_RW), 0);
	KUNIT_EXPECT_EQ(test, translate(PAGE + 16, 16, VHOST_ACCESS_RO, iov, 1), 1);
	expect_at(test, &iov[0], USER + 16, 16);
	KUNIT_EXPECT_EQ(test, translate(2 * PAGE - 16, 32, VHOST_ACCESS_WO, iov, 2), 2);
	expect_at(test, &iov[0], USER + PAGE - 16, 16);
	expect_at(test, &iov[1], USER + 9 * PAGE, 16);
	KUNIT_EXPECT_EQ(test, translate(2 * PAGE - 16, 32, VHOST_ACCESS_WO, iov, 1), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, translate(U64_MAX, 2, VHOST_ACCESS_RO, iov, 2), -EFAULT);
}

static void what_is_missing_is_named(struct kunit *test)
{
	struct iovec iov[2];
	u64 missed = 0;

	KUNIT_ASSERT_EQ(test, tell(PAGE, PAGE, USER, VHOST_ACCESS_RW), 0);
	KUNIT_EXPECT_EQ(test, vhn_iotlb_translate(t, 2 * PAGE - 1, 2, VHOST_ACCESS_RO, iov, 2,
						  &missed), -ENODATA);
	KUNIT_EXPECT_EQ(test, missed, 2 * PAGE);
	KUNIT_EXPECT_EQ(test, translate(0, 1, VHOST_ACCESS_RO, iov, 2), -ENODATA);
}

static void memory_is_accessed_as_it_may_be(struct kunit *test)
{
	struct iovec iov;

	KUNIT_ASSERT_EQ(test, tell(PAGE, PAGE, USER, VHOST_ACCESS_RO), 0);
	KUNIT_ASSERT_EQ(test, tell(2 * PAGE, PAGE, USER, VHOST_ACCESS_WO), 0);
	KUNIT_EXPECT_EQ(test, translate(PAGE, 1, VHOST_ACCESS_RO, &iov, 1), 1);
	KUNIT_EXPECT_EQ(test, translate(PAGE, 1, VHOST_ACCESS_WO, &iov, 1), -EPERM);
	KUNIT_EXPECT_EQ(test, translate(2 * PAGE, 1, VHOST_ACCESS_WO, &iov, 1), 1);
	KUNIT_EXPECT_EQ(test, translate(2 * PAGE, 1, VHOST_ACCESS_RO, &iov, 1), -EPERM);
	KUNIT_EXPECT_EQ(test, translate(2 * PAGE, 1, VHOST_ACCESS_RW, &iov, 1), -EPERM);
}

/* A part of a ring is known in pieces, and is in one. */
static void an_area_is_in_one_piece(struct kunit *test)
{
	void __user *area = NULL;
	u64 missed = 0;

	KUNIT_ASSERT_EQ(test, tell(PAGE, PAGE, USER, VHOST_ACCESS_RW), 0);
	KUNIT_ASSERT_EQ(test, tell(2 * PAGE, PAGE, USER + PAGE, VHOST_ACCESS_RW), 0);
	KUNIT_ASSERT_EQ(test, tell(3 * PAGE, PAGE, USER, VHOST_ACCESS_RW), 0);
	KUNIT_EXPECT_EQ(test, vhn_iotlb_area(t, PAGE + 8, 2 * PAGE - 8, VHOST_ACCESS_RW, &area,
					     &missed), 0);
	KUNIT_EXPECT_EQ(test, (u64)(unsigned long)area, USER + 8);
	KUNIT_EXPECT_EQ(test, vhn_iotlb_area(t, PAGE, 3 * PAGE, VHOST_ACCESS_RW, &area, &missed),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, vhn_iotlb_area(t, 3 * PAGE, 2 * PAGE, VHOST_ACCESS_RW, &area,
					     &missed), -ENODATA);
	KUNIT_EXPECT_EQ(test, missed, 4 * PAGE);
	KUNIT_EXPECT_EQ(test, vhn_iotlb_area(t, U64_MAX, 2, VHOST_ACCESS_RW, &area, &missed),
			-EFAULT);
}

static void a_question_is_read_once_and_answered(struct kunit *test)
{
	struct vhn_miss miss;

	KUNIT_EXPECT_FALSE(test, vhn_iotlb_next_miss(t, &miss));
	vhn_iotlb_ask(t, 1, 5 * PAGE + 7, VHOST_ACCESS_WO);
	KUNIT_EXPECT_TRUE(test, vhn_iotlb_next_miss(t, NULL));
	KUNIT_ASSERT_TRUE(test, vhn_iotlb_next_miss(t, &miss));
	KUNIT_EXPECT_EQ(test, miss.addr, 5 * PAGE + 7);
	KUNIT_EXPECT_EQ(test, miss.perm, VHOST_ACCESS_WO);
	KUNIT_EXPECT_FALSE(test, vhn_iotlb_next_miss(t, NULL));

	KUNIT_EXPECT_EQ(test, tell(4 * PAGE, PAGE, USER, VHOST_ACCESS_RW), 0);
	KUNIT_EXPECT_EQ(test, tell(6 * PAGE, PAGE, USER, VHOST_ACCESS_RW), 0);
	KUNIT_EXPECT_EQ(test, tell(5 * PAGE, PAGE, USER, VHOST_ACCESS_RW), BIT(1));
	KUNIT_EXPECT_EQ(test, tell(5 * PAGE, PAGE, USER, VHOST_ACCESS_RW), 0);
}

/* An answer that comes before the question was read answers it, too. */
static void each_vring_asks_for_itself(struct kunit *test)
{
	vhn_iotlb_ask(t, 0, PAGE, VHOST_ACCESS_RO);
	vhn_iotlb_ask(t, 1, 2 * PAGE, VHOST_ACCESS_RO);
	KUNIT_EXPECT_EQ(test, tell(PAGE, 2 * PAGE, USER, VHOST_ACCESS_RW), BIT(0) | BIT(1));
	KUNIT_EXPECT_FALSE(test, vhn_iotlb_next_miss(t, NULL));
}

static void what_is_taken_back_is_known_no_more(struct kunit *test)
{
	struct iovec iov;

	KUNIT_ASSERT_EQ(test, tell(PAGE, PAGE, USER, VHOST_ACCESS_RW), 0);
	KUNIT_EXPECT_EQ(test, forget(2 * PAGE, PAGE), 0);
	KUNIT_EXPECT_EQ(test, translate(PAGE, 1, VHOST_ACCESS_RO, &iov, 1), 1);
	KUNIT_EXPECT_EQ(test, forget(PAGE + 8, 1), 0);
	KUNIT_EXPECT_EQ(test, translate(PAGE, 1, VHOST_ACCESS_RO, &iov, 1), -ENODATA);
}

static void an_address_leads_to_one_place(struct kunit *test)
{
	struct iovec iov;

	KUNIT_ASSERT_EQ(test, tell(PAGE, PAGE, USER, VHOST_ACCESS_RW), 0);
	KUNIT_ASSERT_EQ(test, tell(PAGE, PAGE, USER + 5 * PAGE, VHOST_ACCESS_RW), 0);
	KUNIT_EXPECT_EQ(test, translate(PAGE, 1, VHOST_ACCESS_RO, &iov, 1), 1);
	expect_at(test, &iov, USER + 5 * PAGE, 1);
}

static void ranges_and_memory_that_are_none(struct kunit *test)
{
	user_memory.beyond = (void *)(USER + PAGE);
	KUNIT_EXPECT_EQ(test, tell(PAGE, 0, USER, VHOST_ACCESS_RW), -EINVAL);
	KUNIT_EXPECT_EQ(test, tell(U64_MAX, 2, USER, VHOST_ACCESS_RW), -EINVAL);
	KUNIT_EXPECT_EQ(test, forget(PAGE, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, forget(U64_MAX, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, tell(PAGE, PAGE, U64_MAX - 1, VHOST_ACCESS_RW), -EFAULT);
	KUNIT_EXPECT_EQ(test, tell(PAGE, PAGE + 1, USER, VHOST_ACCESS_RW), -EFAULT);
	KUNIT_EXPECT_EQ(test, tell(PAGE, PAGE, USER, VHOST_ACCESS_RW), 0);
}

static void another_guest_begins_with_nothing(struct kunit *test)
{
	struct iovec iov;

	KUNIT_ASSERT_EQ(test, tell(PAGE, PAGE, USER, VHOST_ACCESS_RW), 0);
	vhn_iotlb_ask(t, 0, 0, VHOST_ACCESS_RO);
	KUNIT_ASSERT_EQ(test, vhn_iotlb_renew(t), 0);
	KUNIT_EXPECT_FALSE(test, vhn_iotlb_next_miss(t, NULL));
	KUNIT_EXPECT_EQ(test, translate(PAGE, 1, VHOST_ACCESS_RO, &iov, 1), -ENODATA);
	KUNIT_EXPECT_TRUE(test, vhn_iotlb_is_on(t));
	vhn_iotlb_stop(t);
	KUNIT_EXPECT_FALSE(test, vhn_iotlb_is_on(t));
	KUNIT_EXPECT_EQ(test, tell(PAGE, PAGE, USER, VHOST_ACCESS_RW), -EFAULT);
	KUNIT_EXPECT_EQ(test, forget(PAGE, PAGE), -EFAULT);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_buffer_is_where_the_owner_says),
	KUNIT_CASE(what_is_missing_is_named),
	KUNIT_CASE(memory_is_accessed_as_it_may_be),
	KUNIT_CASE(an_area_is_in_one_piece),
	KUNIT_CASE(a_question_is_read_once_and_answered),
	KUNIT_CASE(each_vring_asks_for_itself),
	KUNIT_CASE(what_is_taken_back_is_known_no_more),
	KUNIT_CASE(an_address_leads_to_one_place),
	KUNIT_CASE(ranges_and_memory_that_are_none),
	KUNIT_CASE(another_guest_begins_with_nothing),
	{}
};

static struct kunit_suite vhn_iotlb_suite = {
	.name = "vhn_iotlb",
	.init = setup,
	.exit = teardown,
	.test_cases = cases,
};

kunit_test_suite(vhn_iotlb_suite);
