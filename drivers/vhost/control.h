/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic netlink family: what the host's operator may ask, and what he may change.
 */
#ifndef _VHN_CONTROL_H
#define _VHN_CONTROL_H

int vhn_control_start(void);
void vhn_control_stop(void);

#endif /* _VHN_CONTROL_H */
