// SPDX-License-Identifier: GPL-2.0-only
//
// The device's side of a ring as the kernel module has it, against the driver's side in
// this process: any mix of chains, of buffers given back unused and of batches, in either
// layout.
#include "vcoal/packed_ring.hpp"
#include "vcoal/split_ring.hpp"

#include <cerrno>
#include <cstring>
#include <deque>
#include <gtest/gtest.h>
#include <memory>
#include <rapidcheck/gtest.h>
#include <vector>

extern "C" {
#include "vring.h"

static vcoal::GuestMemory* guest_memory;

// In place of the memory table: the one region there is.
int vhn_mem_translate(const struct vhn_mem* /*mem*/, u64 addr, u32 len, struct iovec* iov,
                      unsigned int room) {
    if (room == 0) {
        return -ENOBUFS;
    }
    try {
        iov[0] = {guest_memory->at(addr, len).data(), len};
        return 1;
    } catch (const std::exception&) {
        return -EFAULT;
    }
}
}

using namespace vcoal;

namespace {

constexpr std::size_t memory_bytes = 1 << 20;

std::unique_ptr<DriverRing> make_ring(GuestMemory& memory, const RingOptions& options) {
    if (options.packed) {
        return std::make_unique<PackedRing>(memory, options);
    }
    return std::make_unique<SplitRing>(memory, options);
}

/// A ring with both its sides, and what must come out of it.
class World {
public:
    explicit World(const RingOptions& options) : ring(make_ring(memory, options)) {
        guest_memory = &memory;
        const RingAddresses& at = ring->addresses();
        device.desc = part<vring_desc>(at.desc);
        device.avail = part<vring_avail>(at.avail);
        device.used = part<vring_used>(at.used);
        device.num = options.size;
        device.packed = options.packed;
        device.event_idx = options.event_idx;
        device.indirect = options.indirect_entries > 0;
        device.pending = pending;
        device.last_avail = static_cast<u16>(ring->base());
        device.last_used = static_cast<u16>(ring->base() >> 16U);
        EXPECT_EQ(vhn_vring_start(&device), 0);
    }

    struct Buffer {
        std::uint16_t head;
        std::vector<Segment> segments;
        std::size_t readable;
    };

    bool add(std::size_t readable, std::size_t writable) {
        Buffer buffer{0, {}, readable};
        for (std::size_t i = 0; i < readable + writable; i++) {
            // Lengths of their own: a mix-up shows.
            next_length_ = next_length_ % 4000 + 1;
            buffer.segments.push_back({memory.base() + 16 * i, next_length_});
        }
        const std::span<const Segment> all(buffer.segments);
        const auto head = ring->add(all.first(readable), all.subspan(readable));
        if (head) {
            buffer.head = *head;
            added.push_back(buffer);
        }
        return head.has_value();
    }

    void publish() {
        ring->publish();
        for (; !added.empty(); added.pop_front()) {
            available.push_back(added.front());
        }
    }

    /// Has the device take up to @p count buffers as one packet and then give them back
    /// unused, or commit them.
    void use(unsigned count, bool give_back) {
        const u16 start = device.last_avail;
        std::vector<Buffer> packet;
        while (packet.size() < count) {
            vhn_chain chain{};
            const int r = vhn_vring_pop(&device, nullptr, iov, most_segments, &chain);
            if (packet.size() == available.size()) {
                EXPECT_EQ(r, -EAGAIN);
                break;
            }
            EXPECT_EQ(r, 0);
            packet.push_back(available.at(packet.size()));
            expect_same(chain, packet.back());
            EXPECT_EQ(vhn_vring_fill(&device, static_cast<u16>(packet.size() - 1), &chain,
                                     length_of(packet.back())),
                      0);
        }
        if (packet.empty() || give_back) {
            vhn_vring_rewind(&device, start);
            return;
        }
        EXPECT_EQ(vhn_vring_commit(&device, static_cast<u16>(packet.size())), 0);
        for (const Buffer& buffer : packet) {
            available.pop_front();
            committed.push_back(buffer);
        }
    }

    void end_batch() {
        if (committed.empty()) {
            return;
        }
        EXPECT_EQ(ring->returned(), published.size()) << "the batch is visible too early";
        EXPECT_EQ(vhn_vring_publish(&device), 0);
        for (; !committed.empty(); committed.pop_front()) {
            published.push_back(committed.front());
        }
        EXPECT_EQ(ring->returned(), published.size());
    }

    void take(unsigned count) {
        for (; count > 0; count--) {
            const auto used = ring->take();
            ASSERT_EQ(used.has_value(), !published.empty());
            if (!used) {
                return;
            }
            EXPECT_EQ(used->head, published.front().head);
            EXPECT_EQ(used->length, length_of(published.front()));
            published.pop_front();
        }
    }

    GuestMemory memory{memory_bytes};
    std::unique_ptr<DriverRing> ring;
    vhn_vring device{};
    std::deque<Buffer> added;
    std::deque<Buffer> available;
    std::deque<Buffer> committed;
    std::deque<Buffer> published;

private:
    static u32 length_of(const Buffer& buffer) {
        return buffer.readable < buffer.segments.size() ? buffer.segments.back().length : 0;
    }

    void expect_same(const vhn_chain& chain, const Buffer& buffer) {
        ASSERT_EQ(chain.head, buffer.head);
        ASSERT_EQ(chain.out, buffer.readable);
        ASSERT_EQ(chain.out + chain.in, buffer.segments.size());
        for (std::size_t i = 0; i < buffer.segments.size(); i++) {
            const Segment& segment = buffer.segments[i];
            EXPECT_EQ(iov[i].iov_base, memory.at(segment.address, segment.length).data());
            EXPECT_EQ(iov[i].iov_len, segment.length);
        }
    }

