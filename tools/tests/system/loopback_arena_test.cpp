// SPDX-License-Identifier: GPL-2.0-only
//
// The arena and the DMA operations: where the driver's memory may be, how much of it,
// and what happens to a caller that names a mapping wrongly.
#include "support/bench.hpp"
#include "support/fault.hpp"
#include "support/frames.hpp"
#include "support/loopback_selftest.hpp"
#include "support/loopback_stub.hpp"
#include "vcoal/error.hpp"
#include "vcoal/netns.hpp"
#include "vcoal/packet_socket.hpp"

#include <cerrno>
#include <filesystem>
#include <future>
#include <gtest/gtest.h>
#include <optional>
#include <sys/mman.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

class LoopbackArena : public testing::Test {
protected:
    static void SetUpTestSuite() { load_loopback(); }
};

/// One check of the selftest driver that leaves nothing behind and is not refused.
class LoopbackDma : public testing::TestWithParam<const char*> {
protected:
    static void SetUpTestSuite() { load_loopback(); }
};

std::uint64_t bad(const vlb_arena_stats& stats) {
    return stats.fail_quota + stats.fail_space + stats.bad_unmap + stats.bad_sync;
}

std::string device_path(LoopbackStub& stub) {
    return "/sys/bus/virtio/devices/virtio" + std::to_string(stub.loopback().info().index);
}

/// Sends frames out of the driver's interface.
class DriverSide {
public:
    explicit DriverSide(LoopbackStub& stub) {
        in_first_namespace([&] {
            bring_up(stub.interface());
            socket_.emplace(stub.interface());
        });
    }

    /// From here on the device takes frames and gives none back.
    void stop_completions(LoopbackStub& stub) {
        // Newer drivers bound the bytes under way, and learn the bound from completions.
        const std::string limits =
            "/sys/class/net/" + stub.interface() + "/queues/tx-0/byte_queue_limits/limit_min";
        if (write_kernel_file(limits, "10000000") != 0) {
            throw Error(limits, "write", EIO);
        }
        send(0, 64);
        const auto back = [&] { return stub.loopback().arena_statistics().out_bytes == 0; };
        if (!eventually([&] { return !stub.transmitted().empty() && back(); })) {
            throw Error("first frame", "wait for its completion", ETIMEDOUT);
        }
        stub.serve_transmit = false;
    }

    bool send(unsigned sequence, std::size_t size) {
        return socket_->send(make_frame(sequence, size));
    }

private:
    std::optional<PacketSocket> socket_;
};

} // namespace

TEST_P(LoopbackDma, Check) {
    LoopbackSelftest selftest;
    const vlb_arena_stats before = selftest.loopback().arena_statistics();
    EXPECT_EQ(selftest.run(GetParam()), "ok");
    const vlb_arena_stats after = selftest.loopback().arena_statistics();
    EXPECT_EQ(after.slots, before.slots) << "slots were left behind";
    EXPECT_EQ(bad(after), 0U);
}

INSTANTIATE_TEST_SUITE_P(Operation, LoopbackDma,
                         testing::Values("copy", "offset", "direction", "skip_sync", "sync_range",
                                         "list", "coherent", "mask"),
                         [](const testing::TestParamInfo<const char*>& parameter) {
                             return std::string(parameter.param);
                         });

TEST_F(LoopbackArena, UnmapIsCheckedForAddressLengthAndDirection) {
    LoopbackSelftest selftest;
    const vlb_arena_stats before = selftest.loopback().arena_statistics();
    EXPECT_EQ(selftest.run("bad_unmap"), "ok");
    const vlb_arena_stats after = selftest.loopback().arena_statistics();
    EXPECT_EQ(after.bad_unmap, 5U);
    EXPECT_EQ(after.slots, before.slots);
}

TEST_F(LoopbackArena, SyncOutsideAMappingIsRefused) {
    LoopbackSelftest selftest;
    EXPECT_EQ(selftest.run("bad_sync"), "ok");
    EXPECT_EQ(selftest.loopback().arena_statistics().bad_sync, 5U);
}

TEST_F(LoopbackArena, FailedListMappingLeavesNothing) {
    LoopbackSelftest selftest;
    const vlb_arena_stats before = selftest.loopback().arena_statistics();
    EXPECT_EQ(selftest.run("list_rollback"), "ok");
    const vlb_arena_stats after = selftest.loopback().arena_statistics();
    EXPECT_EQ(after.slots, before.slots);
    EXPECT_EQ(after.fail_space, 1U);
    EXPECT_EQ(after.bad_unmap, 0U);
}

TEST_F(LoopbackArena, RingsAndBuffersLieInside) {
    LoopbackStub stub(net_options(), {Role::external, Role::transmit, Role::control});
    stub.start_and_wait();
    DriverSide driver(stub);
    const Loopback& loopback = stub.loopback();
    ASSERT_EQ(loopback.base(), 0x1'0000'0000U);
    for (std::uint32_t i = 0; i < 3; i++) {
        const vlb_vq queue = loopback.queue(i);
        ASSERT_NE(queue.flags & VLB_VQ_ENABLED, 0U);
        EXPECT_NO_THROW(loopback.at(queue.desc, sizeof(vring_desc) * queue.num));
        EXPECT_NO_THROW(loopback.at(queue.driver, 6 + 2 * queue.num));
        EXPECT_NO_THROW(loopback.at(queue.device, 6 + 8 * queue.num));
    }
    // pop() throws for a buffer outside.
    const auto receive =
        make_device_ring(loopback, loopback.queue(0), stub.loopback().info().accepted[0]);
    unsigned buffers = 0;
    while (const auto chain = receive->pop()) {
        EXPECT_GT(chain->writable_bytes(), 0U);
        buffers++;
    }
    EXPECT_GT(buffers, 0U);
    for (unsigned i = 0; i < 20; i++) {
        ASSERT_TRUE(driver.send(i, 1000));
    }
    ASSERT_TRUE(eventually([&] { return stub.transmitted().size() >= 20; }));
    for (unsigned i = 0; i < 20; i++) {
        EXPECT_EQ(frame_sequence(stub.transmitted()[i]), i);
    }
}

