/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does the driver want a used buffer notification? The rule alone, over values
 * somebody else has read, so that it can be tested over the whole 16-bit range.
 */
#ifndef _VHN_SUPPRESS_H
#define _VHN_SUPPRESS_H

#include <linux/types.h>

/**
 * vhn_flag_suppresses() - rule without EVENT_IDX (NTF-D1)
 * @flags: flags of the available ring
 *
 * Return: true when no notification is wanted.
 */
static inline bool vhn_flag_suppresses(u16 flags)
{
	return flags & 1;
}

/**
 * vhn_event_suppresses() - rule with EVENT_IDX (NTF-D2)
 * @event: used_event, the entry whose use the driver waits for
 * @old: used index at the last evaluation
 * @new: used index now
 *
 * The whole range is tested, not its last entry: the entry waited for may be any of
 * a batch.
 *
 * Return: true when no notification is wanted.
 */
static inline bool vhn_event_suppresses(u16 event, u16 old, u16 new)
{
	return (u16)(new - event - 1) >= (u16)(new - old);
}

#endif /* _VHN_SUPPRESS_H */
