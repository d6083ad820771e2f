// SPDX-License-Identifier: GPL-2.0-only
/*
 * The family is there in the initial network namespace only. Whoever has no CAP_NET_ADMIN is
 * told of the files that the user of its socket has opened, and of others as if they were
 * not there. A SET and a file that is being opened exclude each other (defaults.c), and so
 * do two SETs.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/pid_namespace.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "control.h"
#include "control_set.h"
#include "defaults.h"
#include "event.h"
#include "message.h"
#include "registry.h"

static struct genl_family family;

/* --- who asks ----------------------------------------------------------------------- */

/* Whom a socket's user may be told of. */
struct view {
	kuid_t uid;
	bool all;
};

/* The socket's user, not the caller: who hands a socket on hands its answers on. */
static struct view view_of(const struct sk_buff *request)
{
	const struct sock *sk = NETLINK_CB(request).sk;

	return (struct view){
		.uid = sk->sk_socket->file->f_cred->euid,
		.all = netlink_capable(request, CAP_NET_ADMIN),
	};
}

static bool sees(const struct view *view, const struct vhn_file *file)
{
	return view->all || uid_eq(view->uid, file->uid);
}

/* --- GET ---------------------------------------------------------------------------- */

static int put_file(struct sk_buff *skb, struct vhn_file *file, const struct vhn_reader *reader,
		    u32 portid, u32 seq, int flags)
{
	void *head = genlmsg_put(skb, portid, seq, &family, flags, VHN_NL_CMD_GET);
	int err;

	if (!head)
		return -EMSGSIZE;
	err = vhn_message_put_file(skb, &file->dev, reader, VHN_ALL_QUEUES);
	if (err)
		genlmsg_cancel(skb, head);
	else
		genlmsg_end(skb, head);
	return err;
}

static struct vhn_file *get_file_of(struct genl_info *info, const struct view *view)
{
	struct nlattr *id = info->attrs[VHN_NL_FILE_ID];
	struct vhn_file *file;

	file = vhn_registry_get(nla_get_u32(id));
	if (file && sees(view, file))
		return file;
	if (file)
		vhn_registry_put(file);
	NL_SET_ERR_MSG_ATTR(info->extack, id, "no such file");
	return NULL;
}

static int get(struct sk_buff *request, struct genl_info *info)
{
	const struct vhn_reader reader = {
		.users = current_user_ns(),
		.pids = task_active_pid_ns(current),
	};
	struct view view = view_of(request);
	struct vhn_file *file;
	struct sk_buff *skb;
	int err;

	if (!info->attrs[VHN_NL_FILE_ID]) {
		GENL_SET_ERR_MSG(info, "which file? A dump is of all");
		return -EINVAL;
	}
	file = get_file_of(info, &view);
	if (!file)
		return -ENODEV;

	err = -ENOMEM;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		goto put;
	err = put_file(skb, file, &reader, info->snd_portid, info->snd_seq, 0);
	if (err)
		nlmsg_free(skb);
	else
		err = genlmsg_reply(skb, info);
put:
	vhn_registry_put(file);
	return err;
}

/**
 * struct dump - a dump under way; further parts may be asked for by another process
 * @cred: of whom it was begun by
 * @pids: its process numbers
 * @view: whom it may be told of
 * @last: number of the last file in it
 */
struct dump {
	const struct cred *cred;
	struct pid_namespace *pids;
	struct view view;
	u32 last;
};

static int start_dump(struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->ctx;

	BUILD_BUG_ON(sizeof(*dump) > sizeof(cb->ctx));

	if (nlmsg_attrlen(cb->nlh, GENL_HDRLEN)) {
		NL_SET_ERR_MSG(cb->extack, "a dump is of all files");
		return -EINVAL;
	}
	*dump = (struct dump){
		.cred = get_current_cred(),
		.pids = get_pid_ns(task_active_pid_ns(current)),
		.view = view_of(cb->skb),
	};
	return 0;
}

static int dump_files(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->ctx;
	const struct vhn_reader reader = { .users = dump->cred->user_ns, .pids = dump->pids };
	struct vhn_file *file;
	int err = 0;

	while (!err && (file = vhn_registry_next(dump->last))) {
		if (sees(&dump->view, file))
			err = put_file(skb, file, &reader, NETLINK_CB(cb->skb).portid,
				       cb->nlh->nlmsg_seq, NLM_F_MULTI);
		if (!err)
			dump->last = file->dev.id;
		vhn_registry_put(file);
	}
	/* One that does not fit begins the next part, and always fits there. */
	return skb->len ?: err;
}

