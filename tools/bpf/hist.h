/* SPDX-License-Identifier: GPL-2.0-only */
/* What the program that watches notifications and the process that loads it share. */
#ifndef VCOAL_HIST_H
#define VCOAL_HIST_H

#include <linux/types.h>

/*
 * Bucket 0 is of values below one unit, bucket N of those from 2^(N-1) to below 2^N units.
 * The last one has no end.
 */
#define HIST_BUCKETS	32
/* Queues that are told apart; further ones are missed, and counted. */
#define HIST_QUEUES	4096
/* Holds are counted by the microsecond, in which they are set. */
#define HIST_HOLD_UNIT	1000

/**
 * struct hist_key - a queue
 * @file: number of the open file
 * @vring: VHN_VRING_*
 */
struct hist_key {
	__u32 file;
	__u32 vring;
};

/**
 * struct hist_values - what was measured
 * @sum: of the values
 * @least: the smallest, all ones without any
 * @most: the largest
 * @buckets: how many there were
 */
struct hist_values {
	__u64 sum;
	__u64 least;
	__u64 most;
	__u64 buckets[HIST_BUCKETS];
};

/**
 * struct hist_queue - what was seen of a queue
 * @first: when @pending left 0, nanoseconds
 * @pending: packets not yet notified; 0: none, or it is not known since when they are
 * @suppressed: notifications that the driver did not want
 * @hold: nanoseconds from the first packet published to the notification, in buckets of
 *	  HIST_HOLD_UNIT
 * @packets: per notification
 */
struct hist_queue {
	__u64 first;
	__u64 pending;
	__u64 suppressed;
	struct hist_values hold;
	struct hist_values packets;
};

#endif /* VCOAL_HIST_H */
