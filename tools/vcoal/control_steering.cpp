// SPDX-License-Identifier: GPL-2.0-only
//
// Class MQ (spec 2.4, 5.3). Its last command decides between automatic steering and RSS.
#include "vcoal/control.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <utility>

namespace vcoal {

void ControlServer::steering(unsigned command, ControlData data) {
    switch (command) {
    case VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET:
        return set_pairs(data);
    case VIRTIO_NET_CTRL_MQ_RSS_CONFIG:
        return set_rss(data);
    default:
        return set_hash(data);
    }
}

void ControlServer::set_pairs(ControlData data) {
    const unsigned wanted = data.take<virtio_net_ctrl_mq>().virtqueue_pairs;
    if (wanted < VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MIN || wanted > device_.max_pairs) {
        refuse_command(
            fmt::format("{} pairs of queues where 1 to {} exist", wanted, device_.max_pairs));
    }
    target_.set_active_pairs(wanted);
}

void ControlServer::set_rss(ControlData data) {
    RssConfig config;
    const auto types = data.take<std::uint32_t>();
    const std::size_t entries = std::size_t{data.take<__le16>()} + 1;
    if (!std::has_single_bit(entries) || entries > rss_max_table) {
        refuse_command(fmt::format("a table of {} entries where 1, 2, 4 ... {} are possible",
                                   entries, rss_max_table));
    }
    config.unclassified = pair_index(data.take<__le16>());
    config.table = data.take<std::uint16_t>(entries);
    std::for_each(config.table.begin(), config.table.end(),
                  [this](unsigned id) { pair_index(id); });
    config.transmit_pairs = data.take<__le16>();
    if (config.transmit_pairs < 1 || config.transmit_pairs > pairs_) {
        refuse_command(
            fmt::format("{} transmit queues where 1 to {} exist", config.transmit_pairs, pairs_));
    }
    config.hash = hash_of(types, data);
    target_.set_rss(config);
}

// The same bytes as an RSS configuration of one entry, in which only the hash counts.
void ControlServer::set_hash(ControlData data) {
    const auto types = data.take<std::uint32_t>();
    const auto reserved = data.take<std::uint16_t>(4);
    if (std::any_of(reserved.begin(), reserved.end(), [](unsigned word) { return word != 0; })) {
        refuse_command("a reserved word is not 0"); // RSS-G2
    }
    target_.set_hash(hash_of(types, data));
}

HashConfig ControlServer::hash_of(std::uint32_t types, ControlData& data) const {
    if ((types & ~device_.hash_types) != 0) {
        refuse_command(fmt::format("hash types {:#x} of which only {:#x} are known", types,
                                   device_.hash_types));
    }
    const std::size_t length = data.take<std::uint8_t>();
    if (length > rss_max_key) {
        refuse_command(fmt::format("a key of {} bytes where {} is the most", length, rss_max_key));
    }
    return {types, data.take<std::uint8_t>(length)};
}

// RSS-G1. Bit 15 of an rss_rq_id is 0, which leaves the pair's number.
unsigned ControlServer::pair_index(unsigned id) const {
    if (id >= pairs_) {
        refuse_command(fmt::format("receive queue {} where 0 to {} exist", id, pairs_ - 1));
    }
    return id;
}

} // namespace vcoal
