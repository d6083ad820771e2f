// SPDX-License-Identifier: GPL-2.0-only
//
// Walks at random over all ioctls of our two devices, with right and with hostile arguments,
// by two threads at once on one file, which they also read, poll, map and close. Whatever is
// asked, the answer is 0 or an errno that is documented for it, the kernel's log stays clean,
// and a driver that behaves well is served as ever.
//
// VCOAL_WALK_STEPS says how many steps each thread makes; VCOAL_SEED gives the same ones
// again, if not in the same order between the threads.
#include "support/coal_bench.hpp"
#include "support/hostile_argument.hpp"
#include "support/ioctl_catalog.hpp"
#include "support/loopback_stub.hpp"
#include "support/loopback_walk.hpp"
#include "support/vhost_walk.hpp"
#include "vcoal/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

/// Answers that an ioctl gave.
struct Tally {
    std::uint64_t done = 0;
    std::uint64_t refused = 0;
};

/// One thread's way.
class Walker {
public:
    Walker(WalkTarget& target, unsigned number, std::uint64_t seed)
        : target_(target), number_(number), chance_(seed * 2 + number),
          tallies_(target.ioctls().size()) {}

    void walk(std::uint64_t steps) {
        for (step_ = 0; step_ < steps && defect_.empty(); step_++) {
            step();
        }
    }

    /// What was wrong, with the step; empty: nothing.
    const std::string& defect() const noexcept { return defect_; }
    const std::vector<Tally>& tallies() const noexcept { return tallies_; }

private:
    void step() {
        switch (chance_.between(0, 31)) {
        case 0:
            file_operation();
            return;
        case 1:
            if (chance_.one_in(16)) {
                target_.reopen();
            }
            return;
        case 2:
        case 3:
            target_.stir(number_, chance_);
            return;
        case 4:
            for (const unsigned long request : target_.way_up()) {
                carry_out(place_of(request), request);
            }
            return;
        default:
            any_ioctl();
        }
    }

    void any_ioctl() {
        const auto all = target_.ioctls();
        const auto at = chance_.between(0, static_cast<unsigned>(all.size()) - 1);
        const unsigned long request = all[at].request;
        if (target_.ends_all(request) && !chance_.one_in(4)) {
            return;
        }
        // Larger, what does not exist might.
        carry_out(at, exists(all[at]) ? target_.other_size(request, chance_) : request);
    }

    std::size_t place_of(unsigned long request) const {
        std::size_t at = 0;
        while (target_.ioctls()[at].request != request) {
            at++;
        }
        return at;
    }

    void carry_out(std::size_t at, unsigned long request) {
        const CatalogIoctl& known = target_.ioctls()[at];
        const std::vector<std::byte> bytes = target_.argument(known.request, chance_);
        const int result = ::ioctl(target_.fd(), request, hostile_.place(bytes, chance_));
        const int code = result < 0 ? errno : 0;
        if (result > 0 || (result < 0 && !documented(known, code)) ||
            (result == 0 && !exists(known))) {
            defect_ = fmt::format("step {} of thread {}: {} ({:#x}) gives {}, {}", step_, number_,
                                  known.name, request, result, errno_name(code));
        }
        (code == 0 ? tallies_[at].done : tallies_[at].refused)++;
    }

    void file_operation() {
        std::array<std::byte, 256> bytes{};
        const WalkTarget::Answers& answers = target_.answers();
        pollfd poll{target_.fd(), POLLIN | POLLOUT, 0};
        const std::size_t length = chance_.between(0, bytes.size());
        switch (chance_.between(0, 4)) {
        case 0:
            judge("read", answers.read, ::read(poll.fd, bytes.data(), length) >= 0);
            return;
        case 1:
            judge("write", answers.write, ::write(poll.fd, bytes.data(), length) >= 0);
            return;
        case 2:
            judge("poll", {true, {}}, ::poll(&poll, 1, 0) >= 0);
            return;
        case 3: {
            void* mapped = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, poll.fd,
                                  chance_.of({0, 4096, 1 << 30}));
            judge("mmap", answers.map, mapped != MAP_FAILED);
            if (mapped != MAP_FAILED) {
                ::munmap(mapped, 4096);
            }
            return;
        }
        default:
            // Not the last one: nothing is released.
            Fd(::dup(poll.fd)).reset();
        }
    }

    void judge(const char* what, const FileAnswers& answers, bool succeeded) {
        const int code = succeeded ? 0 : errno;
        if (succeeded ? !answers.may_succeed
                      : std::ranges::find(answers.errors, code) == answers.errors.end()) {
            defect_ = fmt::format("step {} of thread {}: {} gives {}", step_, number_, what,
                                  errno_name(code));
        }
    }

    WalkTarget& target_;
    unsigned number_;
    Chance chance_;
    HostileArgument hostile_;
    std::vector<Tally> tallies_;
    std::uint64_t step_ = 0;
    std::string defect_;
};

