// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtio driver for the transport's own tests: it does to the DMA operations and to
 * the queues what no well-behaved driver does. The process that plays its device
 * writes the name of a check to the attribute "run" and reads the finding from
 * "result": "ok", or what was wrong.
 *
 * The queues are "work", one without a name, and "control", so that control has
 * index 1. A buffer of work is never taken back before removal.
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <kcompat.h>

/* No device of the virtio specification has this type. */
#define SELFTEST_ID	0x766c6274

#define KICKS_IN_CALLBACK	1000

struct selftest {
	struct virtio_device *vdev;
	struct device *dma;
	struct virtqueue *work;
	struct virtqueue *control;
	atomic_t callbacks;
	atomic_t changes;
	struct mutex lock;	/* one check at a time */
	const char *result;
	u8 *buf;		/* ORDER pages */
	u8 *control_buf;
};

#define ORDER	2
#define BYTES	(PAGE_SIZE << ORDER)

static dma_addr_t map(struct selftest *t, size_t offset, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	return dma_map_page_attrs(t->dma, virt_to_page(t->buf), offset, size, dir, attrs);
}

static void unmap(struct selftest *t, dma_addr_t addr, size_t size,
		  enum dma_data_direction dir, unsigned long attrs)
{
	dma_unmap_page_attrs(t->dma, addr, size, dir, attrs);
}

static bool holds(const u8 *p, u8 value, size_t size)
{
	return !memchr_inv(p, value, size);
}

static const char *check_copy(struct selftest *t)
{
	dma_addr_t addr;

	memset(t->buf, 0xaa, BYTES);
	addr = map(t, 0, 3000, DMA_BIDIRECTIONAL, 0);
	if (dma_mapping_error(t->dma, addr))
		return "cannot map";
	memset(t->buf, 0xbb, BYTES);
	unmap(t, addr, 3000, DMA_BIDIRECTIONAL, 0);
	if (!holds(t->buf, 0xaa, 3000))
		return "not copied there and back";
	if (!holds(t->buf + 3000, 0xbb, BYTES - 3000))
		return "copied beyond the end";
	return NULL;
}

/* A mapping may begin and end in any page of a compound one. */
static const char *check_offset(struct selftest *t)
{
	const size_t offset = PAGE_SIZE + 100, size = 2 * PAGE_SIZE;
	dma_addr_t addr;

	memset(t->buf, 0xaa, BYTES);
	addr = map(t, offset, size, DMA_BIDIRECTIONAL, 0);
	if (dma_mapping_error(t->dma, addr))
		return "cannot map";
	memset(t->buf, 0xbb, BYTES);
	unmap(t, addr, size, DMA_BIDIRECTIONAL, 0);
	if (!holds(t->buf, 0xbb, offset) || !holds(t->buf + offset, 0xaa, size) ||
	    !holds(t->buf + offset + size, 0xbb, BYTES - offset - size))
		return "wrong bytes copied";
	return NULL;
}

/* Only the device reads: what comes back is the driver's own. */
static const char *check_direction(struct selftest *t)
{
	dma_addr_t addr;

	memset(t->buf, 0xaa, BYTES);
	addr = map(t, 0, 500, DMA_TO_DEVICE, 0);
	if (dma_mapping_error(t->dma, addr))
		return "cannot map";
	memset(t->buf, 0xbb, BYTES);
	unmap(t, addr, 500, DMA_TO_DEVICE, 0);
	return holds(t->buf, 0xbb, BYTES) ? NULL : "copied back what the device only reads";
}

