// SPDX-License-Identifier: GPL-2.0-only
//
// The small parts of libvcoal, and those of the tests' own tools that must not fail
// silently.
#include "support/frames.hpp"
#include "vcoal/error.hpp"
#include "vcoal/fd.hpp"
#include "vcoal/guest_memory.hpp"
#include "vcoal/netdev.hpp"

#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace vcoal;
using namespace vcoal::test;

TEST(Error, TellsObjectOperationErrnoAndHintInOneLine) {
    const Error error("/dev/x", "open", ENOENT, "load the module x");
    EXPECT_STREQ(error.what(),
                 "/dev/x: open: No such file or directory (ENOENT); load the module x");
    EXPECT_EQ(error.code(), ENOENT);
    EXPECT_STREQ(Error("x", "read", 0).what(), "x: read");
}

TEST(Error, NamesErrnos) {
    EXPECT_EQ(errno_name(EINVAL), "EINVAL");
    EXPECT_EQ(errno_name(0), "0");
    EXPECT_EQ(errno_name(4000), "errno 4000");
}

TEST(Fd, ClosesWhenItGoesAndWhenItIsReplaced) {
    int first = -1;
    {
        Fd fd = open_file("/dev/null", O_RDONLY);
        first = fd.get();
        fd = open_file("/dev/null", O_RDONLY);
        EXPECT_EQ(::fcntl(first, F_GETFD), -1);
        first = fd.get();
        Fd moved = std::move(fd);
        EXPECT_EQ(moved.get(), first);
    }
    EXPECT_EQ(::fcntl(first, F_GETFD), -1);
}

TEST(Fd, OpenFailsWithItsReason) {
    try {
        open_file("/nowhere", O_RDONLY, "look elsewhere");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ENOENT);
        EXPECT_EQ(error.hint(), "look elsewhere");
    }
}

TEST(EventFd, AddsSignalsUp) {
    EventFd event;
    EXPECT_EQ(event.take(), 0U);
    EXPECT_FALSE(event.wait(std::chrono::milliseconds(1)));
    event.signal();
    event.signal(4);
    EXPECT_TRUE(event.wait(std::chrono::milliseconds(0)));
    EXPECT_EQ(event.take(), 5U);
    EXPECT_EQ(event.take(), 0U);
}

TEST(GuestMemory, RefusesWhatIsOutside) {
    GuestMemory memory(8192, 4096, 0x1000);
    EXPECT_NO_THROW(memory.at(0x1000, 8192));
    EXPECT_NO_THROW(memory.at(0x3000, 0));
    EXPECT_THROW(memory.at(0x1000, 8193), Error);
    EXPECT_THROW(memory.at(0xfff, 1), Error);
    EXPECT_THROW(memory.at(0x2fff, 2), Error);
    EXPECT_THROW(memory.at(~std::uint64_t{0}, 2), Error);
    EXPECT_THROW(memory.at(0x1001, ~std::size_t{0}), Error);
}

TEST(GuestMemory, AllocatesAlignedAndUntilFull) {
    GuestMemory memory(8192);
    EXPECT_EQ(memory.allocate(10, 64) % 64, 0U);
    EXPECT_EQ(memory.allocate(10, 4096), memory.base() + 4096);
    EXPECT_THROW(memory.allocate(8192), Error);
    EXPECT_THROW(memory.allocate(~std::size_t{0} - 100), Error);
}

TEST(GuestMemory, GuardsLieOutsideTheRegion) {
    GuestMemory memory(4096, 4096);
    EXPECT_EQ(memory.guard_before().data() + 4096, memory.bytes().data());
    EXPECT_EQ(memory.bytes().data() + 4096, memory.guard_behind().data());
    EXPECT_EQ(memory.region().memory_size, 4096U);
    EXPECT_EQ(memory.region().userspace_addr,
              reinterpret_cast<std::uint64_t>(memory.bytes().data()));
}

TEST(Mac, ReadsAndWritesTheUsualForm) {
    EXPECT_EQ(format_mac(parse_mac("02:00:00:00:aB:01")), "02:00:00:00:ab:01");
    for (const char* wrong : {"", "02:00:00:00:00", "02:00:00:00:00:01x", "01:00:00:00:00:01",
                              "02:00:00:00:00:100", "zz:00:00:00:00:01"}) {
        EXPECT_THROW(parse_mac(wrong), Error) << wrong;
    }
}

TEST(NetDev, NameFitsTheKernel) {
    EXPECT_THROW(NetDev(""), Error);
    EXPECT_THROW(NetDev("sixteen-letters!"), Error);
}

TEST(Frames, EveryByteCounts) {
    auto frame = make_frame(7, 100);
    EXPECT_EQ(frame.size(), 100U);
    EXPECT_EQ(frame_sequence(frame), 7U);
    for (std::size_t i = 0; i < frame.size(); i++) {
        frame[i] ^= std::byte{1};
        EXPECT_NE(frame_sequence(frame), 7U) << "byte " << i;
        frame[i] ^= std::byte{1};
    }
    frame.pop_back();
    EXPECT_EQ(frame_sequence(frame), 7U) << "shorter, and still itself";
    EXPECT_FALSE(frame_sequence(std::span(frame).first(10)));
}

TEST(Frames, PatternShowsWhatChanged) {
    std::vector<std::byte> bytes(1000);
    fill_pattern(bytes, 3);
    EXPECT_FALSE(pattern_broken(bytes, 3));
    EXPECT_TRUE(pattern_broken(bytes, 4));
    bytes[500] = ~bytes[500];
    EXPECT_EQ(pattern_broken(bytes, 3), 500U);
}
