// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notification coalescing: ethtool's words to the device and back.
 *
 *   ethtool		sent to the device		the device notifies
 *   usecs frames	max_usecs max_packets
 *     0     0		   0	    0			at every packet
 *     0     1		   0	    1			at every packet
 *     0    >1		refused: virtio has no count without a time
 *    >0     0		  usecs	 0xffffffff		after usecs
 *    >0    >0		  usecs	  frames		at whichever comes first
 *
 * The device forgets (COAL-D5, D6, D9): after the reset of a queue it has the values of
 * its direction again, or none, after its own reset none. What the user wants is kept
 * here, and told again.
 *
 * No command is sent that changes what adaptive moderation does; the user's values
 * come back when that is switched off.
 */
#include <linux/bitmap.h>
#include <linux/netlink.h>
#include <linux/slab.h>

#include "device.h"

#define ONLY_TIME	U32_MAX

static const char no_count_without_time[] =
	"virtio cannot wait for frames without a time limit; set usecs as well";
static const char adaptive_chooses[] =
	"adaptive moderation chooses the values; switch it off to set them";
static const char adaptive_needs_queue[] =
	"adaptive moderation needs parameters per queue, VQ_NOTF_COAL (feature 52)";

/* --- words ----------------------------------------------------------------------- */

static struct virtio_net_coal to_wire(const struct vnc_coal_value *value)
{
	u32 packets = value->usecs && !value->frames ? ONLY_TIME : value->frames;

	return (struct virtio_net_coal){
		.max_packets = cpu_to_le32(packets),
		.max_usecs = cpu_to_le32(value->usecs),
	};
}

static struct vnc_coal_value from_wire(const struct virtio_net_coal *wire)
{
	struct vnc_coal_value value = {
		.usecs = le32_to_cpu(wire->max_usecs),
		.frames = le32_to_cpu(wire->max_packets),
	};

	if (value.usecs && value.frames == ONLY_TIME)
		value.frames = 0;
	return value;
}

static bool same(const struct vnc_coal_value *a, const struct vnc_coal_value *b)
{
	return a->usecs == b->usecs && a->frames == b->frames;
}

/* --- commands -------------------------------------------------------------------- */

static int send_direction(struct vnc *vnc, enum vnc_direction dir,
			  const struct vnc_coal_value *value)
{
	struct virtio_net_coal wire = to_wire(value);
	u8 cmd = dir == VNC_RX ? VIRTIO_NET_CTRL_NOTF_COAL_RX_SET :
				 VIRTIO_NET_CTRL_NOTF_COAL_TX_SET;

	return vnc_ctrl_send(&vnc->ctrl, VIRTIO_NET_CTRL_NOTF_COAL, cmd, &wire, sizeof(wire));
}

static int send_queue(struct vnc *vnc, u32 vq, const struct vnc_coal_value *value)
{
	struct virtio_net_coal_vq wire = {
		.vq_index = cpu_to_le16(vq),
		.coal = to_wire(value),
	};

	if (test_bit(vq, vnc->coal.absent))
		return 0;
	return vnc_ctrl_send(&vnc->ctrl, VIRTIO_NET_CTRL_NOTF_COAL,
			     VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET, &wire, sizeof(wire));
}

/* COAL-G4: values of a command that was refused are not looked at. */
static int ask_queue(struct vnc *vnc, u32 vq, struct vnc_coal_value *value)
{
	struct virtio_net_coal_vq request = { .vq_index = cpu_to_le16(vq) };
	struct virtio_net_coal answer;
	struct vnc_command command = {
		.class = VIRTIO_NET_CTRL_NOTF_COAL,
		.cmd = VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET,
		.data = &request,
		.len = offsetof(struct virtio_net_coal_vq, coal),
		.result = &answer,
		.room = sizeof(answer),
	};
	int ret = vnc_ctrl_ask(&vnc->ctrl, &command);

	if (!ret)
		*value = from_wire(&answer);
	return ret;
}