TEST_F(LoopbackArena, SmallBuffersTakeLessThanAPage) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    DriverSide driver(stub);
    driver.stop_completions(stub);
    const vlb_arena_stats before = stub.loopback().arena_statistics();
    for (unsigned i = 0; i < 50; i++) {
        ASSERT_TRUE(driver.send(i, 64));
    }
    const vlb_arena_stats after = stub.loopback().arena_statistics();
    EXPECT_GE(after.slots, before.slots + 50);
    EXPECT_LE(after.out_bytes - before.out_bytes, 50U * 1024);
}

TEST_F(LoopbackArena, ReceiveQuotaLeavesRoomForTransmit) {
    LoopbackOptions options = net_options();
    options.arena_bytes = 1U << 20;
    options.in_bytes = 128U << 10;
    LoopbackStub stub(options, net_roles());
    stub.start_and_wait();
    DriverSide driver(stub);
    const auto full = [&] { return stub.loopback().arena_statistics().fail_quota > 0; };
    ASSERT_TRUE(eventually(full)) << "256 receive buffers should not fit";
    EXPECT_LE(stub.loopback().arena_statistics().in_bytes, 128U << 10);
    for (unsigned i = 0; i < 500; i++) {
        ASSERT_TRUE(eventually([&] { return driver.send(i, 1400); }));
    }
    const auto all = [&] { return stub.transmitted().size() >= 500; };
    ASSERT_TRUE(eventually(all));
    const auto frames = stub.transmitted();
    for (unsigned i = 0; i < 500; i++) {
        EXPECT_EQ(frame_sequence(frames[i]), i);
    }
}

// Nobody takes the frames: the driver runs into its quota, and no further.
TEST_F(LoopbackArena, TransmitQuotaHolds) {
    LoopbackOptions options = net_options();
    options.out_bytes = 64U << 10;
    LoopbackStub stub(options, net_roles());
    stub.start_and_wait();
    DriverSide driver(stub);
    driver.stop_completions(stub);
    for (unsigned i = 0; i < 100; i++) {
        driver.send(i, 1400);
    }
    const vlb_arena_stats stats = stub.loopback().arena_statistics();
    EXPECT_LE(stats.out_bytes, 64U << 10);
    EXPECT_GT(stats.fail_quota, 0U);
}

TEST_F(LoopbackArena, MappingIsSharedAndInside) {
    const Loopback loopback(net_options());
    const std::size_t size = loopback.arena().size();
    const auto map = [&](std::size_t length, int flags, off_t offset) {
        void* address = ::mmap(nullptr, length, PROT_READ, flags, loopback.get(), offset);
        const int code = address == MAP_FAILED ? errno : 0;
        if (address != MAP_FAILED) {
            ::munmap(address, length);
        }
        return code;
    };
    EXPECT_EQ(map(size, MAP_SHARED, 0), 0);
    EXPECT_EQ(map(size / 2, MAP_SHARED, static_cast<off_t>(size / 2)), 0);
    EXPECT_EQ(map(size, MAP_PRIVATE, 0), EINVAL);
    EXPECT_EQ(map(size + 4096, MAP_SHARED, 0), EINVAL);
    EXPECT_EQ(map(size, MAP_SHARED, 4096), EINVAL);
    EXPECT_EQ(map(4096, MAP_SHARED, static_cast<off_t>(size)), EINVAL);
}

// mmap() has the lock without which no fault is served: were it to wait for another call
// that reads its argument, this process would stand still until the machine's time is up.
TEST_F(LoopbackArena, MappingDoesNotWaitForACallThatReadsItsArgument) {
    Loopback loopback(net_options());
    const Fd file = make_memfd("argument", 4096);
    const Mapping argument(file.get(), 4096, 0, "argument");
    BlockedMemory blocked(argument.bytes());
    auto call = std::async(std::launch::async, [&] {
        loopback.set_config(0, std::span<const std::byte>(argument.bytes()).first(6));
    });
    ASSERT_TRUE(blocked.wait_blocked(generous));
    EXPECT_NO_THROW(Mapping(loopback.get(), loopback.arena().size(), 0, "arena"));
    blocked.resolve();
    EXPECT_NO_THROW(call.get());
}

// The session is dead then, but the device and the memory stay.
TEST_F(LoopbackArena, OutlivesItsFileDescriptor) {
    std::optional<LoopbackStub> stub(std::in_place, net_options(), net_roles());
    stub->start_and_wait();
    const std::string path = device_path(*stub);
    const std::size_t size = stub->loopback().arena().size();
    std::optional<Mapping> mapping(std::in_place, stub->loopback().get(), size, 0, "arena");
    stub.reset();
    EXPECT_TRUE(std::filesystem::exists(path));
    mapping->bytes().front() = std::byte{1};
    mapping->bytes().back() = std::byte{1};
    mapping.reset();
    EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(path); }));
}
