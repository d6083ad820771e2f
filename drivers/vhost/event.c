// SPDX-License-Identifier: GPL-2.0-only
/*
 * An event is made for those who listen, and forgotten otherwise. Who does not keep up is
 * told so by its socket (ENOBUFS), and asks for all files again. So a guest that changes its
 * parameters without end takes no memory but that of listeners' sockets, which is bounded.
 */
#include <linux/cred.h>
#include <linux/pid_namespace.h>
#include <net/genetlink.h>

#include "event.h"
#include "message.h"

static const struct genl_family *family;

/**
 * struct event - what the listeners are told
 * @cmd: VHN_NL_CMD_*
 * @dev: of which device; NULL: of what files opened later begin with
 * @queues: bits of the vrings
 * @by: the calling process has done it
 * @source: with @by: for whom it acts
 */
struct event {
	u8 cmd;
	struct vhn_dev *dev;
	u32 queues;
	bool by;
	enum vhn_nl_source source;
};

static int put_event(struct sk_buff *skb, const struct event *event)
{
	const struct vhn_reader reader = { .users = &init_user_ns, .pids = &init_pid_ns };
	void *head = genlmsg_put(skb, 0, 0, family, 0, event->cmd);
	int err;

	if (!head)
		return -EMSGSIZE;
	if (event->dev)
		err = vhn_message_put_file(skb, event->dev, &reader, event->queues);
	else
		err = vhn_message_put_defaults(skb);
	if (!err && event->by)
		err = vhn_message_put_by(skb, event->source);
	genlmsg_end(skb, head);
	return err;
}

static void publish(const struct event *event)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(family, &init_net, 0))
		return;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb || put_event(skb, event)) {
		nlmsg_free(skb);
		genl_set_err(family, &init_net, 0, 0, -ENOBUFS);
		return;
	}
	genlmsg_multicast(family, skb, 0, 0, GFP_KERNEL);
}

/**
 * vhn_event_added() - a file has got an owner, or another back end
 * @dev: its device
 *
 * Context: process, may sleep; waits for nobody.
 */
void vhn_event_added(struct vhn_dev *dev)
{
	publish(&(struct event){
		.cmd = VHN_NL_CMD_ADDED,
		.dev = dev,
		.queues = VHN_ALL_QUEUES,
	});
}

/**
 * vhn_event_removed() - a file is about to have no owner any more
 * @dev: its device
 *
 * Context: process, may sleep; waits for nobody.
 */
void vhn_event_removed(struct vhn_dev *dev)
{
	publish(&(struct event){
		.cmd = VHN_NL_CMD_REMOVED,
		.dev = dev,
		.queues = VHN_ALL_QUEUES,
	});
}

/**
 * vhn_event_changed() - the calling process has changed parameters
 * @dev: whose
 * @source: for whom
 *
 * Context: process, may sleep; waits for nobody.
 */
void vhn_event_changed(struct vhn_dev *dev, enum vhn_nl_source source)
{
	publish(&(struct event){
		.cmd = VHN_NL_CMD_CHANGED,
		.dev = dev,
		.queues = VHN_ALL_QUEUES,
		.by = true,
		.source = source,
	});
}

/**
 * vhn_event_defaults() - the operator has changed what files opened later begin with
 *
 * Context: process, may sleep; vhn_defaults_lock() held.
 */
void vhn_event_defaults(void)
{
	publish(&(struct event){
		.cmd = VHN_NL_CMD_CHANGED,
		.by = true,
		.source = VHN_NL_SOURCE_HOST,
	});
}

/**
 * vhn_event_refused() - the calling process was not allowed to change parameters
 * @dev: whose
 * @index: of which vring
 * @source: for whom
 *
 * Context: process, may sleep; waits for nobody.
 */
void vhn_event_refused(struct vhn_dev *dev, u32 index, enum vhn_nl_source source)
{
	publish(&(struct event){
		.cmd = VHN_NL_CMD_REFUSED,
		.dev = dev,
		.queues = BIT(index),
		.by = true,
		.source = source,
	});
}

/**
 * vhn_event_stalled() - something was left lying
 * @dev: in which device
 * @index: in which vring
 *
 * Context: process, may sleep; waits for nobody.
 */
void vhn_event_stalled(struct vhn_dev *dev, u32 index)
{
	publish(&(struct event){
		.cmd = VHN_NL_CMD_STALLED,
		.dev = dev,
		.queues = BIT(index),
	});
}

/**
 * vhn_event_start() - the family is there
 * @f: the family; events are its only group
 *
 * Context: process; no file is open.
 */
void vhn_event_start(const struct genl_family *f)
{
	family = f;
}
