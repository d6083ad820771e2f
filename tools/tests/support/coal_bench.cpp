// SPDX-License-Identifier: GPL-2.0-only
#include "support/coal_bench.hpp"

#include "vcoal/error.hpp"

#include <algorithm>
#include <cerrno>

namespace vcoal::test {

NetDriverOptions coalescing_options(std::uint64_t features) {
    NetDriverOptions options;
    options.features = features;
    return options;
}

std::ostream& operator<<(std::ostream& out, const Parameters& parameters) {
    return out << parameters.packets << " packets / " << parameters.usecs << " us";
}

std::ostream& operator<<(std::ostream& out, const Sent& sent) {
    return out << "count " << sent.count << ", timer " << sent.timer << ", immediate "
               << sent.immediate << ", flush " << sent.flush << ", suppressed " << sent.suppressed
               << ", signals " << sent.signals;
}

CoalBench::CoalBench(const NetDriverOptions& options) : Bench(options) {
    vhost().enable_coalescing_ioctls();
    mark();
}

void CoalBench::set(unsigned queue, Parameters parameters) {
    vhost().set_coalescing(queue, VHN_COAL_QUEUE, {parameters.packets, parameters.usecs});
}

int CoalBench::try_set(unsigned queue, vhn_coal_target target, Parameters parameters,
                       unsigned flags) {
    try {
        vhost().set_coalescing(queue, target, {parameters.packets, parameters.usecs}, flags);
        return 0;
    } catch (const Error& error) {
        return error.code();
    }
}

Parameters CoalBench::effective(unsigned queue) {
    const vhn_coal_params now = vhost().coalescing(queue).effective;
    return {now.max_packets, now.max_usecs};
}

unsigned CoalBench::pending(unsigned queue) {
    return vhost().coalescing(queue).pending;
}

void CoalBench::flow(unsigned queue, unsigned packets) {
    if (queue == VHN_VRING_RX) {
        deliver(packets);
    }
    while (queue == VHN_VRING_TX && packets > 0) {
        const unsigned now = std::min(packets, driver().options().ring_size / 4U);
        transmit(now);
        packets -= now;
    }
    settle(queue);
}

void CoalBench::settle(unsigned queue) {
    // This call waits until the worker leaves the queue, and changes nothing.
    vhost().set_error(queue, driver().queue(queue).error_fd().get());
}

void CoalBench::quiesce(unsigned queue) {
    set(queue, {0, 0});
    if (!eventually([&] { return pending(queue) == 0; })) {
        throw Error(vhost().path(), "wait until nothing is pending", ETIMEDOUT);
    }
    settle(queue);
}

Sent CoalBench::total(unsigned queue) {
    const vhn_vring_stats stats = vhost().statistics(queue);
    return {stats.notify_count, stats.notify_timer, stats.notify_immediate,
            stats.notify_flush, stats.suppressed,   driver().queue(queue).signals()};
}

void CoalBench::mark() {
    for (unsigned queue = 0; queue < VHN_NR_VRINGS; queue++) {
        settle(queue);
        marked_[queue] = total(queue);
    }
}

Sent CoalBench::sent(unsigned queue) {
    const Sent now = total(queue);
    const Sent& before = marked_[queue];
    return {now.count - before.count,           now.timer - before.timer,
            now.immediate - before.immediate,   now.flush - before.flush,
            now.suppressed - before.suppressed, now.signals - before.signals};
}

Sent CoalBench::await(unsigned queue, std::uint64_t signals) {
    if (!driver().queue(queue).wait_signals(marked_[queue].signals + signals, generous)) {
        throw Error(queue == VHN_VRING_RX ? "receive queue" : "transmit queue",
                    "wait for " + std::to_string(signals) + " signals", ETIMEDOUT,
                    std::to_string(sent(queue).signals) + " came");
    }
    return sent(queue);
}

void want_entry(Queue& queue, int ahead) {
    if (!queue.ring().options().packed) {
        RawRing& raw = queue.split().raw();
        raw.used_event().store(static_cast<std::uint16_t>(raw.used_idx().load() + ahead));
        return;
    }
    PackedRing& ring = queue.packed();
    const int two_turns = 2 * ring.raw().size();
    const auto slots = static_cast<unsigned>((ahead + two_turns) % two_turns);
    const PackedPlace place = ring.used().plus(slots, ring.raw().size());
    ring.raw().driver_event().store(PackedEvent::only_at(place).word());
}

void undisturbed(const std::function<bool()>& attempt) {
    for (unsigned i = 0; i < 20; i++) {
        if (attempt() || testing::Test::HasFailure()) {
            return;
        }
    }
    FAIL() << "the machine was too slow 20 times";
}

} // namespace vcoal::test