static int end_dump(struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->ctx;

	put_pid_ns(dump->pids);
	put_cred(dump->cred);
	return 0;
}

static int get_defaults(struct sk_buff *request, struct genl_info *info)
{
	struct sk_buff *skb;
	int err = -EMSGSIZE;
	void *head;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	head = genlmsg_put_reply(skb, info, &family, 0, VHN_NL_CMD_GET_DEFAULTS);
	if (head) {
		vhn_defaults_lock();
		err = vhn_message_put_defaults(skb);
		vhn_defaults_unlock();
	}
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

/* --- SET ---------------------------------------------------------------------------- */

static void edit_file(struct vhn_dev *dev, const struct vhn_policy_edit edits[VHN_NR_VRINGS])
{
	bool changed = false;
	u32 i;

	for (i = 0; i < VHN_NR_VRINGS; i++) {
		if (edits[i].parts)
			changed |= vhn_notify_edit(&dev->queues[i].notify, &edits[i]);
	}
	if (changed)
		vhn_event_changed(dev, VHN_NL_SOURCE_HOST);
}

static void edit_defaults(const struct vhn_policy_edit edits[VHN_NR_VRINGS])
{
	bool changed = false;
	u32 i;

	for (i = 0; i < VHN_NR_VRINGS; i++)
		changed |= vhn_defaults_edit(i, &edits[i]);
	if (changed)
		vhn_event_defaults();
}

static void edit_all(const struct vhn_policy_edit edits[VHN_NR_VRINGS])
{
	struct vhn_file *file;
	u32 last = 0;

	edit_defaults(edits);
	while ((file = vhn_registry_next(last))) {
		edit_file(&file->dev, edits);
		last = file->dev.id;
		vhn_registry_put(file);
	}
}

static int set(struct sk_buff *request, struct genl_info *info)
{
	struct vhn_policy_edit edits[VHN_NR_VRINGS] = {};
	struct view view = view_of(request);
	struct vhn_file *file = NULL;
	int err;

	err = vhn_set_parse(genlmsg_data(info->genlhdr), genlmsg_len(info->genlhdr), edits,
			    info->extack);
	if (err)
		return err;
	if (info->attrs[VHN_NL_FILE_ID]) {
		file = get_file_of(info, &view);
		if (!file)
			return -ENODEV;
	}

	vhn_defaults_lock();
	if (file)
		edit_file(&file->dev, edits);
	else
		edit_all(edits);
	vhn_defaults_unlock();

	if (file)
		vhn_registry_put(file);
	return 0;
}

/* --- the family --------------------------------------------------------------------- */

static const struct nla_policy get_policy[VHN_NL_FILE_ID + 1] = {
	[VHN_NL_FILE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct genl_ops ops[] = {
	{
		.cmd = VHN_NL_CMD_GET,
		.policy = get_policy,
		.maxattr = ARRAY_SIZE(get_policy) - 1,
		.doit = get,
		.start = start_dump,
		.dumpit = dump_files,
		.done = end_dump,
	}, {
		.cmd = VHN_NL_CMD_SET,
		.flags = GENL_ADMIN_PERM,
		.policy = vhn_set_policy,
		.maxattr = VHN_SET_MAX,
		.doit = set,
	}, {
		.cmd = VHN_NL_CMD_GET_DEFAULTS,
		.doit = get_defaults,
	},
};

static const struct genl_multicast_group groups[] = {
	{ .name = VHN_NL_GROUP_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

static struct genl_family family __ro_after_init = {
	.name = VHN_NL_NAME,
	.version = VHN_NL_VERSION,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

/**
 * vhn_control_start() - the module is loaded
 *
 * Context: process, may sleep.
 *
 * Return: 0 or what genl_register_family() says.
 */
int vhn_control_start(void)
{
	vhn_event_start(&family);
	return genl_register_family(&family);
}

/**
 * vhn_control_stop() - the module is unloaded
 *
 * Whoever listens does not any more. Context: process, may sleep; no file is open.
 */
void vhn_control_stop(void)
{
	genl_unregister_family(&family);
}
