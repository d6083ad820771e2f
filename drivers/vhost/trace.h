/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: the stable way to watch a device from outside. "dev" is the number
 * of the open file, "vq" its vring.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vhost_net_coal

#if !defined(_VHN_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VHN_TRACE_H

#include <linux/tracepoint.h>

#include "coal.h"

TRACE_DEFINE_ENUM(VHN_COAL_COUNT);
TRACE_DEFINE_ENUM(VHN_COAL_TIMER);
TRACE_DEFINE_ENUM(VHN_COAL_IMMEDIATE);
TRACE_DEFINE_ENUM(VHN_COAL_FLUSH);

#define vhn_show_reason(reason)				\
	__print_symbolic(reason,			\
			 { VHN_COAL_COUNT, "count" },	\
			 { VHN_COAL_TIMER, "timer" },	\
			 { VHN_COAL_IMMEDIATE, "immediate" },	\
			 { VHN_COAL_FLUSH, "flush" })

TRACE_EVENT(vhn_batch,
	TP_PROTO(u32 dev, u32 vq, u32 packets, u32 pending),
	TP_ARGS(dev, vq, packets, pending),
	TP_STRUCT__entry(
		__field(u32, dev)
		__field(u32, vq)
		__field(u32, packets)
		__field(u32, pending)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->vq = vq;
		__entry->packets = packets;
		__entry->pending = pending;
	),
	TP_printk("dev=%u vq=%u packets=%u pending=%u", __entry->dev, __entry->vq,
		  __entry->packets, __entry->pending)
);

TRACE_EVENT(vhn_arm,
	TP_PROTO(u32 dev, u32 vq, u32 pending, u64 deadline_ns),
	TP_ARGS(dev, vq, pending, deadline_ns),
	TP_STRUCT__entry(
		__field(u32, dev)
		__field(u32, vq)
		__field(u32, pending)
		__field(u64, deadline_ns)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->vq = vq;
		__entry->pending = pending;
		__entry->deadline_ns = deadline_ns;
	),
	TP_printk("dev=%u vq=%u pending=%u deadline_ns=%llu", __entry->dev, __entry->vq,
		  __entry->pending, __entry->deadline_ns)
);

TRACE_EVENT(vhn_timer_fire,
	TP_PROTO(u32 dev, u32 vq, u32 pending, bool due),
	TP_ARGS(dev, vq, pending, due),
	TP_STRUCT__entry(
		__field(u32, dev)
		__field(u32, vq)
		__field(u32, pending)
		__field(bool, due)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->vq = vq;
		__entry->pending = pending;
		__entry->due = due;
	),
	TP_printk("dev=%u vq=%u pending=%u due=%d", __entry->dev, __entry->vq,
		  __entry->pending, __entry->due)
);

DECLARE_EVENT_CLASS(vhn_decision,
	TP_PROTO(u32 dev, u32 vq, int reason),
	TP_ARGS(dev, vq, reason),
	TP_STRUCT__entry(
		__field(u32, dev)
		__field(u32, vq)
		__field(int, reason)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->vq = vq;
		__entry->reason = reason;
	),
	TP_printk("dev=%u vq=%u reason=%s", __entry->dev, __entry->vq,
		  vhn_show_reason(__entry->reason))
);

DEFINE_EVENT(vhn_decision, vhn_notify,
	TP_PROTO(u32 dev, u32 vq, int reason),
	TP_ARGS(dev, vq, reason)
);

DEFINE_EVENT(vhn_decision, vhn_suppress,
	TP_PROTO(u32 dev, u32 vq, int reason),
	TP_ARGS(dev, vq, reason)
);

TRACE_EVENT(vhn_broken,
	TP_PROTO(u32 dev, u32 vq, int err),
	TP_ARGS(dev, vq, err),
	TP_STRUCT__entry(
		__field(u32, dev)
		__field(u32, vq)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->vq = vq;
		__entry->err = err;
	),
	TP_printk("dev=%u vq=%u err=%d", __entry->dev, __entry->vq, __entry->err)
);

#endif /* _VHN_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
