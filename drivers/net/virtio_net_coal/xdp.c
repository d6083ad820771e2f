// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP, native: a program runs on the page that the device wrote. While one is loaded
 * the device must deliver packets as they came, so that they fit into a page and
 * carry no unfinished checksum: what GUEST_* features allow it is switched off, or the
 * program refused.
 */
#include <linux/bpf_trace.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <kcompat.h>

#include "device.h"
#include "rx_buffer.h"
#include "xdp.h"

/* --- sending back ---------------------------------------------------------------- */

/* Transmit queues are shared with the network stack. */
static struct vnc_txq *tx_queue(struct vnc *vnc)
{
	return &vnc->txqs[smp_processor_id() % vnc->pairs];
}

static u32 send_frames(struct vnc *vnc, struct xdp_frame **frames, u32 n, bool flush)
{
	struct vnc_txq *tx = tx_queue(vnc);
	u32 sent = 0;

	__netif_tx_lock(tx->nq, smp_processor_id());
	while (sent < n && !vnc_tx_xdp(tx, frames[sent]))
		sent++;
	if (flush && tx->open)
		vnc_tx_kick(tx);
	__netif_tx_unlock(tx->nq);
	return sent;
}

static void send_back(struct vnc_xdp_pass *pass, struct vnc_rxq *q, struct vnc_rx_tally *tally)
{
	u32 sent = send_frames(q->vnc, pass->frames, pass->n, true);

	tally->xdp_tx += sent;
	tally->xdp_drops += pass->n - sent;
	for (; sent < pass->n; sent++)
		xdp_return_frame_rx_napi(pass->frames[sent]);
	pass->n = 0;
}

/**
 * vnc_xdp_transmit() - ndo_xdp_xmit: send what was redirected here
 * @dev: the interface
 * @n: number of frames
 * @frames: the frames; those that are sent are taken over
 * @flags: XDP_XMIT_*
 *
 * Context: NAPI of another interface.
 *
 * Return: number of frames taken over; -EINVAL for unknown flags, -ENETDOWN.
 */
int vnc_xdp_transmit(struct net_device *dev, int n, struct xdp_frame **frames, u32 flags)
{
	if (flags & ~XDP_XMIT_FLAGS_MASK)
		return -EINVAL;
	if (!netif_running(dev) || !netif_carrier_ok(dev))
		return -ENETDOWN;
	return send_frames(netdev_priv(dev), frames, n, flags & XDP_XMIT_FLUSH);
}

/* --- receiving ------------------------------------------------------------------- */

/**
 * vnc_xdp_begin() - receive NAPI starts a run
 * @pass: filled in
 * @q: its queue
 *
 * Context: @q's NAPI.
 */
void vnc_xdp_begin(struct vnc_xdp_pass *pass, struct vnc_rxq *q)
{
	pass->prog = rcu_dereference_check(q->vnc->xdp, rcu_read_lock_bh_held());
	pass->redirected = false;
	pass->n = 0;
}

/**
 * vnc_xdp_end() - receive NAPI ends a run
 * @pass: what it did
 * @q: its queue
 * @tally: what it counts
 *
 * Context: @q's NAPI.
 */
void vnc_xdp_end(struct vnc_xdp_pass *pass, struct vnc_rxq *q, struct vnc_rx_tally *tally)
{
	if (pass->n)
		send_back(pass, q, tally);
	if (pass->redirected)
		xdp_do_flush();
}

/* A page that was on the queue before the program came is exchanged for one with room. */
static bool make_room(struct vnc_rxq *q, struct vnc_rx_packet *packet)
{
	struct page *page;

	if (packet->parts > 1 || packet->len > vnc_rx_xdp_room(q->vnc))
		return false;
	if (packet->room)
		return true;
	page = page_pool_alloc_pages(q->pool, GFP_ATOMIC | __GFP_NOWARN);
	if (!page)
		return false;
	memcpy(page_address(page) + XDP_PACKET_HEADROOM,
	       page_address(packet->part[0].page) + packet->part[0].offset, packet->len);
	page_pool_put_full_page(q->pool, packet->part[0].page, true);
	packet->part[0].page = page;
	packet->part[0].offset = XDP_PACKET_HEADROOM;
	return true;
}

static struct sk_buff *pass_on(struct vnc_rxq *q, const struct xdp_buff *xdp)
{
	u32 meta = xdp->data - xdp->data_meta;
	struct sk_buff *skb;

	skb = napi_build_skb(xdp->data_hard_start, PAGE_SIZE);
	if (unlikely(!skb))
		return NULL;
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	skb_put(skb, xdp->data_end - xdp->data);
	if (meta)
		skb_metadata_set(skb, meta);
	skb_mark_for_recycle(skb);
	return skb;
}

/* Returns false if the packet is still ours, to be dropped. */
static bool queue_back(struct vnc_rxq *q, struct xdp_buff *xdp, struct vnc_xdp_pass *pass,
		       struct vnc_rx_tally *tally)
{
	struct xdp_frame *frame = xdp_convert_buff_to_frame(xdp);

