/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Feature bits: which this driver knows, and which need which.
 */
#ifndef _VNC_FEATURE_H
#define _VNC_FEATURE_H

#include <linux/types.h>

/* The bits above 63 are not there for a driver on the kernels of today. */
extern const unsigned int vnc_features[];
extern const unsigned int vnc_nr_features;

u64 vnc_features_settle(u64 features);

#endif /* _VNC_FEATURE_H */
