/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints are functions here, by which the hunter watches (hunter/kernel.cpp). */
#ifndef _HUNT_LINUX_TRACEPOINT_H
#define _HUNT_LINUX_TRACEPOINT_H

#include <linux/types.h>

#define TP_PROTO(...)				__VA_ARGS__
#define TRACE_DEFINE_ENUM(name)			struct hunt_##name
#define TRACE_EVENT(name, proto, ...)		void trace_##name(proto)
#define DECLARE_EVENT_CLASS(name, ...)		struct hunt_##name
#define DEFINE_EVENT(class, name, proto, ...)	void trace_##name(proto)

#endif
