// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands to the device (spec 2). A device that does not answer must hold nobody up
 * for long: the wait sleeps and is bounded, and after the first command that went
 * unanswered the queue is dead until the device is reset.
 *
 * What was handed to the device belongs to it until it is returned: a command's
 * memory is its own, and after a time-out it is kept until the queue is gone.
 */
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_net_coal.h>

#include "device.h"

static uint ctrl_timeout = 5;

static int set_ctrl_timeout(const char *text, const struct kernel_param *param)
{
	return param_set_uint_minmax(text, param, 1, 60);
}

static const struct kernel_param_ops ctrl_timeout_ops = {
	.set = set_ctrl_timeout,
	.get = param_get_uint,
};

module_param_cb(ctrl_timeout, &ctrl_timeout_ops, &ctrl_timeout, 0644);
MODULE_PARM_DESC(ctrl_timeout, "Seconds to wait for the device to carry out a command (1-60, default 5)");

/* How often a wait looks whether the device is still there, in jiffies. */
#define WAIT_STEP	(HZ / 10 ?: 1)

/**
 * struct vnc_ctrl_buffer - memory of one command, which belongs to the device while
 *	the command is on the queue
 * @out: class, command and data
 * @in: acknowledgment and result; a DMA buffer of its own
 * @out_len: bytes at @out
 * @in_len: bytes at @in
 */
struct vnc_ctrl_buffer {
	u8 *out;
	u8 *in;
	size_t out_len;
	size_t in_len;
};

/* Where the result stands in what the device writes (AMB-3): behind the acknowledgment. */
#define RESULT_OFFSET	sizeof(virtio_net_ctrl_ack)

static void buffer_free(struct vnc_ctrl_buffer *buffer)
{
	if (!buffer)
		return;
	kfree(buffer->in);
	kfree(buffer->out);
	kfree(buffer);
}

static struct vnc_ctrl_buffer *buffer_alloc(const struct vnc_command *command)
{
	struct vnc_ctrl_buffer *buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);
	struct virtio_net_ctrl_hdr *hdr;

	if (!buffer)
		return NULL;
	buffer->out_len = sizeof(*hdr) + command->len;
	buffer->in_len = RESULT_OFFSET + command->room;
	buffer->out = kzalloc(buffer->out_len, GFP_KERNEL);
	buffer->in = kzalloc(buffer->in_len, GFP_KERNEL);
	if (!buffer->out || !buffer->in) {
		buffer_free(buffer);
		return NULL;
	}

	hdr = (struct virtio_net_ctrl_hdr *)buffer->out;
	hdr->class = command->class;
	hdr->cmd = command->cmd;
	if (command->len)
		memcpy(buffer->out + sizeof(*hdr), command->data, command->len);
	/* One that is never written must not read as success. */
	buffer->in[0] = (u8)~VIRTIO_NET_OK;
	return buffer;
}

/* Writable parts come after readable ones (spec 2.1). */
static int buffer_add(struct virtqueue *vq, struct vnc_ctrl_buffer *buffer)
{
	struct scatterlist out, in, *sgs[] = { &out, &in };

	sg_init_one(&out, buffer->out, buffer->out_len);
	sg_init_one(&in, buffer->in, buffer->in_len);
	return virtqueue_add_sgs(vq, sgs, 1, 1, buffer, GFP_KERNEL);
}

/* Spurious interrupts are to be expected (NTF-G2): only the queue says what is done. */
static struct vnc_ctrl_buffer *wait_for_answer(struct vnc_ctrl *ctrl, u32 *len)
{
	unsigned long deadline = jiffies + READ_ONCE(ctrl_timeout) * HZ;
	struct vnc_ctrl_buffer *buffer;

	lockdep_assert_held(&ctrl->lock);
	for (;;) {
		buffer = virtqueue_get_buf(ctrl->vq, len);
		if (buffer || virtqueue_is_broken(ctrl->vq) || time_after(jiffies, deadline))
			return buffer;
		wait_for_completion_timeout(&ctrl->answered, WAIT_STEP);
	}
}

static int read_answer(const struct vnc_ctrl_buffer *buffer, u32 len, struct vnc_command *command)
{
	if (!len || buffer->in[0] != VIRTIO_NET_OK)
		return -EINVAL;
	/* A device that claims more than there was room for has written no more. */
	command->written = min_t(size_t, len, buffer->in_len) - RESULT_OFFSET;
	if (command->room)
		memcpy(command->result, buffer->in + RESULT_OFFSET, command->room);
	return 0;
}

static void give_up(struct vnc_ctrl *ctrl, const struct vnc_command *command)
{
	struct vnc *vnc = container_of(ctrl, struct vnc, ctrl);

	ctrl->dead = true;
	dev_err(&ctrl->vq->vdev->dev,
		"%s: control command %u.%u not answered within %u s: the device is asked nothing more until it is reset\n",
		netdev_name(vnc->dev), command->class, command->cmd, READ_ONCE(ctrl_timeout));
}

