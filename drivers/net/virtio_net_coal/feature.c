// SPDX-License-Identifier: GPL-2.0-only
/*
 * Feature bits (spec FB 1.1): what is known, and what has to be given up when a bit
 * comes without one that it needs.
 */
#ifdef __KERNEL__
#include <linux/bits.h>
#include <linux/kernel.h>
#else
#include <linux/kernel_shim.h>
#endif
#include <linux/virtio_net_coal.h>

#include "feature.h"

const unsigned int vnc_features[] = {
	VIRTIO_NET_F_CSUM,
	VIRTIO_NET_F_GUEST_CSUM,
	VIRTIO_NET_F_CTRL_GUEST_OFFLOADS,
	VIRTIO_NET_F_MTU,
	VIRTIO_NET_F_MAC,
	VIRTIO_NET_F_GUEST_TSO4,
	VIRTIO_NET_F_GUEST_TSO6,
	VIRTIO_NET_F_GUEST_ECN,
	VIRTIO_NET_F_GUEST_UFO,
	VIRTIO_NET_F_HOST_TSO4,
	VIRTIO_NET_F_HOST_TSO6,
	VIRTIO_NET_F_HOST_ECN,
	VIRTIO_NET_F_MRG_RXBUF,
	VIRTIO_NET_F_STATUS,
	VIRTIO_NET_F_CTRL_VQ,
	VIRTIO_NET_F_CTRL_RX,
	VIRTIO_NET_F_CTRL_VLAN,
	VIRTIO_NET_F_GUEST_ANNOUNCE,
	VIRTIO_NET_F_MQ,
	VIRTIO_NET_F_CTRL_MAC_ADDR,
	VIRTIO_NET_F_DEVICE_STATS,
	VIRTIO_NET_F_VQ_NOTF_COAL,
	VIRTIO_NET_F_NOTF_COAL,
#ifdef KC_VIRTIO_NET_USO
	VIRTIO_NET_F_GUEST_USO4,
	VIRTIO_NET_F_GUEST_USO6,
	VIRTIO_NET_F_HOST_USO,
#endif
	VIRTIO_NET_F_HASH_REPORT,
	VIRTIO_NET_F_GUEST_HDRLEN,
	VIRTIO_NET_F_RSS,
	VIRTIO_NET_F_SPEED_DUPLEX,
};

const unsigned int vnc_nr_features = ARRAY_SIZE(vnc_features);

#define F(name)	BIT_ULL(VIRTIO_NET_F_##name)

/* A bit, and those of which it needs at least one. */
struct rule {
	u64 bit;
	u64 needs;
};

/* In an order in which giving up one leaves nothing for an earlier rule to do. AMB-1:
 * DEVICE_STATS and CTRL_GUEST_OFFLOADS have no listed dependency, and no use without
 * the control queue; the same for the "should" of HASH_REPORT.
 */
static const struct rule rules[] = {
	{ F(GUEST_TSO4),		F(GUEST_CSUM) },
	{ F(GUEST_TSO6),		F(GUEST_CSUM) },
	{ F(GUEST_ECN),			F(GUEST_TSO4) | F(GUEST_TSO6) },
	{ F(GUEST_UFO),			F(GUEST_CSUM) },
	{ F(GUEST_USO4),		F(GUEST_CSUM) },
	{ F(GUEST_USO6),		F(GUEST_CSUM) },
	{ F(HOST_TSO4),			F(CSUM) },
	{ F(HOST_TSO6),			F(CSUM) },
	{ F(HOST_ECN),			F(HOST_TSO4) | F(HOST_TSO6) },
	{ F(HOST_USO),			F(CSUM) },
	{ F(CTRL_RX),			F(CTRL_VQ) },
	{ F(CTRL_VLAN),			F(CTRL_VQ) },
	{ F(GUEST_ANNOUNCE),		F(CTRL_VQ) },
	{ F(GUEST_ANNOUNCE),		F(STATUS) },
	{ F(MQ),			F(CTRL_VQ) },
	{ F(CTRL_MAC_ADDR),		F(CTRL_VQ) },
	{ F(CTRL_GUEST_OFFLOADS),	F(CTRL_VQ) },
	{ F(DEVICE_STATS),		F(CTRL_VQ) },
	{ F(VQ_NOTF_COAL),		F(CTRL_VQ) },
	{ F(NOTF_COAL),			F(CTRL_VQ) },
	{ F(HASH_REPORT),		F(CTRL_VQ) },
	{ F(RSS),			F(CTRL_VQ) },
};

/**
 * vnc_features_settle() - give up the bits that miss one they need (FEAT-G1)
 * @features: offered by the device and known to this driver
 *
 * Return: those that can be accepted together.
 */
u64 vnc_features_settle(u64 features)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if ((features & rules[i].bit) && !(features & rules[i].needs))
			features &= ~rules[i].bit;
	return features;
}
