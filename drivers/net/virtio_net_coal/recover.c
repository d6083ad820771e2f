// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recovery. A transmit queue that makes no progress is reset; if the device cannot do
 * that, or does not come back, the whole device is, as in suspend and resume:
 *
 *   detach	interface detached, queues down, work stopped; then the device is reset
 *   attach	queues found anew, the device told everything again, interface attached
 */
#include <linux/device.h>
#include <linux/netdevice.h>
#include <linux/virtio.h>

#include "device.h"
#include "queue.h"

/**
 * vnc_recover_detach() - stop everything that uses the device, and reset it
 * @vnc: the device
 *
 * Context: process, without rtnl and the control queue's lock; sleeps.
 */
void vnc_recover_detach(struct vnc *vnc)
{
	struct net_device *dev = vnc->dev;

	rtnl_lock();
	netif_tx_lock_bh(dev);
	netif_device_detach(dev);
	netif_tx_unlock_bh(dev);
	if (netif_running(dev) && vnc->ready)
		vnc_queues_down(vnc);
	vnc->ready = false;
	rtnl_unlock();

	vnc_filter_stop(vnc);
	vnc_link_stop(vnc);
	vnc_device_stop(vnc);
}

/**
 * vnc_recover_attach() - start the device again
 * @vnc: the device, detached, features accepted anew
 *
 * Context: process, without rtnl and the control queue's lock; sleeps.
 *
 * Return: 0, or what vnc_device_start() says; then the interface stays detached.
 */
int vnc_recover_attach(struct vnc *vnc)
{
	struct net_device *dev = vnc->dev;
	int ret = vnc_device_start(vnc);

	if (ret)
		return ret;
	rtnl_lock();
	vnc->ready = true;
	if (netif_running(dev))
		vnc_queues_up(vnc);
	vnc_device_configure(vnc);
	netif_tx_lock_bh(dev);
	netif_device_attach(dev);
	netif_tx_unlock_bh(dev);
	rtnl_unlock();

	if (vnc_coal_restore(vnc))
		netdev_warn(dev, "the device lost its coalescing parameters\n");
	vnc_link_read(vnc);
	return 0;
}

static int reset_queue(struct vnc *vnc)
{
	int ret = 0;

	rtnl_lock();
	if (netif_running(vnc->dev) && vnc->ready)
		ret = vnc_queue_reset_tx(&vnc->txqs[vnc->recover.queue]);
	rtnl_unlock();
	return ret;
}

static void reset_device(struct vnc *vnc)
{
	int ret = virtio_device_freeze(vnc->vdev);

	if (!ret)
		ret = virtio_device_restore(vnc->vdev);
	if (ret)
		netdev_err(vnc->dev, "the device did not come back from its reset: %d; unbind and bind it\n",
			   ret);
	else
		netdev_info(vnc->dev, "the device was reset\n");
}

/* Suspend and removal hold the device lock: with it neither is under way. Removal waits
 * for this work, so it must not wait for the lock.
 */
static void work(struct work_struct *work)
{
	struct vnc *vnc = container_of(work, struct vnc, recover.work);

	if (!device_trylock(&vnc->vdev->dev)) {
		queue_work(system_freezable_wq, work);
		return;
	}
	if (!reset_queue(vnc))
		netdev_info(vnc->dev, "transmit queue %u was reset\n", vnc->recover.queue);
	else
		reset_device(vnc);
	device_unlock(&vnc->vdev->dev);
}

/**
 * vnc_recover_timeout() - ndo_tx_timeout
 * @dev: the interface
 * @queue: number of the transmit queue that made no progress
 *
 * Context: timer.
 */
void vnc_recover_timeout(struct net_device *dev, unsigned int queue)
{
	struct vnc *vnc = netdev_priv(dev);
	struct vnc_txq *q = &vnc->txqs[queue];

	/* The caller holds the tx lock, under which the counters are written. */
	u64_stats_update_begin(&q->stats.sync);
	u64_stats_inc(&q->stats.timeouts);
	u64_stats_update_end(&q->stats.sync);
	netdev_err(dev, "transmit queue %u made no progress: virtqueue %u, %u of %u descriptors free, last notification %u ms ago, last packet %u ms ago\n",
		   queue, q->vq->index, q->vq->num_free, virtqueue_get_vring_size(q->vq),
		   jiffies_to_msecs(jiffies - q->last_kick),
		   jiffies_to_msecs(jiffies - READ_ONCE(q->nq->trans_start)));
	vnc->recover.queue = queue;
	queue_work(system_freezable_wq, &vnc->recover.work);
}

/**
 * vnc_recover_init() - nothing to recover from
 * @vnc: the device
 *
 * Context: process.
 */
void vnc_recover_init(struct vnc *vnc)
{
	INIT_WORK(&vnc->recover.work, work);
}

/**
 * vnc_recover_stop() - recover no more
 * @vnc: the device, being removed
 *
 * Context: process, device lock held, without rtnl; sleeps.
 */
void vnc_recover_stop(struct vnc *vnc)
{
	cancel_work_sync(&vnc->recover.work);
}