/* --- settings -------------------------------------------------------------------- */

static struct vnc_adaptive *adaptive_of(struct vnc *vnc, u32 vq)
{
	return vq % 2 == VNC_RX ? &vnc->rxqs[vq / 2].adaptive : &vnc->txqs[vq / 2].adaptive;
}

/* What the device should do now: the user's values, or those chosen last. */
static struct vnc_coal_value in_force(struct vnc *vnc, u32 vq)
{
	struct vnc_coal_value value = vnc->coal.queues[vq].value;

	if (vnc->coal.queues[vq].adaptive)
		vnc_adaptive_current(adaptive_of(vnc, vq), &value);
	return value;
}

static int tell_queue(struct vnc *vnc, u32 vq)
{
	struct vnc_coal_value value = in_force(vnc, vq);

	return send_queue(vnc, vq, &value);
}

/* What the device has for a queue before it is told anything of that queue. */
static bool is_direction_value(struct vnc *vnc, u32 vq)
{
	struct vnc_coal_value value = in_force(vnc, vq);

	return same(&value, &vnc->coal.direction[vq % 2]);
}

/* The queues of a direction that differ from the others. */
static int tell_queues(struct vnc *vnc, enum vnc_direction dir)
{
	u32 vq;
	int ret;

	if (!vnc_coal_can_queue(vnc))
		return 0;
	for (vq = dir; vq < 2 * vnc->max_pairs; vq += 2) {
		if (is_direction_value(vnc, vq))
			continue;
		ret = tell_queue(vnc, vq);
		if (ret)
			return ret;
	}
	return 0;
}

/* Brings the device back to what is written here. It may have died; then it is asked
 * what it does, and the user learns that (vnc_coal_get()).
 */
static void roll_back(struct vnc *vnc, enum vnc_direction dir)
{
	u32 vq;

	if (vnc_has(vnc, VIRTIO_NET_F_NOTF_COAL)) {
		if (!send_direction(vnc, dir, &vnc->coal.direction[dir]))
			tell_queues(vnc, dir);
		return;
	}
	for (vq = dir; vq < 2 * vnc->max_pairs; vq += 2)
		tell_queue(vnc, vq);
}

/* Only VQ_NOTF_COAL: a loop over the queues. */
static int send_all(struct vnc *vnc, enum vnc_direction dir, const struct vnc_coal_value *value)
{
	u32 vq;
	int ret;

	if (vnc_has(vnc, VIRTIO_NET_F_NOTF_COAL))
		return send_direction(vnc, dir, value);
	for (vq = dir; vq < 2 * vnc->max_pairs; vq += 2) {
		ret = send_queue(vnc, vq, value);
		if (ret)
			return ret;
	}
	return 0;
}

static void store(struct vnc *vnc, u32 vq, const struct vnc_coal_setting *want)
{
	vnc->coal.queues[vq] = *want;
	vnc_adaptive_set(adaptive_of(vnc, vq), want->adaptive);
}

static void store_direction(struct vnc *vnc, enum vnc_direction dir,
			    const struct vnc_coal_setting *want)
{
	u32 vq;

	for (vq = dir; vq < 2 * vnc->max_pairs; vq += 2)
		store(vnc, vq, want);
}

static const char *check(const struct vnc *vnc, const struct vnc_coal_setting *want,
			 const struct vnc_coal_setting *have)
{
	if (!want->value.usecs && want->value.frames > 1)
		return no_count_without_time;
	if (want->adaptive && !vnc_coal_can_queue(vnc))
		return adaptive_needs_queue;
	if (want->adaptive && !same(&want->value, &have->value))
		return adaptive_chooses;
	return NULL;
}

/* ethtool sends back what it was shown, changed where the user wants a change. What
 * was shown is what the device does, not what the user had asked for: where nothing
 * was changed, the wish stands.
 */
