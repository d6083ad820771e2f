// SPDX-License-Identifier: GPL-2.0-only
//
// Hunts for lost notifications: a driver does at random what drivers do, and now and then
// pauses. Whatever the device has published by then must have been announced, or the
// driver must not have wanted to hear of it (COAL-D8, NTF-D1, NTF-D2, NTF-P).
//
// VCOAL_HUNT_PACKETS says how many packets all tests pass together, VCOAL_SEED makes the
// same choices again; how the device's and the driver's steps interleave is another matter.
#include "support/chance.hpp"
#include "support/coal_bench.hpp"

#include <deque>
#include <fmt/format.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

/// That share VCOAL_HUNT_PACKETS.
constexpr unsigned tests = 6;

/// Frames that wait in the tap at most: fewer than it has room for.
constexpr unsigned window = 128;

/// One queue, and what its driver may expect of it.
class Side {
public:
    Side(CoalBench& bench, unsigned index) : bench_(bench), index_(index) {
        // The first evaluation after a start notifies whatever the driver wants.
        bench_.flow(index_, 1);
        sent_ = 1;
        taken_ = index_ == VHN_VRING_TX ? 1 : 0;
        mute();
        pause();
    }

    /// Packets the device has published.
    std::uint64_t published() { return taken_ + ring().returned(); }
    bool has_frames() { return ring().returned() > 0; }
    bool calm() const noexcept { return calm_; }

    /// Up to @p most packets, as far as there is room; waits for nothing.
    unsigned send(unsigned most) {
        const unsigned room = index_ == VHN_VRING_TX
                                  ? ring().free()
                                  : window - static_cast<unsigned>(sent_ - published());
        const unsigned count = std::min(most, room);
        for (unsigned i = 0; i < count; i++) {
            if (index_ == VHN_VRING_RX) {
                bench_.inject();
            } else {
                bench_.transmit_one();
            }
        }
        sent_ += count;
        calm_ = calm_ && count == 0;
        return count;
    }

    unsigned take(unsigned most) {
        const unsigned taken =
            index_ == VHN_VRING_RX ? bench_.take(most) : bench_.driver().reclaim();
        taken_ += taken;
        return taken;
    }

    /// Posts receive buffers; the device may go on with packets that wait for them.
    unsigned post(unsigned most) {
        const unsigned posted = index_ == VHN_VRING_RX ? bench_.driver().post(most) : 0;
        calm_ = calm_ && posted == 0;
        return posted;
    }

    void mute() {
        ring().disable_callbacks();
        wish_ = {.kind = Wish::Kind::nothing, .calm = calm_, .signals = queue().signals()};
    }

    /// Asks for a notification once more than @p after packets have come that are not
    /// taken yet. False when they are there.
    bool ask(unsigned after) {
        const std::uint64_t signals = queue().signals();
        if (!ring().enable_callbacks(static_cast<std::uint16_t>(after))) {
            mute();
            wish_.calm = false;
            return false;
        }
        wish_ = {.kind = Wish::Kind::packets,
                 .calm = calm_ && ring().options().event_idx,
                 .signals = signals,
                 .due = taken_ + after};
        return true;
    }

    /// Waits until the device has nothing to do any more, and judges what it told.
    void pause() {
        const std::uint64_t expected = index_ == VHN_VRING_TX ? sent_ : std::min(sent_, posted());
        EXPECT_TRUE(eventually([&] { return published() == expected; }))
            << published() << " of " << expected << " packets were published";
        // What is published is pending only when the device has left the queue.
        bench_.settle(index_);
        EXPECT_TRUE(eventually([&] { return bench_.pending(index_) == 0; })) << "they stay pending";
        bench_.settle(index_);
        judge();
        begin_anew();
    }

private:
    /// What the driver wants to hear of, since when.
    struct Wish {
        enum class Kind { unknown, nothing, packets };
        Kind kind = Kind::unknown;
        /// Nothing was under way when it was made: no signal can be an older one's.
        bool calm = false;
        std::uint64_t signals = 0;
        /// Kind::packets: to be told when more than so many have been published.
        std::uint64_t due = 0;
    };

    Queue& queue() { return bench_.driver().queue(index_); }
    DriverRing& ring() { return queue().ring(); }
    std::uint64_t posted() {
        const NetDriver& driver = bench_.driver();
        return taken_ + driver.options().ring_size - driver.free_receive_buffers();
    }

    void judge() {
        const std::uint64_t now = published();
        const std::uint64_t signals = queue().signals() - wish_.signals;
        if (wish_.kind == Wish::Kind::packets && now > wish_.due) {
            EXPECT_GT(signals, 0U)
                << "lost: packets up to " << now << " were published, one beyond " << wish_.due
                << " was to be announced";
        } else if (wish_.kind == Wish::Kind::packets && wish_.calm) {
            EXPECT_EQ(signals, 0U) << "only " << now << " packets are there, one beyond "
                                   << wish_.due << " was to be announced";
        } else if (wish_.kind == Wish::Kind::nothing && wish_.calm) {
            EXPECT_EQ(signals, 0U) << "nothing was to be announced";
        }
        const vhn_vring_stats stats = bench_.vhost().statistics(index_);
        EXPECT_EQ(stats.packets, now);
        EXPECT_EQ(notifications(stats), queue().signals());
    }

