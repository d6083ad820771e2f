/* SPDX-License-Identifier: GPL-2.0-only */
/* linux/tracepoint.h has done it all. */