static struct vnc_coal_setting merge(const struct vnc *vnc, u32 vq,
				     const struct vnc_coal_setting *want)
{
	const struct vnc_coal_value *have = &vnc->coal.queues[vq].value;
	const struct vnc_coal_value *shown = &vnc->coal.shown[vq];
	struct vnc_coal_setting merged = *want;

	if (merged.value.usecs == shown->usecs)
		merged.value.usecs = have->usecs;
	if (merged.value.frames == shown->frames)
		merged.value.frames = have->frames;
	return merged;
}

static const char *merge_and_check(const struct vnc *vnc, u32 pair,
				   const struct vnc_coal_setting want[2],
				   struct vnc_coal_setting merged[2])
{
	const char *why = NULL;
	u32 dir;

	for (dir = VNC_RX; dir <= VNC_TX && !why; dir++) {
		merged[dir] = merge(vnc, 2 * pair + dir, &want[dir]);
		why = check(vnc, &merged[dir], &vnc->coal.queues[2 * pair + dir]);
	}
	return why;
}

/* Adaptive moderation starts from where it was, which is told to the device at once. */
static int send_adaptive(struct vnc *vnc, enum vnc_direction dir)
{
	struct vnc_coal_value value;
	u32 vq;
	int ret;

	for (vq = dir; vq < 2 * vnc->max_pairs; vq += 2) {
		if (vnc->coal.queues[vq].adaptive)
			continue;
		vnc_adaptive_current(adaptive_of(vnc, vq), &value);
		ret = send_queue(vnc, vq, &value);
		if (ret)
			return ret;
	}
	return 0;
}

static int set_direction(struct vnc *vnc, enum vnc_direction dir,
			 const struct vnc_coal_setting *want)
{
	return want->adaptive ? send_adaptive(vnc, dir) : send_all(vnc, dir, &want->value);
}

static void commit_direction(struct vnc *vnc, enum vnc_direction dir,
			     const struct vnc_coal_setting *want)
{
	if (!want->adaptive && vnc_has(vnc, VIRTIO_NET_F_NOTF_COAL))
		vnc->coal.direction[dir] = want->value;
	store_direction(vnc, dir, want);
}

static int set_both(struct vnc *vnc, const struct vnc_coal_setting want[2])
{
	int ret;

	ret = set_direction(vnc, VNC_TX, &want[VNC_TX]);
	if (ret)
		goto out_tx;
	ret = set_direction(vnc, VNC_RX, &want[VNC_RX]);
	if (ret)
		goto out_rx;
	commit_direction(vnc, VNC_TX, &want[VNC_TX]);
	commit_direction(vnc, VNC_RX, &want[VNC_RX]);
	return 0;

out_rx:
	roll_back(vnc, VNC_RX);
out_tx:
	roll_back(vnc, VNC_TX);
	return ret;
}

static int set_pair(struct vnc *vnc, u32 pair, const struct vnc_coal_setting want[2])
{
	const u32 tx = 2 * pair + VNC_TX, rx = 2 * pair + VNC_RX;
	const struct vnc_coal_setting before[2] = {
		[VNC_RX] = vnc->coal.queues[rx],
		[VNC_TX] = vnc->coal.queues[tx],
	};
	int ret;

	store(vnc, tx, &want[VNC_TX]);
	store(vnc, rx, &want[VNC_RX]);
	ret = tell_queue(vnc, tx) ?: tell_queue(vnc, rx);
	if (!ret)
		return 0;
	store(vnc, tx, &before[VNC_TX]);
	store(vnc, rx, &before[VNC_RX]);
	tell_queue(vnc, tx);
	tell_queue(vnc, rx);
	return ret;
}

/**
 * vnc_coal_can() - does the device coalesce?
 * @vnc: the device
 */
bool vnc_coal_can(const struct vnc *vnc)
{
	return vnc_has(vnc, VIRTIO_NET_F_NOTF_COAL) || vnc_coal_can_queue(vnc);
}