    /// From here on there is nothing under way that a signal could be about.
    void begin_anew() {
        calm_ = true;
        const bool fulfilled = wish_.kind == Wish::Kind::packets && published() > wish_.due;
        if (fulfilled && ring().options().event_idx) {
            wish_.kind = Wish::Kind::unknown; // told once, and not again
        } else if (fulfilled) {
            wish_.due = published();
        }
        wish_.calm = wish_.kind == Wish::Kind::nothing || ring().options().event_idx;
        wish_.signals = queue().signals();
    }

    CoalBench& bench_;
    unsigned index_;
    Wish wish_;
    bool calm_ = true;
    std::uint64_t sent_ = 0;
    std::uint64_t taken_ = 0;
};

/// The steps of one hunt; the last of them are told when it finds something.
class Hunt {
public:
    Hunt(const NetDriverOptions& options, std::uint64_t seed) : bench_(options), chance_(seed) {}

    void run(std::uint64_t packets) {
        while (sides_[VHN_VRING_RX].published() + sides_[VHN_VRING_TX].published() < packets) {
            const unsigned index = chance_.between(VHN_VRING_RX, VHN_VRING_TX);
            step(index, sides_[index]);
            if (testing::Test::HasFailure()) {
                ADD_FAILURE() << "the last steps:\n" << fmt::format("{}", fmt::join(trace_, "\n"));
                return;
            }
        }
    }

private:
    void step(unsigned index, Side& side) {
        const unsigned size = bench_.driver().options().ring_size;
        switch (chance_.between(0, 15)) {
        case 0:
        case 1:
        case 2:
            pause(index, side);
            break;
        case 3:
            change(index);
            break;
        case 4:
            side.mute();
            note(index, "mute");
            break;
        case 5:
        case 6:
        case 7: {
            const unsigned after = chance_.one_in(3) ? chance_.between(0, size) : 0;
            note(index, fmt::format("ask for {} more: {}", after, side.ask(after)));
            break;
        }
        case 8:
        case 9:
        case 10:
            serve(index, side);
            break;
        default: {
            const unsigned most = chance_.of({1U, 1U, 4U, 16U, size});
            note(index, fmt::format("send {}", side.send(chance_.between(1, most))));
        }
        }
    }

    /// As a driver in its poll function: some, then buffers, then notifications.
    void serve(unsigned index, Side& side) {
        const unsigned taken = side.take(chance_.one_in(4) ? chance_.between(1, 8) : ~0U);
        const unsigned posted = side.post(chance_.one_in(4) ? chance_.between(0, 8) : ~0U);
        note(index, fmt::format("take {}, post {}", taken, posted));
        if (chance_.one_in(2)) {
            note(index, fmt::format("ask: {}", side.ask(0)));
        }
    }

    void change(unsigned index) {
        const Parameters parameters{chance_.of({0U, 1U, 2U, 16U, 64U, 1000U, ~0U}),
                                    chance_.of({0U, 1U, 50U, 500U, 5000U, 20'000U, far_away})};
        bench_.set(index, parameters);
        hold_[index] = parameters.packets == 0 ? 0 : parameters.usecs;
        note(index, fmt::format("{} packets / {} us", parameters.packets, parameters.usecs));
    }

    /// Seldom as long as the longest hold.
    void pause(unsigned index, Side& side) {
        while (hold_[index] == far_away && !chance_.one_in(10)) {
            change(index);
        }
        note(index, "pause");
        side.pause();
    }

    void note(unsigned index, const std::string& what) {
        trace_.push_back(fmt::format("  {} {}", index == VHN_VRING_RX ? "rx" : "tx", what));
        if (trace_.size() > 40) {
            trace_.pop_front();
        }
    }

    CoalBench bench_;
    Side sides_[VHN_NR_VRINGS] = {{bench_, VHN_VRING_RX}, {bench_, VHN_VRING_TX}};
    Chance chance_;
    std::uint32_t hold_[VHN_NR_VRINGS] = {};
    std::deque<std::string> trace_;
};

struct Driver {
    bool packed;
    bool event_index;
    std::uint16_t ring_size;
};

std::string driver_name(const testing::TestParamInfo<Driver>& info) {
    return fmt::format("{}_{}_{}", info.param.packed ? "packed" : "split",
                       info.param.event_index ? "event" : "flag", info.param.ring_size);
}

class Hunter : public testing::TestWithParam<Driver> {
protected:
    static NetDriverOptions options() {
        NetDriverOptions options = coalescing_options();
        options.features |= GetParam().packed ? feature(VIRTIO_F_RING_PACKED) : 0;
        options.features |= GetParam().event_index ? feature(VIRTIO_RING_F_EVENT_IDX) : 0;
        options.ring_size = GetParam().ring_size;
        return options;
    }
};

} // namespace

TEST_P(Hunter, NTF_G3_NoNotificationIsLost) {
    const std::uint64_t packets = number_from_environment("VCOAL_HUNT_PACKETS", 300'000) / tests;
    const std::uint64_t seed = number_from_environment("VCOAL_SEED", 1);
    fmt::print("{} packets, VCOAL_SEED={}\n", packets, seed);
    Hunt(options(), seed).run(packets);
}

INSTANTIATE_TEST_SUITE_P(Rings, Hunter,
                         testing::Values(Driver{false, false, 256}, Driver{false, true, 256},
                                         Driver{false, true, 16}, Driver{true, false, 256},
                                         Driver{true, true, 256}, Driver{true, true, 16}),
                         driver_name);
