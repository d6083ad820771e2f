// SPDX-License-Identifier: GPL-2.0-only
/*
 * VLB_CREATE: everything a process can get wrong about a device, found here, before
 * anything exists.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/virtio_config.h>
#include <linux/virtio_loopback.h>

#include "device.h"
#include "queue.h"
#include "session.h"
#include "transport.h"

static bool bounds_ok(const struct vlb_create *arg)
{
	return arg->device_id && arg->nvqs && arg->nvqs <= VLB_MAX_VQS &&
	       arg->config_len <= VLB_MAX_CONFIG && !arg->flags && !arg->features[1] &&
	       (arg->features[0] & BIT_ULL(VIRTIO_F_VERSION_1)) && arg->arena_bytes &&
	       arg->arena_bytes <= VLB_MAX_ARENA && PAGE_ALIGNED(arg->arena_bytes) &&
	       arg->control_timeout_ms <= VLB_MAX_TIMEOUT_MS &&
	       arg->ack_timeout_ms <= VLB_MAX_TIMEOUT_MS && !arg->dma_base &&
	       !arg->reserved[0] && !arg->reserved[1];
}

/* Sets the quotas that were left to us. */
static int divide(struct vlb_create *arg, u64 rings)
{
	u64 rest, both;

	/* Less than a page for each queue cannot work. */
	if (arg->arena_bytes < rings + (u64)arg->nvqs * PAGE_SIZE)
		return -ENOSPC;
	rest = arg->arena_bytes - rings;
	if (check_add_overflow(arg->in_bytes, arg->out_bytes, &both) || both > rest)
		return -ENOSPC;
	if (!both)
		arg->in_bytes = rest / 2;
	if (!arg->in_bytes)
		arg->in_bytes = rest - arg->out_bytes;
	if (!arg->out_bytes)
		arg->out_bytes = rest - arg->in_bytes;
	return 0;
}

static int make_queues(struct vlb_session *s, const u32 *nums, u32 n)
{
	u32 i;

	s->queues = kvcalloc(n, sizeof(*s->queues), GFP_KERNEL_ACCOUNT);
	if (!s->queues)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		vlb_queue_init(&s->queues[i], s, i, nums[i]);
	s->nvqs = n;
	return 0;
}

static int ring_bytes(const u32 *nums, u32 n, u64 features, u64 *rings)
{
	size_t bytes, most = 0;
	u32 i;

	*rings = 0;
	for (i = 0; i < n; i++) {
		if (!is_power_of_2(nums[i]) || nums[i] > VLB_MAX_RING)
			return -EINVAL;
		bytes = vlb_queue_ring_bytes(nums[i], features);
		most = max(most, bytes);
		*rings += bytes;
	}
	/* A driver that resizes a ring has the new one before it lets go of the old. */
	if (features & BIT_ULL(VIRTIO_F_RING_RESET))
		*rings += most;
	return 0;
}

/* On failure the caller frees what is there. */
static int build(struct vlb_session *s, struct vlb_create *arg, const u32 *nums)
{
	u64 rings;
	int ret;

	ret = ring_bytes(nums, arg->nvqs, arg->features[0], &rings);
	if (ret)
		return ret;
	ret = divide(arg, rings);
	if (ret)
		return ret;
	ret = vlb_arena_init(&s->arena, arg->arena_bytes, arg->in_bytes, arg->out_bytes);
	if (ret)
		return ret;
	return make_queues(s, nums, arg->nvqs);
}

static void settle(struct vlb_session *s, struct vlb_create *arg, u8 *config)
{
	arg->features[0] = vlb_transport_offer(arg->features[0]);
	arg->dma_base = VLB_DMA_BASE;
	s->offered[0] = arg->features[0];
	s->config = config;
	s->config_len = arg->config_len;
	s->control_ms = arg->control_timeout_ms ?: VLB_DEFAULT_CONTROL_MS;
	s->ack_ms = arg->ack_timeout_ms ?: VLB_DEFAULT_ACK_MS;
	s->vdev.id.device = arg->device_id;
	s->vdev.config = &vlb_config_ops;
	/* From now on a close of this process means death. */
	WRITE_ONCE(s->owner, current->files);
	/* Pairs with loopback_mmap(), which takes no lock. */
	smp_store_release(&s->state, VLB_CREATED);
}

/**
 * vlb_device_create() - VLB_CREATE
 * @s: the session
 * @arg: what the process wants; filled with what it gets
 *
 * Context: process, may sleep; session's lock.
 *
 * Return: 0, -EBUSY: created before; -EINVAL: out of bounds; -ENOSPC: the arena is
 * too small; -EFAULT; -ENOMEM. After a failure the session is as new.
 */
int vlb_device_create(struct vlb_session *s, struct vlb_create *arg)
{
	u8 *config;
	u32 *nums;
	int ret;

	if (s->state != VLB_NEW)
		return -EBUSY;
	if (!bounds_ok(arg))
		return -EINVAL;
	nums = vmemdup_user(u64_to_user_ptr(arg->vq_nums), array_size(arg->nvqs, sizeof(*nums)));
	if (IS_ERR(nums))
		return PTR_ERR(nums);
	/* One byte more, so that there is always something to point to. */
	config = kzalloc(arg->config_len + 1, GFP_KERNEL_ACCOUNT);
	if (!config) {
		ret = -ENOMEM;
		goto out;
	}
	if (copy_from_user(config, u64_to_user_ptr(arg->config), arg->config_len)) {
		ret = -EFAULT;
		goto out;
	}
	ret = build(s, arg, nums);
	if (ret) {
		vlb_arena_destroy(&s->arena);
		goto out;
	}
	settle(s, arg, config);
	config = NULL;
out:
	kfree(config);
	kvfree(nums);
	return ret;
}
