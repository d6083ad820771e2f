// SPDX-License-Identifier: GPL-2.0-only
//
// The control queue's server in front of a device that is a table in memory.
#pragma once

#include "vcoal/control.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/virtio_net.hpp"

#include <cerrno>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

namespace vcoal::test {

/// A device without a limit until told otherwise, by the rules of VHN_SET_COAL.
class FakeDevice : public ControlTarget {
public:
    bool enabled(unsigned vq) const override { return disabled.count(vq) == 0; }

    vhn_coal_state coalescing(unsigned vq) const override {
        const auto found = queues.find(vq);
        vhn_coal_state state = found != queues.end() ? found->second : vhn_coal_state{};
        const auto limit = limits.find(vq);
        state.limit = limit != limits.end() ? limit->second : vhn_coal_params{~0U, ~0U};
        state.effective = state.requested;
        return state;
    }

    void set_coalescing(unsigned vq, vhn_coal_target target, vhn_coal_params params) override {
        if (locked_when_set.count(vq) != 0 && queues.count(vq) != 0) {
            throw Error("fake", "set", EPERM);
        }
        const vhn_coal_params limit = coalescing(vq).limit;
        if (params.max_packets > limit.max_packets || params.max_usecs > limit.max_usecs) {
            throw Error("fake", "set", ERANGE);
        }
        queues[vq].requested = params;
        if (target == VHN_COAL_DIRECTION) {
            queues[vq].direction = params;
        }
    }

    void set_active_pairs(unsigned pairs) override { active_pairs = pairs; }
    void set_rss(const RssConfig& config) override { rss.push_back(config); }
    void set_hash(const HashConfig& config) override { hash.push_back(config); }
    void set_filter(const RxFilter& filter) override {
        if (broken) {
            throw Error("fake", "filter", ENOMEM);
        }
        filters.push_back(filter);
    }
    void announced() override { announcements++; }
    void set_offloads(std::uint64_t mask) override { offloads = mask; }

    /// Nothing but the coalescing parameters was ever asked of it.
    bool untouched() const {
        return active_pairs == 0 && rss.empty() && hash.empty() && filters.empty() &&
               announcements == 0 && !offloads;
    }
    void reset_queue(unsigned vq) { queues[vq].requested = queues[vq].direction; }
    vhn_coal_params of(unsigned vq) const { return coalescing(vq).effective; }

    std::set<unsigned> disabled;
    std::map<unsigned, vhn_coal_state> queues;
    std::map<unsigned, vhn_coal_params> limits;
    /// Their host locks them as soon as they have been set.
    std::set<unsigned> locked_when_set;
    unsigned active_pairs = 0;
    /// Whatever it was told, in order.
    std::vector<RssConfig> rss;
    std::vector<HashConfig> hash;
    std::vector<RxFilter> filters;
    unsigned announcements = 0;
    std::optional<std::uint64_t> offloads;
    bool broken = false;
};

struct Reply {
    ControlAnswer outcome;
    std::vector<std::byte> bytes; ///< the device-writable part, 0xee where not written
};

/// A command: class, command, and values as they lie in memory.
template <typename... T>
std::vector<std::byte> control_request(unsigned command_class, unsigned command, const T&... data) {
    std::vector<std::byte> bytes{std::byte(command_class), std::byte(command)};
    [[maybe_unused]] const auto append = [&bytes](std::span<const std::byte> part) {
        bytes.insert(bytes.end(), part.begin(), part.end());
    };
    (append(std::as_bytes(std::span(&data, 1))), ...);
    return bytes;
}

class ControlTest : public testing::Test {
protected:
    Reply send(std::span<const std::byte> request, std::size_t room) {
        Reply reply{{}, std::vector<std::byte>(room, std::byte{0xee})};
        reply.outcome = server.serve(request, reply.bytes);
        for (std::size_t i = reply.outcome.written; i < room; i++) {
            EXPECT_EQ(reply.bytes[i], std::byte{0xee}) << "written beyond the used length, " << i;
        }
        return reply;
    }

    /// True for OK; an answer with a result or without an ack is a failure.
    bool acked(std::span<const std::byte> bytes) {
        const Reply reply = send(bytes, 1);
        EXPECT_EQ(reply.outcome.written, 1U);
        EXPECT_EQ(reply.bytes[0] == std::byte{VIRTIO_NET_OK}, reply.outcome.ok);
        EXPECT_TRUE(reply.outcome.ok || reply.bytes[0] == std::byte{VIRTIO_NET_ERR});
        return reply.outcome.ok;
    }

    FakeDevice device;
    ControlServer server{device};
};

} // namespace vcoal::test