/**
 * vnc_coal_can_queue() - does it have parameters per queue?
 * @vnc: the device
 */
bool vnc_coal_can_queue(const struct vnc *vnc)
{
	return vnc_has(vnc, VIRTIO_NET_F_VQ_NOTF_COAL);
}

/**
 * vnc_coal_get() - what a queue does
 * @vnc: the device
 * @vq: index of its virtqueue
 * @setting: receives what the device says it does; what it was told, if it cannot say
 *
 * Context: process; takes the coalescing lock and the control queue.
 *
 * Return: 0, or what the control queue says; -EPROTO for an answer that is too short.
 */
int vnc_coal_get(struct vnc *vnc, u32 vq, struct vnc_coal_setting *setting)
{
	int ret = 0;

	mutex_lock(&vnc->coal.lock);
	*setting = vnc->coal.queues[vq];
	if (vnc_coal_can_queue(vnc) && !test_bit(vq, vnc->coal.absent))
		ret = ask_queue(vnc, vq, &setting->value);
	if (!ret)
		vnc->coal.shown[vq] = setting->value;
	mutex_unlock(&vnc->coal.lock);
	return ret;
}

/**
 * vnc_coal_set() - change all queues, or none
 * @vnc: the device
 * @want: by direction
 * @why: receives what is wrong, or NULL
 *
 * Context: process; takes the coalescing lock and the control queue.
 *
 * Return: 0; -EINVAL and -EOPNOTSUPP with a reason in @why; what the control queue says.
 */
int vnc_coal_set(struct vnc *vnc, const struct vnc_coal_setting want[2], const char **why)
{
	struct vnc_coal_setting merged[2];
	int ret = -EINVAL;

	mutex_lock(&vnc->coal.lock);
	*why = merge_and_check(vnc, 0, want, merged);
	if (!*why) {
		ret = set_both(vnc, merged);
		if (ret == -EINVAL)
			*why = "the device refused; a limit of its host may be lower";
	}
	mutex_unlock(&vnc->coal.lock);
	return ret;
}

/**
 * vnc_coal_set_queue() - change both queues of a pair, or none
 * @vnc: the device, of which vnc_coal_can_queue() holds
 * @pair: number of the pair
 * @want: by direction
 * @why: receives what is wrong, or NULL
 *
 * Context: process; takes the coalescing lock and the control queue.
 *
 * Return: as vnc_coal_set().
 */
int vnc_coal_set_queue(struct vnc *vnc, u32 pair, const struct vnc_coal_setting want[2],
		       const char **why)
{
	struct vnc_coal_setting merged[2];
	int ret = -EINVAL;

	mutex_lock(&vnc->coal.lock);
	*why = merge_and_check(vnc, pair, want, merged);
	if (!*why)
		ret = set_pair(vnc, pair, merged);
	mutex_unlock(&vnc->coal.lock);
	return ret;
}

/* Values that the device does not have now. */
static struct vnc_coal_value other_value(const struct vnc_coal_value *value)
{
	return (struct vnc_coal_value){
		.usecs = value->usecs == 1 ? 2 : 1,
		.frames = 1,
	};
}

static int write_and_read(struct vnc *vnc, u32 vq)
{
	struct vnc_coal_value have, other;
	int ret;

	/* COAL-G1 */
	if (test_bit(vq, vnc->coal.absent))
		return -ENODEV;
	ret = ask_queue(vnc, vq, &have);
	if (ret)
		return ret;
	other = other_value(&have);
	ret = send_queue(vnc, vq, &other);
	if (ret)
		return ret;
	ret = ask_queue(vnc, vq, &have);
	if (!ret && !same(&have, &other))
		ret = -EBADE;
	return tell_queue(vnc, vq) ?: ret;
}

