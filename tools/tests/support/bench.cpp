// SPDX-License-Identifier: GPL-2.0-only
#include "support/bench.hpp"

#include "support/conformance.hpp"
#include "support/frames.hpp"
#include "vcoal/error.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <thread>

namespace vcoal::test {
namespace {

/// Less than what a tap's own queue holds.
constexpr unsigned window = 128;

NetDriver& started(NetDriver& driver) {
    NetDev netdev = driver.tap().netdev();
    netdev.disable_ipv6();
    netdev.set_up(true);
    driver.start();
    driver.post();
    return driver;
}

void check_sequence(std::span<const std::byte> frame, std::uint64_t expected, const char* where) {
    const auto sequence = frame_sequence(frame);
    if (sequence != expected) {
        throw Error(where, "expect frame " + std::to_string(expected), EBADMSG,
                    sequence ? "it is frame " + std::to_string(*sequence) : "its bytes differ");
    }
}

} // namespace

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return condition();
        }
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
}

Bench::Bench(const NetDriverOptions& options)
    : driver_(options), host_(started(driver_).tap().name()) {
    record_driver(by_hand);
    record_vhost(options.node);
}

void Bench::inject(std::size_t length) {
    const auto frame = make_frame(injected_, length);
    if (!eventually([&] { return host_.send(frame); })) {
        throw Error(driver_.tap().name(), "inject a frame", ENOBUFS);
    }
    injected_++;
}

void Bench::await_published(unsigned count) {
    if (!eventually([&] { return rx().ring().returned() >= count; })) {
        throw Error("receive queue", "wait for " + std::to_string(count) + " frames", ETIMEDOUT,
                    std::to_string(rx().ring().returned()) + " came");
    }
}

void Bench::deliver(unsigned count, std::size_t length) {
    const unsigned buffers =
        static_cast<unsigned>((length + driver_.header_size()) / driver_.options().receive_buffer) +
        1;
    while (count > 0) {
        const unsigned posted = driver_.options().ring_size - driver_.free_receive_buffers();
        const unsigned before = rx().ring().returned();
        const unsigned room = (posted - before) / buffers;
        if (room < std::min(count, 2U)) {
            drain();
            continue;
        }
        // One buffer stays: an empty ring and a waiting frame would be a flush.
        const unsigned now = std::min({count, window, std::max(room - 1, 1U)});
        for (unsigned i = 0; i < now; i++) {
            inject(length);
        }
        await_published(before + now * buffers);
        count -= now;
    }
}

unsigned Bench::take(unsigned most) {
    unsigned frames = 0;
    while (frames < most) {
        const auto frame = driver_.receive();
        if (!frame) {
            break;
        }
        check_sequence(frame->data, received_++, "receive queue");
        frames++;
    }
    return frames;
}

unsigned Bench::drain() {
    const unsigned frames = take(~0U);
    driver_.post();
    return frames;
}

void Bench::transmit_one(std::size_t length) {
    if (!driver_.send(make_frame(transmitted_, length))) {
        throw Error("transmit queue", "send a frame", ENOSPC, "the ring is full");
    }
    transmitted_++;
    tx().publish();
}

void Bench::await_sent(unsigned count) {
    if (!eventually([&] { return tx().ring().returned() >= count; })) {
        throw Error("transmit queue", "wait for " + std::to_string(count) + " frames", ETIMEDOUT,
                    std::to_string(tx().ring().returned()) + " came back");
    }
}

void Bench::transmit(unsigned count, std::size_t length) {
    for (unsigned i = 0; i < count; i++) {
        if (!driver_.send(make_frame(transmitted_, length))) {
            throw Error("transmit queue", "send a frame", ENOSPC, "the ring is full");
        }
        transmitted_++;
    }
    const unsigned before = tx().ring().returned();
    tx().publish();
    await_sent(before + count);
    driver_.reclaim();
}

void Bench::expect_on_host(unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        const auto frame = host_.receive(generous);
        if (!frame) {
            throw Error("packet socket", "wait for frame " + std::to_string(arrived_), ETIMEDOUT);
        }
        check_sequence(*frame, arrived_++, "packet socket");
    }
}

} // namespace vcoal::test
