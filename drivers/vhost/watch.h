/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looks at all queues once a second, and sets going again what was left lying.
 */
#ifndef _VHN_WATCH_H
#define _VHN_WATCH_H

void vhn_watch_begin(void);
void vhn_watch_stop(void);

#endif /* _VHN_WATCH_H */
