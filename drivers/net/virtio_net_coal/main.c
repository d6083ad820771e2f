// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver for virtio network devices that moderates their notifications and shows
 * their counters.
 *
 * Lock order, outermost first:
 *   device lock		probe, removal, suspend; recovery
 *     rtnl			the interface's settings
 *       vnc_coal.lock		coalescing; resets of queues
 *         vnc_ctrl.lock	one command; sleeps until the device answers, or a bound
 *   tx lock of a queue		its virtqueue, in transmit and in NAPI
 *
 * Work items: vnc_filter and vnc_adaptive never take rtnl; vnc_link takes it, but not
 * while it waits for the device; vnc_recover takes the device lock and rtnl.
 *
 * It is never loaded by an alias (there is no MODULE_DEVICE_TABLE): two drivers for every
 * network card would leave the choice to chance. See Documentation/virtio-net-coal.rst.
 */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/virtio.h>
#include <linux/virtio_ids.h>

#include "device.h"
#include "feature.h"
#include "version.h"

static char *bind = "";
module_param(bind, charp, 0444);
MODULE_PARM_DESC(bind, "Take only these devices: names like virtio0 or of the bus like 0000:00:03.0, separated by commas (default: all)");

static bool is_named(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (; *list; list += strcspn(list, ","), list += *list == ',')
		if (strcspn(list, ",") == len && !memcmp(list, name, len))
			return true;
	return false;
}

static bool is_ours(struct virtio_device *vdev)
{
	return !*bind || is_named(bind, dev_name(&vdev->dev)) ||
	       is_named(bind, virtio_bus_name(vdev));
}

/* Before the features are accepted, so that another driver finds the device untouched. */
static int validate(struct virtio_device *vdev)
{
	if (!is_ours(vdev))
		return -ENODEV;
	if (!virtio_has_feature(vdev, VIRTIO_F_VERSION_1)) {
		dev_info(&vdev->dev, "a device of before virtio 1.0: not for this driver\n");
		return -ENODEV;
	}
	vdev->features = vnc_features_settle(vdev->features);
	return 0;
}

/* Spec 1.4: there is one pair unless MQ or RSS was negotiated, whatever is configured. */
static int read_max_pairs(struct virtio_device *vdev, u32 *pairs)
{
	u16 max;

	*pairs = 1;
	if (!virtio_has_feature(vdev, VIRTIO_NET_F_MQ) &&
	    !virtio_has_feature(vdev, VIRTIO_NET_F_RSS))
		return 0;
	virtio_cread(vdev, struct virtio_net_config, max_virtqueue_pairs, &max);
	if (max < VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MIN || max > VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MAX) {
		dev_err(&vdev->dev, "%u pairs of queues: a device has 1 to %u\n", max,
			VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MAX);
		return -EINVAL;
	}
	*pairs = max;
	return 0;
}

/* Before the interface is there, so that a slow device holds nobody up. */
static void configure(struct vnc *vnc)
{
	u32 pairs = min_t(u32, vnc->max_pairs, num_online_cpus());

	if (vnc_device_set_pairs(vnc, pairs))
		dev_warn(&vnc->vdev->dev, "the device did not take %u pairs of queues\n", pairs);
	vnc_filter_restore(vnc);
}

static int probe(struct virtio_device *vdev)
{
	struct vnc *vnc;
	u32 max_pairs;
	int ret;

	ret = read_max_pairs(vdev, &max_pairs);
	if (ret)
		goto out_reset;
	vnc = vnc_device_create(vdev, max_pairs);
	if (IS_ERR(vnc)) {
		ret = PTR_ERR(vnc);
		goto out_reset;
	}
	ret = vnc_device_start(vnc);
	if (ret)
		goto out_free;
	ret = vnc_stats_init(vnc);
	if (ret)
		goto out_stop;
	configure(vnc);
	vnc->ready = true;
	ret = vnc_affinity_start(vnc);
	if (ret)
		goto out_filter;
	ret = register_netdev(vnc->dev);
	if (ret)
		goto out_affinity;
	rtnl_lock();
	vnc_affinity_spread(vnc);
	rtnl_unlock();
	vnc_link_read(vnc);
	return 0;

out_affinity:
	vnc_affinity_stop(vnc);
out_filter:
	vnc_filter_stop(vnc);
out_stop:
	vnc_device_stop(vnc);
out_free:
	vnc_device_free(vnc);
	return ret;
out_reset:
	/* The next driver has to find the device as it was. */
	virtio_reset_device(vdev);
	return ret;
}

static void remove(struct virtio_device *vdev)
{
	struct vnc *vnc = vdev->priv;

	vnc_recover_stop(vnc);
	vnc_affinity_stop(vnc);
	/* Changes are not reported any more. A link that changed once the interface is gone
	 * would stay on the kernel's list of such links.
	 */
	vnc_link_stop(vnc);
	unregister_netdev(vnc->dev);
	/* Nobody starts it again. */
	vnc_filter_stop(vnc);
	/* A device that could not be restored has no queues. */
	if (vnc->ready)
		vnc_device_stop(vnc);
	vnc_device_free(vnc);
}

static int __maybe_unused freeze(struct virtio_device *vdev)
{
	vnc_recover_detach(vdev->priv);
	return 0;
}

static int __maybe_unused restore(struct virtio_device *vdev)
{
	return vnc_recover_attach(vdev->priv);
}

static const struct virtio_device_id ids[] = {
	{ VIRTIO_ID_NET, VIRTIO_DEV_ANY_ID },
	{ 0 },
};

static struct virtio_driver driver = {
	.driver.name = KBUILD_MODNAME,
	.driver.owner = THIS_MODULE,
	.id_table = ids,
	.validate = validate,
	.probe = probe,
	.remove = remove,
	.config_changed = vnc_link_changed,
#ifdef CONFIG_PM_SLEEP
	.freeze = freeze,
	.restore = restore,
#endif
};

static int __init vnc_module_init(void)
{
	int ret;

	driver.feature_table = vnc_features;
	driver.feature_table_size = vnc_nr_features;
	ret = vnc_affinity_module_init();
	if (ret)
		return ret;
	ret = register_virtio_driver(&driver);
	if (ret)
		vnc_affinity_module_exit();
	return ret;
}

static void __exit vnc_module_exit(void)
{
	unregister_virtio_driver(&driver);
	vnc_affinity_module_exit();
}

module_init(vnc_module_init);
module_exit(vnc_module_exit);

MODULE_DESCRIPTION("Guest side of virtio networking, with notification coalescing");
MODULE_AUTHOR("The virtio coalescing project");
MODULE_VERSION(VIRTIO_COAL_VERSION);
MODULE_LICENSE("GPL");
