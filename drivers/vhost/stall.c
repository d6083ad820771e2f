// SPDX-License-Identifier: GPL-2.0-only
/*
 * A queue has stalled when several looks in a row have seen the same thing lying. Looks are
 * counted, and no time: a machine that stood still has a long time behind it, and nothing
 * that its worker would not turn to by itself.
 *
 * It is an episode, and told once, for as long as that very thing lies: a worker that waits
 * for its guest's memory cannot be set going from here.
 */
#include "stall.h"

static enum vhn_stall_kind suspect(const struct vhn_stall_view *view, u64 now, u64 *mark)
{
	*mark = 0;
	if (!view->running)
		return VHN_STALL_NONE;
	if (view->pending && now > view->first + view->hold) {
		*mark = view->first;
		return VHN_STALL_PENDING;
	}
	if (view->kicked) {
		*mark = view->turn;
		return VHN_STALL_KICK;
	}
	return VHN_STALL_NONE;
}

/**
 * vhn_stall_judge() - a look at a virtqueue
 * @s: what is remembered of it; zeroed before the first look
 * @view: what is seen
 * @now: nanoseconds, not before anything in @view
 *
 * Context: any; the caller serialises, and lets some time pass from one look to the next.
 *
 * Return: whether it has stalled.
 */
struct vhn_stall_verdict vhn_stall_judge(struct vhn_stall *s, const struct vhn_stall_view *view,
					 u64 now)
{
	struct vhn_stall_verdict verdict = {};
	enum vhn_stall_kind kind;
	u64 mark;

	kind = suspect(view, now, &mark);
	if (kind != s->kind || mark != s->mark)
		*s = (struct vhn_stall){ .kind = kind, .mark = mark };
	if (!kind)
		return verdict;

	verdict.fresh = s->looks == VHN_STALL_LOOKS - 1;
	if (s->looks < VHN_STALL_LOOKS)
		s->looks++;
	if (s->looks == VHN_STALL_LOOKS)
		verdict.kind = kind;
	return verdict;
}