/// Each way to end must have been gone, or the walk has not seen much.
void expect_all_seen(const WalkTarget& target, const Walker& a, const Walker& b) {
    for (std::size_t i = 0; i < target.ioctls().size(); i++) {
        const CatalogIoctl& ioctl = target.ioctls()[i];
        const std::uint64_t done = a.tallies()[i].done + b.tallies()[i].done;
        const std::uint64_t refused = a.tallies()[i].refused + b.tallies()[i].refused;
        EXPECT_EQ(done != 0, exists(ioctl)) << ioctl.name;
        EXPECT_NE(refused, 0U) << ioctl.name;
        fmt::print("{:<60} {:>7} done {:>7} refused\n", ioctl.name, done, refused);
    }
}

/// @param part of VCOAL_WALK_STEPS: less where one takes more time
void walk(WalkTarget& target, unsigned part) {
    const std::uint64_t steps = number_from_environment("VCOAL_WALK_STEPS", 20'000) / part;
    const std::uint64_t seed = number_from_environment("VCOAL_SEED", 1);
    fmt::print("{} steps by each of two threads, VCOAL_SEED={}\n", steps, seed);
    Walker first(target, 0, seed);
    Walker second(target, 1, seed);
    {
        const std::jthread other([&] { second.walk(steps); });
        first.walk(steps);
    }
    EXPECT_EQ(first.defect(), "");
    EXPECT_EQ(second.defect(), "");
    expect_all_seen(target, first, second);
}

void expect_service() {
    CoalBench bench;
    bench.set(VHN_VRING_RX, {8, far_away});
    bench.deliver(64);
    bench.drain();
    bench.transmit(64);
    bench.expect_on_host(64);
    EXPECT_EQ(bench.sent(VHN_VRING_RX).count, 8U);
}

} // namespace

TEST(IoctlWalk, VhostTwoThreadsOnOneFile) {
    VhostWalk target;
    walk(target, 1);
    for (const unsigned index : {VHN_VRING_RX, VHN_VRING_TX}) {
        EXPECT_GT(target.queue(index).signals(), 0U) << "vring " << index << " has never run";
    }
    expect_service();
}

TEST(IoctlWalk, LoopbackTwoThreadsOnOneFile) {
    load_loopback();
    // Other eventfds wait for RCU, which takes its time on an idle machine.
    ASSERT_EQ(write_kernel_file("/sys/kernel/rcu_expedited", "1"), 0);
    LoopbackWalk target;
    walk(target, 5);
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
}

// What the walk does not know it cannot walk over.
TEST(IoctlWalk, TheCatalogIsComplete) {
    const auto in_catalog = [](unsigned long request) {
        return std::ranges::any_of(all_vhost_ioctls(), [&](const CatalogIoctl& ioctl) {
            return exists(ioctl) && _IOC_TYPE(ioctl.request) == _IOC_TYPE(request) &&
                   _IOC_NR(ioctl.request) == _IOC_NR(request);
        });
    };
    unsigned found = 0;
    VhostNet vhost;
    for (const unsigned type : {unsigned{VHOST_VIRTIO}, unsigned{VHN_IOC_TYPE}}) {
        for (unsigned nr = 0; nr < 256; nr++) {
            bool known = false;
            for (const unsigned direction :
                 {_IOC_NONE, _IOC_READ, _IOC_WRITE, _IOC_READ | _IOC_WRITE}) {
                for (const unsigned size : {0U, 4U, 8U, 16U, 40U}) {
                    std::array<std::byte, 64> argument{};
                    // Others are not told what is unknown; RESET_OWNER is among these.
                    vhost.try_ioctl(VHOST_SET_OWNER, nullptr);
                    known |= vhost.try_ioctl(_IOC(direction, type, nr, size), &argument) != ENOTTY;
                }
            }
            found += known;
            EXPECT_EQ(known, in_catalog(_IOC(_IOC_NONE, type, nr, 0)))
                << fmt::format("type {:#x}, number {:#x}", type, nr);
        }
    }
    EXPECT_GE(found, 20U);
}
