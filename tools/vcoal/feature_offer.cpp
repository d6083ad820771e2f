// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/feature_offer.hpp"

#include "vcoal/error.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <linux/virtio_ring.h>

namespace vcoal {
namespace {

/// What a feature depends on.
enum class Needs {
    nothing,
    vhost,     ///< vhost reports the bit
    additions, ///< vhost has our ioctls
    both,
    queues,
    mtu,
    speed,
    uso,
    never,
};

struct Row {
    unsigned bit;
    Needs needs;
    /// Offered only to who asks for it, or never: why.
    const char* why = nullptr;
};

constexpr const char* not_here = "this device has none";
constexpr const char* udp_fragments = "Linux makes no UDP fragments of this kind any more";
constexpr const char* legacy = "only devices before version 1 have it";
constexpr const char* pci_only = "only devices on PCI have it";
constexpr const char* too_high = "the transport has 64 feature bits";

constexpr std::array rows{
    Row{VIRTIO_NET_F_CSUM, Needs::nothing},
    Row{VIRTIO_NET_F_GUEST_CSUM, Needs::nothing},
    Row{VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, Needs::never,
        "the tap would wait for rtnl, which the driver holds meanwhile"},
    Row{VIRTIO_NET_F_MTU, Needs::mtu},
    Row{VIRTIO_NET_F_MAC, Needs::nothing},
    Row{VIRTIO_NET_F_GUEST_TSO4, Needs::nothing},
    Row{VIRTIO_NET_F_GUEST_TSO6, Needs::nothing},
    Row{VIRTIO_NET_F_GUEST_ECN, Needs::nothing},
    Row{VIRTIO_NET_F_GUEST_UFO, Needs::never, udp_fragments},
    Row{VIRTIO_NET_F_HOST_TSO4, Needs::nothing},
    Row{VIRTIO_NET_F_HOST_TSO6, Needs::nothing},
    Row{VIRTIO_NET_F_HOST_ECN, Needs::nothing},
    Row{VIRTIO_NET_F_HOST_UFO, Needs::never, udp_fragments},
    Row{VIRTIO_NET_F_MRG_RXBUF, Needs::vhost},
    Row{VIRTIO_NET_F_STATUS, Needs::nothing},
    Row{VIRTIO_NET_F_CTRL_VQ, Needs::nothing},
    Row{VIRTIO_NET_F_CTRL_RX, Needs::additions},
    Row{VIRTIO_NET_F_CTRL_VLAN, Needs::additions},
    Row{VIRTIO_NET_F_CTRL_RX_EXTRA, Needs::additions},
    Row{VIRTIO_NET_F_GUEST_ANNOUNCE, Needs::nothing},
    Row{VIRTIO_NET_F_MQ, Needs::queues},
    Row{VIRTIO_NET_F_CTRL_MAC_ADDR, Needs::nothing},
    Row{VIRTIO_F_NOTIFY_ON_EMPTY, Needs::never, legacy},
    Row{VIRTIO_F_ANY_LAYOUT, Needs::never, legacy},
    Row{VIRTIO_RING_F_INDIRECT_DESC, Needs::vhost},
    Row{VIRTIO_RING_F_EVENT_IDX, Needs::vhost},
    Row{VIRTIO_F_VERSION_1, Needs::vhost},
    Row{VIRTIO_F_ACCESS_PLATFORM, Needs::nothing},
    Row{VIRTIO_F_RING_PACKED, Needs::vhost, "the other layout is for who asks for it"},
    Row{VIRTIO_F_IN_ORDER, Needs::vhost, "hardly a driver knows it"},
    Row{VIRTIO_F_ORDER_PLATFORM, Needs::never, "driver and device are CPUs of one machine"},
    Row{VIRTIO_F_SR_IOV, Needs::never, pci_only},
    Row{VIRTIO_F_NOTIFICATION_DATA, Needs::never, "a kick is an eventfd, which carries no data"},
    Row{VIRTIO_F_NOTIF_CONFIG_DATA, Needs::never, "a kick is an eventfd, which carries no data"},
    Row{VIRTIO_F_RING_RESET, Needs::nothing},
    Row{VIRTIO_F_ADMIN_VQ, Needs::never, pci_only},
    Row{VIRTIO_F_SUSPEND, Needs::never, "the transport has no such status"},
    Row{VIRTIO_NET_F_DEVICE_STATS, Needs::never, not_here},
    Row{VIRTIO_NET_F_HASH_TUNNEL, Needs::never, "only outer headers are hashed"},
    Row{VIRTIO_NET_F_VQ_NOTF_COAL, Needs::both},
    Row{VIRTIO_NET_F_NOTF_COAL, Needs::both},
    Row{VIRTIO_NET_F_GUEST_USO4, Needs::uso},
    Row{VIRTIO_NET_F_GUEST_USO6, Needs::uso},
    Row{VIRTIO_NET_F_HOST_USO, Needs::uso},
    Row{VIRTIO_NET_F_HASH_REPORT, Needs::both, "each packet would be hashed"},
    Row{VIRTIO_NET_F_GUEST_HDRLEN, Needs::nothing},
    Row{VIRTIO_NET_F_RSS, Needs::queues, "it takes the place of automatic steering"},
    Row{VIRTIO_NET_F_RSC_EXT, Needs::never, "packets are not coalesced"},
    Row{VIRTIO_NET_F_STANDBY, Needs::never, not_here},
    Row{VIRTIO_NET_F_SPEED_DUPLEX, Needs::speed},
    Row{VIRTIO_NET_F_RSS_CONTEXT, Needs::never, too_high},
    Row{VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO, Needs::never, too_high},
    Row{VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM, Needs::never, too_high},
    Row{VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO, Needs::never, too_high},
    Row{VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO_CSUM, Needs::never, too_high},
    Row{VIRTIO_NET_F_OUT_NET_HEADER, Needs::never, too_high},
    Row{VIRTIO_NET_F_IPSEC, Needs::never, too_high},
};

/// Why the device cannot have the feature; empty when it can.
std::string obstacle(const Row& row, const DeviceAbilities& abilities) {
    const bool reported = (abilities.vhost_features & feature(row.bit)) != 0;
    const bool vhost = row.needs == Needs::vhost || row.needs == Needs::both;
    const bool additions = row.needs == Needs::additions || row.needs == Needs::both;
    if ((vhost && !reported) || (additions && !abilities.vhost_additions)) {
        return abilities.vhost + " has none";
    }
    switch (row.needs) {
    case Needs::queues:
        return abilities.queues > 1 ? "" : "there is one pair of queues; see --queues";
    case Needs::mtu:
        if (!abilities.mtu) {
            return "see --mtu";
        }
        // CFG-D1: whoever raises the tap's own MTU sends more.
        return abilities.vhost_additions ? "" : abilities.vhost + " does not drop what is longer";
    case Needs::speed:
        return abilities.speed ? "" : "see --speed";
    case Needs::uso:
        return abilities.tap_uso ? "" : "this kernel's tap does not segment UDP";
    case Needs::never:
        return row.why;
    default:
        return "";
    }
}

/// Why a feature that is possible waits until it is asked for; empty when it does not.
std::string reserve(const Row& row, const DeviceAbilities& abilities) {
    const bool in_atomic_context =
        row.bit == VIRTIO_NET_F_CTRL_RX || row.bit == VIRTIO_NET_F_CTRL_RX_EXTRA;
    if (in_atomic_context && abilities.driver_may_starve_us) {
        return "drivers that spin for the answer may leave no CPU to give it";
    }
    return row.why != nullptr ? row.why : "";
}

std::string unmet(std::uint64_t mask, unsigned bit) {
    const auto missing = find_unmet(mask | feature(bit));
    return missing ? "it needs " + feature_names(missing->needs).front() : "";
}

FeatureOffer judge(const Row& row, const DeviceAbilities& abilities, const FeatureChoice& choice) {
    const std::uint64_t bit = feature(row.bit);
    FeatureOffer offer{row.bit, feature_bit_name(row.bit), false, obstacle(row, abilities)};
    if (!offer.why_not.empty()) {
        return offer;
    }
    if ((choice.excluded & bit) != 0) {
        offer.why_not = "left out by --features";
    } else if ((choice.required & bit) == 0) {
        offer.why_not = reserve(row, abilities);
        if (!offer.why_not.empty()) {
            offer.why_not += fmt::format("; --features=+{} offers it", offer.name);
        }
    }
    offer.offered = offer.why_not.empty();
    return offer;
}

void require(const std::vector<FeatureOffer>& offers, const FeatureChoice& choice,
             const std::string& object) {
    for (const FeatureOffer& offer : offers) {
        if ((choice.required & feature(offer.bit)) != 0 && !offer.offered) {
            throw Error(object, "offer feature " + offer.name, EOPNOTSUPP, offer.why_not);
        }
    }
}

} // namespace

std::uint64_t vhost_bits() {
    std::uint64_t mask = 0;
    for (const Row& row : rows) {
        const bool vhost = row.needs == Needs::vhost || row.needs == Needs::both;
        mask |= vhost ? feature(row.bit) : 0;
    }
    return mask;
}

std::vector<FeatureOffer> offer_features(const DeviceAbilities& abilities,
                                         const FeatureChoice& choice) {
    std::vector<FeatureOffer> offers;
    offers.reserve(rows.size());
    for (const Row& row : rows) {
        offers.push_back(judge(row, abilities, choice));
    }
    const std::uint64_t mask = drop_unmet(offered_mask(offers));
    for (FeatureOffer& offer : offers) {
        if (offer.offered && (mask & feature(offer.bit)) == 0) {
            offer.offered = false;
            offer.why_not = unmet(mask, offer.bit);
        }
    }
    require(offers, choice, abilities.vhost);
    return offers;
}

std::uint64_t offered_mask(const std::vector<FeatureOffer>& offers) {
    std::uint64_t mask = 0;
    for (const FeatureOffer& offer : offers) {
        mask |= offer.offered ? feature(offer.bit) : 0;
    }
    return mask;
}

} // namespace vcoal
