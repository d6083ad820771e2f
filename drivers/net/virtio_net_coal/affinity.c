// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pairs in use are spread over the processors that are online: interrupts, and the
 * choice of a transmit queue. Hints, on which nothing depends.
 *
 * Who is told that a processor comes or goes holds the lock of processor hotplug, which
 * is taken under rtnl elsewhere. So a work item does what is to be done.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/netdevice.h>
#include <linux/virtio_config.h>

#include "device.h"

static enum cpuhp_state hotplug_state;

/* With fewer processors than pairs one of them serves several. */
static void spread_pair(struct vnc *vnc, u32 pair, struct cpumask *mask)
{
	u32 cpus = num_online_cpus();
	u32 cpu, i = 0;

	cpumask_clear(mask);
	for_each_online_cpu(cpu) {
		if (i % vnc->pairs == pair || i == pair % cpus)
			cpumask_set_cpu(cpu, mask);
		i++;
	}
	virtqueue_set_affinity(vnc->rxqs[pair].vq, mask);
	virtqueue_set_affinity(vnc->txqs[pair].vq, mask);
	netif_set_xps_queue(vnc->dev, mask, pair);
}

/**
 * vnc_affinity_spread() - spread the pairs in use over the processors
 * @vnc: the device, its queues found
 *
 * If a processor comes or goes meanwhile, this is called again. Nothing happens before the
 * interface is registered: the choice of a transmit queue is forgotten when that ends, and
 * would be lost by a probe that fails.
 *
 * Context: process, under rtnl or before the interface is registered.
 */
void vnc_affinity_spread(struct vnc *vnc)
{
	cpumask_var_t mask;
	u32 i;

	if (vnc->dev->reg_state != NETREG_REGISTERED)
		return;
	if (!alloc_cpumask_var(&mask, GFP_KERNEL))
		return;
	for (i = 0; i < vnc->pairs; i++)
		spread_pair(vnc, i, mask);
	free_cpumask_var(mask);
}

static void work(struct work_struct *work)
{
	struct vnc *vnc = container_of(work, struct vnc, affinity.work);

	/* One that goes is among the others until hotplug is through with it. */
	cpus_read_lock();
	cpus_read_unlock();

	rtnl_lock();
	if (vnc->ready)
		vnc_affinity_spread(vnc);
	rtnl_unlock();
}

static int processors_changed(unsigned int cpu, struct hlist_node *node)
{
	struct vnc *vnc = hlist_entry(node, struct vnc, affinity.node);

	queue_work(system_freezable_wq, &vnc->affinity.work);
	return 0;
}

/**
 * vnc_affinity_init() - nobody tells us yet
 * @vnc: the device
 *
 * Context: process.
 */
void vnc_affinity_init(struct vnc *vnc)
{
	INIT_WORK(&vnc->affinity.work, work);
}

/**
 * vnc_affinity_start() - follow processors that come and go
 * @vnc: the device, its queues found
 *
 * Context: process, without rtnl.
 *
 * Return: 0, or what the kernel says.
 */
int vnc_affinity_start(struct vnc *vnc)
{
	return cpuhp_state_add_instance_nocalls(hotplug_state, &vnc->affinity.node);
}

/**
 * vnc_affinity_stop() - follow them no more
 * @vnc: the device
 *
 * Context: process, without rtnl; sleeps.
 */
void vnc_affinity_stop(struct vnc *vnc)
{
	cpuhp_state_remove_instance_nocalls(hotplug_state, &vnc->affinity.node);
	cancel_work_sync(&vnc->affinity.work);
}

/**
 * vnc_affinity_module_init() - a place among those who are told
 *
 * Context: process.
 *
 * Return: 0, or what the kernel says.
 */
int vnc_affinity_module_init(void)
{
	int ret = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN, "net/virtio_net_coal:online",
					  processors_changed, processors_changed);

	if (ret < 0)
		return ret;
	hotplug_state = ret;
	return 0;
}

/**
 * vnc_affinity_module_exit() - give the place back
 *
 * Context: process; no device is left.
 */
void vnc_affinity_module_exit(void)
{
	cpuhp_remove_multi_state(hotplug_state);
}