static const char *check_skip_sync(struct selftest *t)
{
	dma_addr_t addr;

	memset(t->buf, 0xa5, BYTES);
	addr = map(t, 0, 700, DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
	if (dma_mapping_error(t->dma, addr))
		return "cannot map";
	unmap(t, addr, 700, DMA_BIDIRECTIONAL, 0);
	if (holds(t->buf, 0xa5, 700))
		return "map copied in spite of DMA_ATTR_SKIP_CPU_SYNC";

	memset(t->buf, 0x5a, BYTES);
	addr = map(t, 0, 700, DMA_BIDIRECTIONAL, 0);
	if (dma_mapping_error(t->dma, addr))
		return "cannot map";
	memset(t->buf, 0xbb, BYTES);
	unmap(t, addr, 700, DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
	return holds(t->buf, 0xbb, BYTES) ? NULL :
		"unmap copied in spite of DMA_ATTR_SKIP_CPU_SYNC";
}

static const char *check_sync_range(struct selftest *t)
{
	const size_t from = 1000, size = 5000, all = 3 * PAGE_SIZE;
	dma_addr_t addr;

	memset(t->buf, 0xaa, BYTES);
	addr = map(t, 0, all, DMA_BIDIRECTIONAL, 0);
	if (dma_mapping_error(t->dma, addr))
		return "cannot map";
	memset(t->buf, 0xbb, BYTES);
	dma_sync_single_range_for_device(t->dma, addr, from, size, DMA_BIDIRECTIONAL);
	memset(t->buf, 0xcc, BYTES);
	dma_sync_single_range_for_cpu(t->dma, addr, from - 100, 200, DMA_BIDIRECTIONAL);
	if (!holds(t->buf, 0xcc, from - 100) || !holds(t->buf + from - 100, 0xaa, 100) ||
	    !holds(t->buf + from, 0xbb, 100) || !holds(t->buf + from + 100, 0xcc, 4000))
		return "a part was not synced as it should";
	unmap(t, addr, all, DMA_BIDIRECTIONAL, 0);
	if (!holds(t->buf, 0xaa, from) || !holds(t->buf + from, 0xbb, size) ||
	    !holds(t->buf + from + size, 0xaa, all - from - size))
		return "the device saw other bytes than those synced";
	return NULL;
}

/* Five bad unmaps; the caller finds them counted. */
static const char *check_bad_unmap(struct selftest *t)
{
	dma_addr_t addr;

	memset(t->buf, 0xaa, BYTES);
	addr = map(t, 0, 1000, DMA_FROM_DEVICE, 0);
	if (dma_mapping_error(t->dma, addr))
		return "cannot map";
	unmap(t, addr, 999, DMA_FROM_DEVICE, 0);
	unmap(t, addr, 1000, DMA_BIDIRECTIONAL, 0);
	unmap(t, addr + 256, 744, DMA_FROM_DEVICE, 0);
	unmap(t, addr - 0x100000000ULL, 1000, DMA_FROM_DEVICE, 0);
	if (!holds(t->buf, 0xaa, BYTES))
		return "a bad unmap wrote to the buffer";
	unmap(t, addr, 1000, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	unmap(t, addr, 1000, DMA_FROM_DEVICE, 0);
	return holds(t->buf, 0xaa, BYTES) ? NULL : "the second unmap wrote to the buffer";
}

/* Five bad syncs; the caller finds them counted. */
static const char *check_bad_sync(struct selftest *t)
{
	dma_addr_t addr;

	memset(t->buf, 0xaa, BYTES);
	addr = map(t, 0, 1000, DMA_FROM_DEVICE, 0);
	if (dma_mapping_error(t->dma, addr))
		return "cannot map";
	dma_sync_single_for_cpu(t->dma, addr, 1001, DMA_FROM_DEVICE);
	dma_sync_single_for_cpu(t->dma, addr + 1, 1000, DMA_FROM_DEVICE);
	dma_sync_single_for_cpu(t->dma, addr, 1000, DMA_BIDIRECTIONAL);
	dma_sync_single_for_cpu(t->dma, 0, 1, DMA_FROM_DEVICE);
	unmap(t, addr, 1000, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	dma_sync_single_for_cpu(t->dma, addr, 1000, DMA_FROM_DEVICE);
	return holds(t->buf, 0xaa, BYTES) ? NULL : "a bad sync wrote to the buffer";
}

static const char *check_list(struct selftest *t)
{
	struct scatterlist sg[3];
	int n;

	memset(t->buf, 0xaa, BYTES);
	sg_init_table(sg, 3);
	sg_set_buf(&sg[0], t->buf, 10);
	sg_set_buf(&sg[1], t->buf + 2000, 5000);
	sg_set_buf(&sg[2], t->buf + 8000, 4000);
	n = dma_map_sg(t->dma, sg, 3, DMA_BIDIRECTIONAL);
	if (n != 3)
		return "cannot map three entries";
	memset(t->buf, 0xbb, BYTES);
	dma_sync_sg_for_cpu(t->dma, sg, 1, DMA_BIDIRECTIONAL);
	if (!holds(t->buf, 0xaa, 10) || !holds(t->buf + 10, 0xbb, BYTES - 10))
		return "sync of a list copied other bytes";
	dma_unmap_sg(t->dma, sg, 3, DMA_BIDIRECTIONAL);
	if (!holds(t->buf + 10, 0xbb, 1990) || !holds(t->buf + 2000, 0xaa, 5000) ||
	    !holds(t->buf + 7000, 0xbb, 1000) || !holds(t->buf + 8000, 0xaa, 4000))
		return "unmap of a list copied other bytes";
	return NULL;
}

/* The caller finds no slot left behind. */
static const char *check_list_rollback(struct selftest *t)
{
	struct scatterlist sg[2];

	sg_init_table(sg, 2);
	sg_set_buf(&sg[0], t->buf, 1000);
	sg_set_buf(&sg[1], t->buf, 1000);
	sg[1].length = dma_max_mapping_size(t->dma) + 1;
	return dma_map_sg(t->dma, sg, 2, DMA_TO_DEVICE) ? "mapped what is too large" : NULL;
}

static const char *check_coherent(struct selftest *t)
{
	dma_addr_t addr;
	u8 *p = dma_alloc_coherent(t->dma, 10000, &addr, GFP_KERNEL);
	bool fine;

	if (!p)
		return "cannot allocate";
	fine = PAGE_ALIGNED(p) && PAGE_ALIGNED(addr) && holds(p, 0, 10000);
	memset(p, 0xff, 10000);
	dma_free_coherent(t->dma, 10000, p, addr);
	return fine ? NULL : "not aligned to a page, or not zeroed";
}

static const char *check_mask(struct selftest *t)
{
	if (!dma_set_mask(t->dma, DMA_BIT_MASK(32)))
		return "a mask of 32 bits was accepted for addresses above";
	return dma_set_mask(t->dma, DMA_BIT_MASK(64)) ? "a mask of 64 bits was refused" : NULL;
}

static const char *check_config_write(struct selftest *t)
{
	u8 before, after;

	virtio_cread_bytes(t->vdev, 0, &before, 1);
	after = ~before;
	t->vdev->config->set(t->vdev, 0, &after, 1);
	virtio_cread_bytes(t->vdev, 0, &after, 1);
	return before == after ? NULL : "a write by the driver changed the configuration";
}

static const char *check_config_changed(struct selftest *t)
{
	return atomic_read(&t->changes) ? NULL : "not told of a change";
}

/* Byte by byte, while the process changes them together: the generation tells. */
static const char *check_config_consistent(struct selftest *t)
{
	u8 bytes[4];
	int i;

	for (i = 0; i < 20000; i++) {
		virtio_cread_bytes(t->vdev, 0, bytes, sizeof(bytes));
		if (!holds(bytes, bytes[0], sizeof(bytes)))
			return "a part of the configuration was older than the rest";
	}
	return NULL;
}

static const char *check_queue_index(struct selftest *t)
{
	if (t->work->index != 0 || t->control->index != 1)
		return "a queue without a name took an index";
	return NULL;
}

/* Gives the device a buffer of "work"; the callback kicks again and again. */
static const char *check_kick(struct selftest *t)
{
	struct scatterlist sg;

	sg_init_one(&sg, t->buf, 64);
	if (virtqueue_add_outbuf(t->work, &sg, 1, t, GFP_KERNEL))
		return "cannot add a buffer";
	return virtqueue_kick(t->work) ? NULL : "kick failed";
}

static const char *check_callbacks(struct selftest *t)
{
	return atomic_read(&t->callbacks) > KICKS_IN_CALLBACK ? NULL :
		"fewer callbacks than kicks";
}

static const char *control_command(struct selftest *t, bool kick)
{
	unsigned long end = jiffies + 30 * HZ;
	struct scatterlist sg;
	unsigned int len;

	sg_init_one(&sg, t->control_buf, 1);
	if (virtqueue_add_inbuf(t->control, &sg, 1, t, GFP_ATOMIC))
		return "cannot add a command";
	if (kick)
		virtqueue_kick(t->control);
	while (!virtqueue_get_buf(t->control, &len)) {
		if (virtqueue_is_broken(t->control))
			return "broken";
		if (time_after(jiffies, end))
			return "no answer, and the queue is not broken";
		cpu_relax();
	}
	return NULL;
}

static const char *check_control_sleeping(struct selftest *t)
{
	return control_command(t, true);
}

/* As if the device had said that it needs no kick. */
static const char *check_control_unkicked(struct selftest *t)
{
	return control_command(t, false);
}

static const char *check_control_atomic(struct selftest *t)
{
	const char *result;

	preempt_disable();
	result = control_command(t, true);
	preempt_enable();
	return result;
}

static const char *check_reset(struct selftest *t)
{
	if (t->vdev->config->disable_vq_and_reset(t->work))
		return "refused";
	return t->work->reset ? NULL : "not marked as reset";
}

/* With the same ring, so that what was used meanwhile is still there. */
static const char *check_enable(struct selftest *t)
{
	if (t->vdev->config->enable_vq_after_reset(t->work))
		return "refused";
	return t->work->reset ? "still marked as reset" : NULL;
}

static const char *check_reset_not_negotiated(struct selftest *t)
{
	if (t->vdev->config->disable_vq_and_reset(t->work) != -ENOENT)
		return "a queue was reset without the feature";
	return t->work->reset ? "marked as reset" : NULL;
}

static const char *check_reset_control(struct selftest *t)
{
	if (t->vdev->config->disable_vq_and_reset(t->control) != -EOPNOTSUPP)
		return "the control queue was reset";
	return t->control->reset ? "marked as reset" : NULL;
}

static const char *check_enable_first(struct selftest *t)
{
	return t->vdev->config->enable_vq_after_reset(t->work) == -EINVAL ? NULL :
		"a queue was enabled that had not been reset";
}

static const struct check {
	const char *name;
	const char *(*run)(struct selftest *t);
} checks[] = {
	{ "copy", check_copy },
	{ "offset", check_offset },
	{ "direction", check_direction },
	{ "skip_sync", check_skip_sync },
	{ "sync_range", check_sync_range },
	{ "bad_unmap", check_bad_unmap },
	{ "bad_sync", check_bad_sync },
	{ "list", check_list },
	{ "list_rollback", check_list_rollback },
	{ "coherent", check_coherent },
	{ "mask", check_mask },
	{ "config_write", check_config_write },
	{ "config_changed", check_config_changed },
	{ "config_consistent", check_config_consistent },
	{ "queue_index", check_queue_index },
	{ "kick", check_kick },
	{ "callbacks", check_callbacks },
	{ "control_sleeping", check_control_sleeping },
	{ "control_unkicked", check_control_unkicked },
	{ "control_atomic", check_control_atomic },
	{ "reset", check_reset },
	{ "enable", check_enable },
	{ "reset_not_negotiated", check_reset_not_negotiated },
	{ "reset_control", check_reset_control },
	{ "enable_first", check_enable_first },
};

static ssize_t run_store(struct device *dev, struct device_attribute *attr, const char *buf,
			 size_t count)
{
	struct selftest *t = dev_to_virtio(dev)->priv;
	const struct check *c;

	for (c = checks; c < checks + ARRAY_SIZE(checks); c++) {
		if (!sysfs_streq(buf, c->name))
			continue;
		mutex_lock(&t->lock);
		t->result = c->run(t) ?: "ok";
		mutex_unlock(&t->lock);
		return count;
	}
	return -EINVAL;
}
static DEVICE_ATTR_WO(run);

static ssize_t result_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct selftest *t = dev_to_virtio(dev)->priv;

	return sysfs_emit(buf, "%s\n", t->result);
}
static DEVICE_ATTR_RO(result);

static struct attribute *selftest_attrs[] = {
	&dev_attr_run.attr,
	&dev_attr_result.attr,
	NULL,
};
ATTRIBUTE_GROUPS(selftest);

static void work_done(struct virtqueue *vq)
{
	struct selftest *t = vq->vdev->priv;

	if (atomic_inc_return(&t->callbacks) <= KICKS_IN_CALLBACK)
		virtqueue_notify(vq);
}

static int selftest_find_vqs(struct selftest *t)
{
	struct virtqueue_info info[] = {
		{ .name = "work", .callback = work_done }, {}, { .name = "control" },
	};
	struct virtqueue *vqs[ARRAY_SIZE(info)];
	int ret = kc_virtio_find_vqs(t->vdev, ARRAY_SIZE(info), vqs, info);

	if (ret)
		return ret;
	t->work = vqs[0];
	t->control = vqs[2];
	return 0;
}

static void selftest_free(struct selftest *t)
{
	free_pages((unsigned long)t->buf, ORDER);
	kfree(t->control_buf);
	kfree(t);
}

static int selftest_probe(struct virtio_device *vdev)
{
	struct selftest *t = kzalloc(sizeof(*t), GFP_KERNEL);
	int ret;

	if (!t)
		return -ENOMEM;
	t->buf = (u8 *)__get_free_pages(GFP_KERNEL | __GFP_COMP, ORDER);
	t->control_buf = kzalloc(64, GFP_KERNEL);
	t->vdev = vdev;
	t->dma = vdev->dev.parent;
	t->result = "nothing has run";
	mutex_init(&t->lock);
	vdev->priv = t;
	ret = t->buf && t->control_buf ? selftest_find_vqs(t) : -ENOMEM;
	if (ret) {
		virtio_reset_device(vdev);
		selftest_free(t);
		return ret;
	}
	virtio_device_ready(vdev);
	return 0;
}

static void selftest_remove(struct virtio_device *vdev)
{
	struct selftest *t = vdev->priv;

	virtio_reset_device(vdev);
	while (virtqueue_detach_unused_buf(t->work))
		;
	while (virtqueue_detach_unused_buf(t->control))
		;
	vdev->config->del_vqs(vdev);
	selftest_free(t);
}

static void selftest_config_changed(struct virtio_device *vdev)
{
	struct selftest *t = vdev->priv;

	atomic_inc(&t->changes);
}

static const struct virtio_device_id selftest_ids[] = {
	{ SELFTEST_ID, VIRTIO_DEV_ANY_ID },
	{},
};

static struct virtio_driver selftest_driver = {
	.driver.name		= "virtio_loopback_selftest",
	.driver.owner		= THIS_MODULE,
	.driver.dev_groups	= selftest_groups,
	.id_table		= selftest_ids,
	.probe			= selftest_probe,
	.remove			= selftest_remove,
	.config_changed		= selftest_config_changed,
};
module_virtio_driver(selftest_driver);

MODULE_DESCRIPTION("checks of the virtio loopback transport");
MODULE_LICENSE("GPL");
