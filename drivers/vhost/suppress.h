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

/* A place in a packed ring: the slot, and the wrap counter in the highest bit. */
#define VHN_POSITION_WRAP 0x8000
#define VHN_POSITION_SLOT 0x7fff

/**
 * vhn_packed_distance() - slots from one place in a packed ring to a later one
 * @from: slot below @num, and wrap counter
 * @to: slot below @num, and wrap counter
 * @num: slots of the ring
 *
 * Places repeat after two turns, in the second of which the wrap counter is the other.
 *
 * Return: 0 to 2 * @num - 1.
 */
static inline u32 vhn_packed_distance(u16 from, u16 to, u32 num)
{
	u32 a = (from & VHN_POSITION_SLOT) + (from & VHN_POSITION_WRAP ? 0 : num);
	u32 b = (to & VHN_POSITION_SLOT) + (to & VHN_POSITION_WRAP ? 0 : num);

	return b >= a ? b - a : b + 2 * num - a;
}

/**
 * vhn_packed_event_suppresses() - rule of a packed ring with EVENT_IDX (NTF-P)
 * @event: place whose use the driver waits for; anything the driver may write
 * @old: place of the next used descriptor at the last evaluation
 * @new: the same now
 * @num: slots of the ring, not 0
 *
 * As vhn_event_suppresses(), over slots. A slot that does not exist is never used.
 *
 * Return: true when no notification is wanted.
 */
static inline bool vhn_packed_event_suppresses(u16 event, u16 old, u16 new, u32 num)
{
	if ((event & VHN_POSITION_SLOT) >= num)
		return true;
	return vhn_packed_distance(old, event, num) >= vhn_packed_distance(old, new, num);
}

#endif /* _VHN_SUPPRESS_H */
