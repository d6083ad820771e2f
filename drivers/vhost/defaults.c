// SPDX-License-Identifier: GPL-2.0-only
/*
 * The defaults, one for each of a file's vrings. A file that is being opened and a change
 * that is for all files exclude each other: the file is among them, or it begins with
 * what has changed.
 */
#include <linux/module.h>
#include <linux/mutex.h>

#include "defaults.h"
#include "policy.h"

static unsigned int max_usecs = VHN_HOLD_LIMIT_USECS;

static int set_max_usecs(const char *text, const struct kernel_param *param)
{
	return param_set_uint_minmax(text, param, 1, VHN_HOLD_LIMIT_USECS);
}

static const struct kernel_param_ops max_usecs_ops = {
	.set = set_max_usecs,
	.get = param_get_uint,
};

module_param_cb(max_usecs, &max_usecs_ops, &max_usecs, 0444);
MODULE_PARM_DESC(max_usecs, "longest time a packet may be held, microseconds, 1 to 1000000");

static struct vhn_coal_params host[VHN_NR_VRINGS];

module_param_named(rx_usecs, host[VHN_VRING_RX].max_usecs, uint, 0444);
MODULE_PARM_DESC(rx_usecs, "default for guests that do not know coalescing, microseconds; 0: off");
module_param_named(rx_frames, host[VHN_VRING_RX].max_packets, uint, 0444);
MODULE_PARM_DESC(rx_frames, "default for guests that do not know coalescing, packets; 0: off");
module_param_named(tx_usecs, host[VHN_VRING_TX].max_usecs, uint, 0444);
MODULE_PARM_DESC(tx_usecs, "as rx_usecs, for what the guest transmits");
module_param_named(tx_frames, host[VHN_VRING_TX].max_packets, uint, 0444);
MODULE_PARM_DESC(tx_frames, "as rx_frames, for what the guest transmits");

/* Of parameters that the module has none for; 0 is the built-in limit. */
static struct vhn_coal_params limit[VHN_NR_VRINGS];
static bool locked[VHN_NR_VRINGS];

static DEFINE_MUTEX(mutex);

/**
 * vhn_max_usecs() - the built-in limit
 *
 * Return: microseconds that no packet is held longer than; the same while the module is
 * loaded.
 */
u32 vhn_max_usecs(void)
{
	return max_usecs;
}

/**
 * vhn_defaults_lock() - nobody else changes defaults, nor opens a file
 *
 * Context: process, may sleep; no other lock of this module held.
 */
void vhn_defaults_lock(void)
{
	mutex_lock(&mutex);
}

/**
 * vhn_defaults_unlock() - the end of it
 */
void vhn_defaults_unlock(void)
{
	mutex_unlock(&mutex);
}

/**
 * vhn_defaults_get() - what a vring of a new file begins with
 * @index: VHN_VRING_*
 * @p: filled in
 *
 * Context: vhn_defaults_lock() held.
 */
void vhn_defaults_get(u32 index, struct vhn_policy *p)
{
	const struct vhn_policy_edit edit = {
		.parts = VHN_EDIT_LIMIT_PACKETS | VHN_EDIT_LIMIT_USECS | VHN_EDIT_LOCKED,
		.limit = limit[index],
		.locked = locked[index],
	};

	lockdep_assert_held(&mutex);
	vhn_policy_init(p, host[index], max_usecs);
	vhn_policy_apply(p, &edit, max_usecs);
}

/**
 * vhn_defaults_edit() - change what it begins with
 * @index: VHN_VRING_*
 * @edit: what; no time in it is above the built-in limit
 *
 * Context: vhn_defaults_lock() held.
 *
 * Return: true when something is another than before.
 */
bool vhn_defaults_edit(u32 index, const struct vhn_policy_edit *edit)
{
	struct vhn_policy before, after;

	vhn_defaults_get(index, &before);
	after = before;
	vhn_policy_apply(&after, edit, max_usecs);
	host[index] = after.host;
	limit[index] = after.limit;
	locked[index] = after.locked;
	return !vhn_policy_is_same(&before, &after);
}