    /// A part of the ring by its address in this process.
    template <typename T>
    T* part(std::uint64_t address) const {
        const std::uint64_t offset = address - memory.process_address(memory.base());
        return memory.object<T>(memory.base() + offset);
    }

    vhn_used pending[VHN_MAX_IOV];
    static constexpr unsigned most_segments = 8;
    iovec iov[most_segments];
    std::uint32_t next_length_ = 0;
};

RingOptions any_ring(bool packed) {
    RingOptions options;
    options.packed = packed;
    options.size = packed ? *rc::gen::inRange<std::uint16_t>(1, 40) : std::uint16_t{16};
    options.event_idx = *rc::gen::arbitrary<bool>();
    options.indirect_entries = *rc::gen::element<std::uint16_t>(0, 4);
    options.first_index = *rc::gen::arbitrary<std::uint16_t>();
    options.in_order = *rc::gen::arbitrary<bool>();
    return options;
}

void survive(bool packed) {
    World world(any_ring(packed));
    const auto steps =
        *rc::gen::container<std::vector<std::uint16_t>>(rc::gen::arbitrary<std::uint16_t>());
    for (const std::uint16_t step : steps) {
        const unsigned some = step >> 8U;
        switch (step % 6) {
        case 0:
        case 1:
            world.add(some % 4, some / 4 % 3 + (some % 4 == 0));
            break;
        case 2:
            world.publish();
            break;
        case 3:
            world.use(1 + some % 4, some / 4 % 3 == 0);
            break;
        case 4:
            world.end_batch();
            break;
        default:
            world.take(some % 5);
        }
        RC_ASSERT(!testing::Test::HasFailure());
    }
    world.publish();
    while (!world.available.empty()) {
        world.use(1, false);
    }
    world.end_batch();
    world.take(static_cast<unsigned>(world.published.size()));
    RC_ASSERT(!world.ring->take().has_value());
    RC_ASSERT(world.ring->free() == world.ring->options().size);
    RC_ASSERT(!testing::Test::HasFailure());
}

} // namespace

RC_GTEST_PROP(Vring, SplitBuffersSurviveAnything, ()) {
    survive(false);
}

RC_GTEST_PROP(Vring, PackedBuffersSurviveAnything, ()) {
    survive(true);
}

namespace {

class BothSides : public testing::TestWithParam<bool> {
protected:
    /// One buffer there and back; whether the device kicks, and whether the driver calls.
    struct Seen {
        bool kick;
        bool call;
    };
    Seen once(World& world) {
        EXPECT_TRUE(world.add(1, 0));
        const bool kick = world.ring->publish();
        world.available.push_back(world.added.front());
        world.added.pop_front();
        world.use(1, false);
        world.end_batch();
        const bool call = vhn_vring_wants_call(&world.device) > 0;
        world.take(1);
        return {kick, call};
    }

    static RingOptions options(bool event_idx) {
        RingOptions options;
        options.packed = GetParam();
        options.size = GetParam() ? 13 : 16;
        options.event_idx = event_idx;
        return options;
    }
};

} // namespace

TEST_P(BothSides, NotificationsAreAskedForAndRefused) {
    for (const bool event_idx : {false, true}) {
        World world(options(event_idx));
        EXPECT_TRUE(once(world).call) << "the first evaluation says nothing of what was before";
        for (unsigned i = 0; i < 100; i++) {
            world.ring->disable_callbacks();
            ASSERT_FALSE(once(world).call) << i;
            ASSERT_TRUE(world.ring->enable_callbacks());
            ASSERT_TRUE(once(world).call) << i;
        }
    }
}

TEST_P(BothSides, KicksAreAskedForAndRefused) {
    for (const bool event_idx : {false, true}) {
        World world(options(event_idx));
        for (unsigned i = 0; i < 100; i++) {
            vhn_chain chain{};
            iovec iov{};
            ASSERT_EQ(vhn_vring_pop(&world.device, nullptr, &iov, 1, &chain), -EAGAIN);
            ASSERT_EQ(vhn_vring_kick_enable(&world.device), 0);
            ASSERT_TRUE(once(world).kick) << i;
            ASSERT_EQ(vhn_vring_kick_disable(&world.device), 0);
            ASSERT_FALSE(once(world).kick) << i;
        }
    }
}

TEST_P(BothSides, EnablingKicksTellsWhatHasComeAlready) {
    World world(options(true));
    vhn_chain chain{};
    iovec iov{};
    ASSERT_EQ(vhn_vring_pop(&world.device, nullptr, &iov, 1, &chain), -EAGAIN);
    EXPECT_TRUE(world.add(1, 0));
    world.publish();
    EXPECT_GT(vhn_vring_kick_enable(&world.device), 0);
}

// Anything may have been used in the meantime: the last evaluation's index is worth
// nothing once the index has come round.
TEST_P(BothSides, AWholeTurnWithoutEvaluationEndsInANotification) {
    World world(options(true));
    once(world);
    world.ring->enable_callbacks();
    const unsigned size = world.ring->options().size;
    const unsigned turn = GetParam() ? 2 * size : 0x10000;
    for (unsigned i = 0; i < turn; i += size) {
        while (world.add(1, 0)) {
        }
        world.publish();
        while (!world.available.empty()) {
            world.use(4, false);
        }
        world.end_batch();
        world.take(size);
    }
    EXPECT_EQ(vhn_vring_wants_call(&world.device), 1);
}

INSTANTIATE_TEST_SUITE_P(Layout, BothSides, testing::Bool(), [](const auto& layout) {
    return std::string(layout.param ? "packed" : "split");
});
