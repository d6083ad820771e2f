// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/features.hpp"

#include "vcoal/error.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <linux/virtio_ring.h>
#include <sstream>

namespace vcoal {
namespace {

struct Name {
    unsigned bit;
    const char* name;
};

constexpr std::array names{
    Name{VIRTIO_NET_F_CSUM, "csum"},
    Name{VIRTIO_NET_F_GUEST_CSUM, "guest_csum"},
    Name{VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, "ctrl_guest_offloads"},
    Name{VIRTIO_NET_F_MTU, "mtu"},
    Name{VIRTIO_NET_F_MAC, "mac"},
    Name{VIRTIO_NET_F_GUEST_TSO4, "guest_tso4"},
    Name{VIRTIO_NET_F_GUEST_TSO6, "guest_tso6"},
    Name{VIRTIO_NET_F_GUEST_ECN, "guest_ecn"},
    Name{VIRTIO_NET_F_GUEST_UFO, "guest_ufo"},
    Name{VIRTIO_NET_F_HOST_TSO4, "host_tso4"},
    Name{VIRTIO_NET_F_HOST_TSO6, "host_tso6"},
    Name{VIRTIO_NET_F_HOST_ECN, "host_ecn"},
    Name{VIRTIO_NET_F_HOST_UFO, "host_ufo"},
    Name{VIRTIO_NET_F_MRG_RXBUF, "mrg_rxbuf"},
    Name{VIRTIO_NET_F_STATUS, "status"},
    Name{VIRTIO_NET_F_CTRL_VQ, "ctrl_vq"},
    Name{VIRTIO_NET_F_CTRL_RX, "ctrl_rx"},
    Name{VIRTIO_NET_F_CTRL_VLAN, "ctrl_vlan"},
    Name{VIRTIO_NET_F_CTRL_RX_EXTRA, "ctrl_rx_extra"},
    Name{VIRTIO_NET_F_GUEST_ANNOUNCE, "guest_announce"},
    Name{VIRTIO_NET_F_MQ, "mq"},
    Name{VIRTIO_NET_F_CTRL_MAC_ADDR, "ctrl_mac_addr"},
    Name{VIRTIO_F_NOTIFY_ON_EMPTY, "notify_on_empty"},
    Name{VIRTIO_F_ANY_LAYOUT, "any_layout"},
    Name{VIRTIO_RING_F_INDIRECT_DESC, "indirect_desc"},
    Name{VIRTIO_RING_F_EVENT_IDX, "event_idx"},
    Name{VIRTIO_F_VERSION_1, "version_1"},
    Name{VIRTIO_F_ACCESS_PLATFORM, "access_platform"},
    Name{VIRTIO_F_RING_PACKED, "ring_packed"},
    Name{VIRTIO_F_IN_ORDER, "in_order"},
    Name{VIRTIO_F_ORDER_PLATFORM, "order_platform"},
    Name{VIRTIO_F_SR_IOV, "sr_iov"},
    Name{VIRTIO_F_NOTIFICATION_DATA, "notification_data"},
    Name{VIRTIO_F_NOTIF_CONFIG_DATA, "notif_config_data"},
    Name{VIRTIO_F_RING_RESET, "ring_reset"},
    Name{VIRTIO_F_ADMIN_VQ, "admin_vq"},
    Name{VIRTIO_F_SUSPEND, "suspend"},
    Name{VIRTIO_NET_F_DEVICE_STATS, "device_stats"},
    Name{VIRTIO_NET_F_HASH_TUNNEL, "hash_tunnel"},
    Name{VIRTIO_NET_F_VQ_NOTF_COAL, "vq_notf_coal"},
    Name{VIRTIO_NET_F_NOTF_COAL, "notf_coal"},
    Name{VIRTIO_NET_F_GUEST_USO4, "guest_uso4"},
    Name{VIRTIO_NET_F_GUEST_USO6, "guest_uso6"},
    Name{VIRTIO_NET_F_HOST_USO, "host_uso"},
    Name{VIRTIO_NET_F_HASH_REPORT, "hash_report"},
    Name{VIRTIO_NET_F_GUEST_HDRLEN, "guest_hdrlen"},
    Name{VIRTIO_NET_F_RSS, "rss"},
    Name{VIRTIO_NET_F_RSC_EXT, "rsc_ext"},
    Name{VIRTIO_NET_F_STANDBY, "standby"},
    Name{VIRTIO_NET_F_SPEED_DUPLEX, "speed_duplex"},
    Name{VIRTIO_NET_F_RSS_CONTEXT, "rss_context"},
    Name{VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO, "guest_udp_tunnel_gso"},
    Name{VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM, "guest_udp_tunnel_gso_csum"},
    Name{VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO, "host_udp_tunnel_gso"},
    Name{VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO_CSUM, "host_udp_tunnel_gso_csum"},
    Name{VIRTIO_NET_F_OUT_NET_HEADER, "out_net_header"},
    Name{VIRTIO_NET_F_IPSEC, "ipsec"},
};

constexpr std::uint64_t ctrl_vq = feature(VIRTIO_NET_F_CTRL_VQ);
constexpr std::uint64_t csum = feature(VIRTIO_NET_F_CSUM);
constexpr std::uint64_t guest_csum = feature(VIRTIO_NET_F_GUEST_CSUM);

struct Rule {
    unsigned bit;
    std::uint64_t any_of;
};

// In an order in which dropping one leaves nothing for an earlier rule to drop.
constexpr std::array rules{
    Rule{VIRTIO_NET_F_GUEST_TSO4, guest_csum},
    Rule{VIRTIO_NET_F_GUEST_TSO6, guest_csum},
    Rule{VIRTIO_NET_F_GUEST_ECN,
         feature(VIRTIO_NET_F_GUEST_TSO4) | feature(VIRTIO_NET_F_GUEST_TSO6)},
    Rule{VIRTIO_NET_F_GUEST_UFO, guest_csum},
    Rule{VIRTIO_NET_F_GUEST_USO4, guest_csum},
    Rule{VIRTIO_NET_F_GUEST_USO6, guest_csum},
    Rule{VIRTIO_NET_F_HOST_TSO4, csum},
    Rule{VIRTIO_NET_F_HOST_TSO6, csum},
    Rule{VIRTIO_NET_F_HOST_ECN, feature(VIRTIO_NET_F_HOST_TSO4) | feature(VIRTIO_NET_F_HOST_TSO6)},
    Rule{VIRTIO_NET_F_HOST_UFO, csum},
    Rule{VIRTIO_NET_F_HOST_USO, csum},
    Rule{VIRTIO_NET_F_CTRL_RX, ctrl_vq},
    Rule{VIRTIO_NET_F_CTRL_VLAN, ctrl_vq},
    Rule{VIRTIO_NET_F_CTRL_RX_EXTRA, ctrl_vq},
    Rule{VIRTIO_NET_F_GUEST_ANNOUNCE, ctrl_vq},
    Rule{VIRTIO_NET_F_MQ, ctrl_vq},
    Rule{VIRTIO_NET_F_CTRL_MAC_ADDR, ctrl_vq},
    // AMB-1: not listed, and without use otherwise.
    Rule{VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, ctrl_vq},
    Rule{VIRTIO_NET_F_DEVICE_STATS, ctrl_vq},
    Rule{VIRTIO_NET_F_VQ_NOTF_COAL, ctrl_vq},
    Rule{VIRTIO_NET_F_NOTF_COAL, ctrl_vq},
    Rule{VIRTIO_NET_F_HASH_REPORT, ctrl_vq},
    Rule{VIRTIO_NET_F_RSS, ctrl_vq},
    Rule{VIRTIO_NET_F_RSC_EXT, feature(VIRTIO_NET_F_HOST_TSO4) | feature(VIRTIO_NET_F_HOST_TSO6)},
};

bool violated(std::uint64_t features, const Rule& rule) {
    return (features & feature(rule.bit)) != 0 && (features & rule.any_of) == 0;
}

unsigned bit_named(const std::string& name) {
    const auto* known =
        std::find_if(names.begin(), names.end(), [&name](const Name& n) { return name == n.name; });
    if (known != names.end()) {
        return known->bit;
    }
    std::string all;
    for (const Name& n : names) {
        all += std::string(all.empty() ? "" : " ") + n.name;
    }
    throw Error("feature \"" + name + "\"", "look up", EINVAL, "the names are " + all);
}

/// "+name" or "-name".
void read_choice(FeatureChoice& choice, const std::string& item) {
    constexpr std::uint64_t fixed = feature(VIRTIO_F_VERSION_1) | feature(VIRTIO_F_ACCESS_PLATFORM);
    if (item.empty() || (item[0] != '+' && item[0] != '-')) {
        throw Error("feature \"" + item + "\"", "read", EINVAL,
                    "write +NAME to require it or -NAME to leave it out");
    }
    const unsigned bit = bit_named(item.substr(1));
    if (item[0] == '-' && (feature(bit) & fixed) != 0) {
        throw Error("feature \"" + item + "\"", "leave out", EINVAL,
                    "the loopback transport cannot do without it");
    }
    if (item[0] == '+' && bit >= feature_bits) {
        throw Error("feature \"" + item + "\"", "offer", EOPNOTSUPP,
                    "it is bit " + std::to_string(bit) + ", and the loopback transport has " +
                        std::to_string(feature_bits));
    }
    (item[0] == '+' ? choice.required : choice.excluded) |= feature(bit);
}

} // namespace

std::string feature_bit_name(unsigned bit) {
    const auto* known =
        std::find_if(names.begin(), names.end(), [bit](const Name& n) { return n.bit == bit; });
    return known != names.end() ? known->name : "bit " + std::to_string(bit);
}

std::vector<std::string> feature_names(std::uint64_t features) {
    std::vector<std::string> result;
    for (; features != 0; features &= features - 1) {
        result.push_back(feature_bit_name(static_cast<unsigned>(std::countr_zero(features))));
    }
    return result;
}

std::optional<UnmetFeature> find_unmet(std::uint64_t features) {
    for (const Rule& rule : rules) {
        if (violated(features, rule)) {
            return UnmetFeature{rule.bit, rule.any_of};
        }
    }
    return std::nullopt;
}

std::uint64_t drop_unmet(std::uint64_t features) {
    for (const Rule& rule : rules) {
        if (violated(features, rule)) {
            features &= ~feature(rule.bit);
        }
    }
    return features;
}

FeatureChoice parse_feature_choice(const std::string& text) {
    FeatureChoice choice;
    std::istringstream list(text);
    for (std::string item; std::getline(list, item, ',');) {
        read_choice(choice, item);
    }
    if ((choice.required & choice.excluded) != 0) {
        throw Error("features \"" + text + "\"", "read", EINVAL,
                    feature_names(choice.required & choice.excluded).front() +
                        " is both required and left out");
    }
    return choice;
}

} // namespace vcoal