static int exchange(struct vnc_ctrl *ctrl, struct vnc_command *command)
{
	struct vnc_ctrl_buffer *buffer, *answer;
	u32 len = 0;
	int ret;

	if (!ctrl->vq)
		return -EOPNOTSUPP;
	if (ctrl->dead)
		return -ETIMEDOUT;
	if (virtqueue_is_broken(ctrl->vq))
		return -EIO;
	buffer = buffer_alloc(command);
	if (!buffer)
		return -ENOMEM;
	reinit_completion(&ctrl->answered);
	ret = buffer_add(ctrl->vq, buffer);
	if (ret)
		goto out_free;

	virtqueue_kick(ctrl->vq);
	answer = wait_for_answer(ctrl, &len);
	if (!answer) {
		/* The buffer is the device's; vnc_ctrl_detach() gets it back. */
		if (virtqueue_is_broken(ctrl->vq))
			return -EIO;
		give_up(ctrl, command);
		return -ETIMEDOUT;
	}
	ret = read_answer(buffer, len, command);

out_free:
	buffer_free(buffer);
	return ret;
}

/**
 * vnc_ctrl_init() - a device without control queue
 * @ctrl: zeroed memory
 *
 * Context: process.
 */
void vnc_ctrl_init(struct vnc_ctrl *ctrl)
{
	mutex_init(&ctrl->lock);
	init_completion(&ctrl->answered);
}

/**
 * vnc_ctrl_attach() - take a new queue into use
 * @ctrl: the control queue
 * @vq: its virtqueue, or NULL if there is none
 *
 * Context: process; takes @ctrl->lock.
 */
void vnc_ctrl_attach(struct vnc_ctrl *ctrl, struct virtqueue *vq)
{
	mutex_lock(&ctrl->lock);
	ctrl->vq = vq;
	ctrl->dead = false;
	mutex_unlock(&ctrl->lock);
}

/**
 * vnc_ctrl_detach() - stop using the queue
 * @ctrl: the control queue, of a device that has been reset
 *
 * Context: process; takes @ctrl->lock.
 */
void vnc_ctrl_detach(struct vnc_ctrl *ctrl)
{
	struct vnc_ctrl_buffer *buffer;

	mutex_lock(&ctrl->lock);
	if (ctrl->vq) {
		while ((buffer = virtqueue_detach_unused_buf(ctrl->vq)))
			buffer_free(buffer);
	}
	ctrl->vq = NULL;
	mutex_unlock(&ctrl->lock);
}

/**
 * vnc_ctrl_callback() - the device has used a buffer
 * @vq: the control queue
 *
 * Context: hard interrupt.
 */
void vnc_ctrl_callback(struct virtqueue *vq)
{
	struct vnc *vnc = vq->vdev->priv;

	complete(&vnc->ctrl.answered);
}

/**
 * vnc_ctrl_command() - have a command carried out
 * @ctrl: the control queue
 * @command: what to do; its result is filled in
 *
 * Context: process; takes @ctrl->lock and sleeps up to ctrl_timeout.
 *
 * Return: 0; -EINVAL if the device refused; -ETIMEDOUT if it did not answer, now or
 * before; -EIO if it is broken; -EOPNOTSUPP without a control queue; -ENOMEM.
 */
int vnc_ctrl_command(struct vnc_ctrl *ctrl, struct vnc_command *command)
{
	int ret;

	mutex_lock(&ctrl->lock);
	ret = exchange(ctrl, command);
	mutex_unlock(&ctrl->lock);
	return ret;
}

/**
 * vnc_ctrl_ask() - have a command carried out whose result has to be whole
 * @ctrl: the control queue
 * @command: what to do; its result is filled in
 *
 * Context: as vnc_ctrl_command().
 *
 * Return: as vnc_ctrl_command(), or -EPROTO if the device wrote less than there is
 * room for.
 */
int vnc_ctrl_ask(struct vnc_ctrl *ctrl, struct vnc_command *command)
{
	int ret = vnc_ctrl_command(ctrl, command);

	if (ret)
		return ret;
	return command->written < command->room ? -EPROTO : 0;
}

/**
 * vnc_ctrl_send() - have a command carried out that has no result
 * @ctrl: the control queue
 * @class: VIRTIO_NET_CTRL_*
 * @cmd: command of that class
 * @data: its data
 * @len: bytes of it
 *
 * Context: as vnc_ctrl_command().
 *
 * Return: as vnc_ctrl_command().
 */
int vnc_ctrl_send(struct vnc_ctrl *ctrl, u8 class, u8 cmd, const void *data, size_t len)
{
	struct vnc_command command = { .class = class, .cmd = cmd, .data = data, .len = len };

	return vnc_ctrl_command(ctrl, &command);
}
