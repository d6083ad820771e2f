/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the virtqueues of a file begin with: the module's parameters, and what the host's
 * operator has made of them since.
 */
#ifndef _VHN_DEFAULTS_H
#define _VHN_DEFAULTS_H

#include <linux/types.h>

struct vhn_policy;
struct vhn_policy_edit;

u32 vhn_max_usecs(void);
void vhn_defaults_lock(void);
void vhn_defaults_unlock(void);
void vhn_defaults_get(u32 index, struct vhn_policy *p);
bool vhn_defaults_edit(u32 index, const struct vhn_policy_edit *edit);

#endif /* _VHN_DEFAULTS_H */
