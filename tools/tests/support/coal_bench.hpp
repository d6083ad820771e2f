// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "support/bench.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <ostream>
#include <string>

namespace vcoal::test {

/// The longest hold the device allows: as far away as a timer can be.
constexpr std::uint32_t far_away = 1'000'000;

/// Features of a guest that decides on coalescing; without EVENT_IDX a driver that
/// leaves the flags alone wants every notification.
constexpr std::uint64_t coalescing_features =
    feature(VIRTIO_F_VERSION_1) | feature(VIRTIO_RING_F_INDIRECT_DESC) |
    feature(VIRTIO_NET_F_MRG_RXBUF) | feature(VIRTIO_NET_F_NOTF_COAL) |
    feature(VIRTIO_NET_F_VQ_NOTF_COAL);

NetDriverOptions coalescing_options(std::uint64_t features = coalescing_features);

struct Parameters {
    std::uint32_t packets = 0;
    std::uint32_t usecs = 0;
    bool operator==(const Parameters&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Parameters& parameters);

/// Notifications by reason, as the device counts them, and the signals that came.
struct Sent {
    std::uint64_t count = 0;
    std::uint64_t timer = 0;
    std::uint64_t immediate = 0;
    std::uint64_t flush = 0;
    std::uint64_t suppressed = 0;
    std::uint64_t signals = 0;
    bool operator==(const Sent&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Sent& sent);

/// A bench in front of our node, with its coalescing.
class CoalBench : public Bench {
public:
    explicit CoalBench(const NetDriverOptions& options = coalescing_options());

    /// As the guest's VQ_SET.
    void set(unsigned queue, Parameters parameters);
    /// 0 or the errno of setting.
    int try_set(unsigned queue, vhn_coal_target target, Parameters parameters, unsigned flags = 0);
    Parameters effective(unsigned queue);
    unsigned pending(unsigned queue);

    /// Passes packets through a queue and returns when their used entries are there.
    void flow(unsigned queue, unsigned packets);
    /// Returns when the device has done with the queue for now: what had to be
    /// evaluated has been.
    void settle(unsigned queue);
    /// Ends coalescing and returns when nothing is pending any more.
    void quiesce(unsigned queue);
    /// What was sent since this was made, or since mark().
    Sent sent(unsigned queue);
    void mark();
    /// Waits until @p signals signals came since mark(); what was sent then.
    Sent await(unsigned queue, std::uint64_t signals);

private:
    Sent total(unsigned queue);

    Sent marked_[VHN_NR_VRINGS];
};

/// Makes a test run once for each queue.
class EachQueue : public testing::TestWithParam<unsigned> {};

inline std::string queue_name(const testing::TestParamInfo<unsigned>& info) {
    return info.param == VHN_VRING_RX ? "rx" : "tx";
}

inline auto both_queues() {
    return testing::Values(VHN_VRING_RX, VHN_VRING_TX);
}

/// Makes a test run once for each queue in either layout of its ring.
struct QueueLayout {
    unsigned queue;
    bool packed;
};

class EachLayout : public testing::TestWithParam<QueueLayout> {
protected:
    static unsigned queue() { return GetParam().queue; }
    static bool packed() { return GetParam().packed; }
    /// The feature bit of the layout.
    static std::uint64_t layout() { return packed() ? feature(VIRTIO_F_RING_PACKED) : 0; }
};

inline std::string layout_name(const testing::TestParamInfo<QueueLayout>& info) {
    return std::string(info.param.queue == VHN_VRING_RX ? "rx" : "tx") +
           (info.param.packed ? "_packed" : "_split");
}

inline auto queues_in(bool packed) {
    return testing::Values(QueueLayout{VHN_VRING_RX, packed}, QueueLayout{VHN_VRING_TX, packed});
}

inline auto both_layouts() {
    return testing::Values(QueueLayout{VHN_VRING_RX, false}, QueueLayout{VHN_VRING_TX, false},
                           QueueLayout{VHN_VRING_RX, true}, QueueLayout{VHN_VRING_TX, true});
}

/// With EVENT_IDX: asks for a notification when the device uses the entry @p ahead of
/// those it has used, in a packed ring the slot. Less than two turns of that.
void want_entry(Queue& queue, int ahead);

/// Repeats @p attempt until the machine was fast enough for what it wants to see
/// (true), for timers go on while a busy host stops this VM. Fails after 20 times.
void undisturbed(const std::function<bool()>& attempt);

} // namespace vcoal::test
