/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one place that knows how kernels differ. Code is written to the newest
 * interface; here it is adapted downwards, one inline function for each. What the
 * compiler cannot tell is probed in Kbuild.kcompat.
 */
#ifndef _KCOMPAT_H
#define _KCOMPAT_H

#include <linux/dim.h>
#include <linux/ethtool.h>
#include <linux/eventfd.h>
#include <linux/hrtimer.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <net/xdp.h>

/* The page pool's header became a directory of headers in 6.6. */
#ifdef KC_PAGE_POOL_HELPERS
#include <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif

/* Unaligned accesses are the same on every architecture since 6.12. */
#ifdef KC_LINUX_UNALIGNED
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* Statistics per queue came in 6.10. */
#ifdef KC_NETDEV_STAT_OPS
#include <net/netdev_queues.h>
#endif

/* eventfd_signal() lost its count in 6.8. */
static inline void kc_eventfd_signal(struct eventfd_ctx *ctx)
{
#ifdef KC_EVENTFD_SIGNAL_ONE_ARG
	eventfd_signal(ctx);
#else
	eventfd_signal(ctx, 1);
#endif
}

/* hrtimer_init() and the assignment of its function became one in 6.13. */
static inline void kc_hrtimer_setup(struct hrtimer *timer,
				    enum hrtimer_restart (*function)(struct hrtimer *timer),
				    clockid_t clock, enum hrtimer_mode mode)
{
#ifdef KC_HRTIMER_SETUP
	hrtimer_setup(timer, function, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = function;
#endif
}

/* A device's own DMA operations: CONFIG_DMA_OPS became CONFIG_ARCH_HAS_DMA_OPS in 6.12. */
#define KC_HAVE_DMA_OPS	(IS_ENABLED(CONFIG_DMA_OPS) || IS_ENABLED(CONFIG_ARCH_HAS_DMA_OPS))

/*
 * A transport's find_vqs() takes an array of structures since 6.11, three arrays
 * before. KC_FIND_VQS(fn) makes an adapter where one is needed, and
 * KC_FIND_VQS_OP(fn) names what goes into struct virtio_config_ops.
 */
#ifdef KC_VIRTQUEUE_INFO
#define KC_FIND_VQS(fn)
#define KC_FIND_VQS_OP(fn)	fn

static inline int kc_virtio_find_vqs(struct virtio_device *vdev, unsigned int n,
				     struct virtqueue *vqs[], struct virtqueue_info info[])
{
	return virtio_find_vqs(vdev, n, vqs, info, NULL);
}
#else
struct virtqueue_info {
	const char *name;
	vq_callback_t *callback;
	bool ctx;
};

static inline struct virtqueue_info *kc_vqs_info(unsigned int n, vq_callback_t *callbacks[],
						 const char * const names[], const bool *ctx)
{
	struct virtqueue_info *info = kcalloc(n, sizeof(*info), GFP_KERNEL);
	unsigned int i;

	for (i = 0; info && i < n; i++) {
		info[i].name = names[i];
		info[i].callback = callbacks[i];
		info[i].ctx = ctx && ctx[i];
	}
	return info;
}

#define KC_FIND_VQS(fn)								\
static int kc_##fn(struct virtio_device *vdev, unsigned int n, struct virtqueue *vqs[],	\
		   vq_callback_t *callbacks[], const char * const names[],	\
		   const bool *ctx, struct irq_affinity *desc)			\
{										\
	struct virtqueue_info *info = kc_vqs_info(n, callbacks, names, ctx);	\
	int ret = info ? fn(vdev, n, vqs, info, desc) : -ENOMEM;		\
										\
	kfree(info);								\
	return ret;								\
}

#define KC_FIND_VQS_OP(fn)	kc_##fn

/* The driver's side of the same change. */
static inline int kc_virtio_find_vqs(struct virtio_device *vdev, unsigned int n,
				     struct virtqueue *vqs[], struct virtqueue_info info[])
{
	vq_callback_t **callbacks = kcalloc(n, sizeof(*callbacks), GFP_KERNEL);
	const char **names = kcalloc(n, sizeof(*names), GFP_KERNEL);
	bool *ctx = kcalloc(n, sizeof(*ctx), GFP_KERNEL);
	int ret = -ENOMEM;
	unsigned int i;

	if (!callbacks || !names || !ctx)
		goto out;
	for (i = 0; i < n; i++) {
		callbacks[i] = info[i].callback;
		names[i] = info[i].name;
		ctx[i] = info[i].ctx;
	}
	ret = virtio_find_vqs_ctx(vdev, n, vqs, callbacks, names, ctx, NULL);
out:
	kfree(ctx);
	kfree(names);
	kfree(callbacks);
	return ret;
}
#endif

/* Resizing and resetting a virtqueue tells when all buffers are back since 6.16. */
static inline int kc_virtqueue_resize(struct virtqueue *vq, u32 num,
				      void (*recycle)(struct virtqueue *vq, void *buf))
{
#ifdef KC_VIRTQUEUE_RECYCLE_DONE
	return virtqueue_resize(vq, num, recycle, NULL);
#else
	return virtqueue_resize(vq, num, recycle);
#endif
}

/* A virtqueue can be reset without resizing it since 6.6. */
#ifdef KC_VIRTQUEUE_RESET
static inline int kc_virtqueue_reset(struct virtqueue *vq,
				     void (*recycle)(struct virtqueue *vq, void *buf))
{
#ifdef KC_VIRTQUEUE_RECYCLE_DONE
	return virtqueue_reset(vq, recycle, NULL);
#else
	return virtqueue_reset(vq, recycle);
#endif
}
#endif

/* net_dim() takes a pointer since 6.13. */
static inline void kc_net_dim(struct dim *dim, const struct dim_sample *sample)
{
#ifdef KC_NET_DIM_POINTER
	net_dim(dim, sample);
#else
	net_dim(dim, *sample);
#endif
}

/* What an interface can do with XDP is told since 6.3. */
static inline void kc_xdp_set_features(struct net_device *dev)
{
#ifdef KC_XDP_FEATURES
	xdp_set_features_flag(dev, NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
				   NETDEV_XDP_ACT_NDO_XMIT);
#endif
}

/*
 * Table, key and function of receive hashing come in a structure since 6.8. Written to
 * the older form; KC_RXFH() makes adapters where they are needed, and KC_RXFH_OP() names
 * what goes into struct ethtool_ops.
 */
#ifdef KC_RXFH_PARAM
#define KC_RXFH(get, set)							\
static int kc_##get(struct net_device *dev, struct ethtool_rxfh_param *param)	\
{										\
	return get(dev, param->indir, param->key, &param->hfunc);		\
}										\
										\
static int kc_##set(struct net_device *dev, struct ethtool_rxfh_param *param,	\
		    struct netlink_ext_ack *extack)				\
{										\
	if (param->rss_context || param->input_xfrm)				\
		return -EOPNOTSUPP;						\
	return set(dev, param->indir, param->key, param->hfunc);		\
}

#define KC_RXFH_OP(fn)	kc_##fn
#else
#define KC_RXFH(get, set)
#define KC_RXFH_OP(fn)	fn
#endif

#endif /* _KCOMPAT_H */