/**
 * vnc_coal_test() - does a queue take parameters, and give them back?
 * @vnc: the device, of which vnc_coal_can_queue() holds
 *
 * Of the first receive queue, which has its own again afterwards.
 *
 * Context: process; takes the coalescing lock and the control queue.
 *
 * Return: 0; -EBADE if it gave back others; -ENODEV if that queue did not come back from
 * a reset; what the control queue says.
 */
int vnc_coal_test(struct vnc *vnc)
{
	int ret;

	mutex_lock(&vnc->coal.lock);
	ret = write_and_read(vnc, VNC_RX);
	mutex_unlock(&vnc->coal.lock);
	return ret;
}

/**
 * vnc_coal_adapt() - tell the device what adaptive moderation has chosen
 * @a: moderation of the queue
 *
 * Context: process, without rtnl; takes the coalescing lock and the control queue.
 */
void vnc_coal_adapt(struct vnc_adaptive *a)
{
	struct vnc *vnc = a->vnc;

	mutex_lock(&vnc->coal.lock);
	if (a->on)
		tell_queue(vnc, a->vq);
	mutex_unlock(&vnc->coal.lock);
}

/**
 * vnc_coal_queue_restore() - a queue was reset: tell the device again
 * @vnc: the device
 * @vq: index of the virtqueue
 *
 * Context: process, coalescing lock held; takes the control queue.
 *
 * Return: 0, or what the control queue says.
 */
int vnc_coal_queue_restore(struct vnc *vnc, u32 vq)
{
	lockdep_assert_held(&vnc->coal.lock);
	if (!vnc_coal_can_queue(vnc) || is_direction_value(vnc, vq))
		return 0;
	return tell_queue(vnc, vq);
}

static int restore_direction(struct vnc *vnc, enum vnc_direction dir)
{
	const struct vnc_coal_value none = {};
	int ret;

	if (!same(&vnc->coal.direction[dir], &none)) {
		ret = send_direction(vnc, dir, &vnc->coal.direction[dir]);
		if (ret)
			return ret;
	}
	return tell_queues(vnc, dir);
}

/**
 * vnc_coal_restore() - the device was reset: tell it all again (COAL-D9)
 * @vnc: the device
 *
 * Context: process; takes the coalescing lock and the control queue.
 *
 * Return: 0, or what the control queue says.
 */
int vnc_coal_restore(struct vnc *vnc)
{
	int ret = 0;

	mutex_lock(&vnc->coal.lock);
	bitmap_zero(vnc->coal.absent, 2 * vnc->max_pairs);
	if (vnc_coal_can(vnc))
		ret = restore_direction(vnc, VNC_TX) ?: restore_direction(vnc, VNC_RX);
	mutex_unlock(&vnc->coal.lock);
	return ret;
}

/**
 * vnc_coal_init() - a device that was told nothing yet
 * @vnc: the device
 *
 * Context: process.
 *
 * Return: 0 or -ENOMEM.
 */
int vnc_coal_init(struct vnc *vnc)
{
	mutex_init(&vnc->coal.lock);
	vnc->coal.queues = kvcalloc(2 * vnc->max_pairs, sizeof(*vnc->coal.queues), GFP_KERNEL);
	vnc->coal.shown = kvcalloc(2 * vnc->max_pairs, sizeof(*vnc->coal.shown), GFP_KERNEL);
	vnc->coal.absent = bitmap_zalloc(2 * vnc->max_pairs, GFP_KERNEL);
	if (vnc->coal.queues && vnc->coal.shown && vnc->coal.absent)
		return 0;
	vnc_coal_free(vnc);
	return -ENOMEM;
}

/**
 * vnc_coal_free() - undo vnc_coal_init()
 * @vnc: the device
 *
 * Context: process.
 */
void vnc_coal_free(struct vnc *vnc)
{
	bitmap_free(vnc->coal.absent);
	kvfree(vnc->coal.shown);
	kvfree(vnc->coal.queues);
	vnc->coal.absent = NULL;
	vnc->coal.shown = NULL;
	vnc->coal.queues = NULL;
}