	if (unlikely(!frame))
		return false;
	pass->frames[pass->n++] = frame;
	if (pass->n == VNC_XDP_BATCH)
		send_back(pass, q, tally);
	return true;
}

static bool redirect(struct vnc_rxq *q, struct xdp_buff *xdp, struct vnc_xdp_pass *pass,
		     struct vnc_rx_tally *tally)
{
	if (xdp_do_redirect(q->vnc->dev, xdp, pass->prog))
		return false;
	pass->redirected = true;
	tally->xdp_redirects++;
	return true;
}

/* Returns true if the packet was taken care of, with *@skb set if it is to be delivered. */
static bool run(struct vnc_rxq *q, struct xdp_buff *xdp, struct vnc_xdp_pass *pass,
		struct vnc_rx_tally *tally, struct sk_buff **skb)
{
	u32 act = bpf_prog_run_xdp(pass->prog, xdp);
	bool done = false;

	switch (act) {
	case XDP_PASS:
		*skb = pass_on(q, xdp);
		return *skb;
	case XDP_TX:
		done = queue_back(q, xdp, pass, tally);
		break;
	case XDP_REDIRECT:
		done = redirect(q, xdp, pass, tally);
		break;
	case XDP_DROP:
		return false;
	case XDP_ABORTED:
		break;
	default:
		bpf_warn_invalid_xdp_action(q->vnc->dev, pass->prog, act);
		break;
	}
	if (!done)
		trace_xdp_exception(q->vnc->dev, pass->prog, act);
	return done;
}

/**
 * vnc_xdp_receive() - run the program on a packet
 * @q: the queue it came on
 * @packet: the packet; gone when this returns
 * @pass: this run of NAPI
 * @tally: what it counts
 *
 * Context: @q's NAPI.
 *
 * Return: the packet for the network stack, or NULL if there is none.
 */
struct sk_buff *vnc_xdp_receive(struct vnc_rxq *q, struct vnc_rx_packet *packet,
				struct vnc_xdp_pass *pass, struct vnc_rx_tally *tally)
{
	struct sk_buff *skb = NULL;
	struct xdp_buff xdp;

	tally->xdp_packets++;
	if (unlikely(!make_room(q, packet)))
		goto out_drop;
	xdp_init_buff(&xdp, PAGE_SIZE, &q->xdp_info);
	xdp_prepare_buff(&xdp, page_address(packet->part[0].page), packet->part[0].offset,
			 packet->part[0].len, true);
	/* It describes the packet before the program. */
	memset(&packet->hdr, 0, sizeof(packet->hdr));
	if (run(q, &xdp, pass, tally, &skb))
		return skb;

out_drop:
	tally->xdp_drops++;
	vnc_rx_put(q, packet);
	return NULL;
}

/* --- setting up ------------------------------------------------------------------ */

static int check(struct vnc *vnc, struct netlink_ext_ack *extack)
{
	if (vnc->rx_layout.pages > 1) {
		NL_SET_ERR_MSG_MOD(extack,
				   "packets may take several buffers: the device needs MRG_RXBUF, or no GUEST_TSO and a small MTU");
		return -EOPNOTSUPP;
	}
	if (vnc->offload.negotiated && !vnc_has(vnc, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "the device may merge packets and leave checksums undone, and offers no CTRL_GUEST_OFFLOADS to stop it; start it without GUEST_CSUM");
		return -EOPNOTSUPP;
	}
	if (vnc->dev->mtu + ETH_HLEN + VLAN_HLEN > vnc_rx_xdp_room(vnc)) {
		NL_SET_ERR_MSG_MOD(extack, "MTU too large for one buffer with room for XDP");
		return -EINVAL;
	}
	return 0;
}

static int install(struct vnc *vnc, struct bpf_prog *prog, struct netlink_ext_ack *extack)
{
	struct bpf_prog *old = rtnl_dereference(vnc->xdp);
	int ret = 0;

	if (prog) {
		ret = check(vnc, extack);
		if (ret)
			return ret;
	}
	if (!prog != !old)
		ret = vnc_offload_set(vnc, prog ? 0 : vnc_offload_wanted(vnc, vnc->dev->features));
	if (ret && prog) {
		NL_SET_ERR_MSG_MOD(extack, "the device did not switch its receive offloads off");
		return ret;
	}
	rcu_assign_pointer(vnc->xdp, prog);
	/* The reference of @prog came with the call. */
	if (old) {
		synchronize_net();
		bpf_prog_put(old);
	}
	return 0;
}

/**
 * vnc_xdp_setup() - ndo_bpf
 * @dev: the interface
 * @bpf: what to do
 *
 * Context: process, under rtnl.
 *
 * Return: 0; -EINVAL and -EOPNOTSUPP with a reason in @bpf->extack; what the control
 * queue says.
 */
int vnc_xdp_setup(struct net_device *dev, struct netdev_bpf *bpf)
{
	if (bpf->command != XDP_SETUP_PROG)
		return -EINVAL;
	return install(netdev_priv(dev), bpf->prog, bpf->extack);
}
