// SPDX-License-Identifier: GPL-2.0-only
//
// Every ioctl of the device with each of its allocations failing in turn: it says ENOMEM,
// or does without that one; has changed nothing when it says so; and can be had when there
// is memory again. What an error exit leaves behind is found by the leak detector when the
// program has ended.
#include "debug/allocation_faults.hpp"
#include "support/ioctl_catalog.hpp"
#include "support/vhost_states.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <memory>
#include <ostream>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

using namespace vcoal;
using namespace vcoal::test;

namespace {

using Bytes = std::vector<std::byte>;

/// More allocations than any call makes.
constexpr unsigned most = 1000;
/// How often all are gone through, since they are not the same each time; and how often at
/// the most, until those have failed that a call cannot do without.
constexpr unsigned rounds = 3;
constexpr unsigned most_rounds = 30;

template <typename T>
Bytes bytes_of(const T& value) {
    Bytes bytes(sizeof(value));
    std::memcpy(bytes.data(), &value, sizeof(value));
    return bytes;
}

/// An ioctl that succeeds in a certain state, but for want of memory.
struct Row {
    const char* name;
    unsigned long request;
    std::function<Bytes(VhostSetup&)> argument;
    State state;
    /// Allocations it cannot do without, at the least.
    unsigned needed = 0;
};

std::ostream& operator<<(std::ostream& out, const Row& row) {
    return out << row.name;
}

Bytes zeroes(VhostSetup& /*setup*/) {
    return Bytes(sizeof(vhn_filter));
}

std::function<Bytes(VhostSetup&)> word(std::uint64_t value) {
    return [=](VhostSetup&) { return bytes_of(value); };
}

std::function<Bytes(VhostSetup&)> state(unsigned value) {
    return [=](VhostSetup&) { return bytes_of(vhost_vring_state{VHN_VRING_RX, value}); };
}

std::function<Bytes(VhostSetup&)> file(const std::function<int(VhostSetup&)>& fd) {
    return [=](VhostSetup& setup) { return bytes_of(vhost_vring_file{VHN_VRING_RX, fd(setup)}); };
}

Bytes table(VhostSetup& setup) {
    struct {
        std::uint32_t count = 1;
        std::uint32_t padding = 0;
        vhost_memory_region region;
    } const argument{.region = setup.memory.region()};
    return bytes_of(argument);
}

Bytes ring_addresses(VhostSetup& setup) {
    const RingAddresses& ring = setup.rx.ring().addresses();
    vhost_vring_addr argument{};
    argument.desc_user_addr = ring.desc;
    argument.avail_user_addr = ring.avail;
    argument.used_user_addr = ring.used;
    return bytes_of(argument);
}

Bytes new_worker(VhostSetup& setup) {
    return bytes_of(vhost_worker_state{setup.vhost.new_worker()});
}

Bytes vring_with_new_worker(VhostSetup& setup) {
    return bytes_of(vhost_vring_worker{VHN_VRING_RX, setup.vhost.new_worker()});
}

Bytes some_hash(VhostSetup& /*setup*/) {
    vhn_hash hash{};
    hash.types = 1;
    return bytes_of(hash);
}

/// For the memory of the guest, of which one bit stands for a page.
std::array<std::byte, 1 << 16> bitmap;

int kick_fd(VhostSetup& setup) {
    return setup.rx.kick_fd().get();
}

int call_fd(VhostSetup& setup) {
    return setup.rx.call_fd().get();
}

Bytes log_fd(VhostSetup& setup) {
    return bytes_of(call_fd(setup));
}

int tap_fd(VhostSetup& setup) {
    return setup.tap.get();
}

#define ROW(request, ...)                                                                          \
    { #request, request, __VA_ARGS__ }

const Row rows[] = {
    ROW(VHOST_GET_FEATURES, zeroes, State::running),
    ROW(VHOST_SET_FEATURES, word(feature(VIRTIO_F_VERSION_1)), State::running),
    {"VHOST_SET_FEATURES_with_an_IOMMU", VHOST_SET_FEATURES,
     word(feature(VIRTIO_F_VERSION_1) | feature(VIRTIO_F_ACCESS_PLATFORM)), State::ready, 1},
    ROW(VHOST_GET_BACKEND_FEATURES, zeroes, State::running),
    ROW(VHOST_SET_BACKEND_FEATURES, word(feature(VHN_BACKEND_F_COAL)), State::running),
    ROW(VHOST_SET_OWNER, zeroes, State::fresh, 2),
    ROW(VHOST_RESET_OWNER, zeroes, State::running, 1),
    ROW(VHOST_SET_MEM_TABLE, table, State::running, 1),
    ROW(VHOST_NET_SET_BACKEND, file(tap_fd), State::ready),
    ROW(VHOST_SET_VRING_NUM, state(64), State::ready),
    ROW(VHOST_SET_VRING_BASE, state(7), State::ready),
    ROW(VHOST_GET_VRING_BASE, state(0), State::running),
    ROW(VHOST_SET_VRING_ADDR, ring_addresses, State::running),
    ROW(VHOST_SET_VRING_KICK, file(kick_fd), State::running),
    ROW(VHOST_SET_VRING_CALL, file(call_fd), State::running),
    ROW(VHOST_SET_VRING_ERR, file(call_fd), State::running),
    ROW(VHOST_SET_VRING_ENDIAN, state(VHOST_VRING_LITTLE_ENDIAN), State::ready),
    ROW(VHOST_GET_VRING_ENDIAN, state(0), State::ready),
    ROW(VHOST_SET_VRING_BUSYLOOP_TIMEOUT, state(0), State::running),
    ROW(VHOST_GET_VRING_BUSYLOOP_TIMEOUT, state(0), State::running),
    ROW(VHOST_SET_LOG_BASE, word(reinterpret_cast<std::uintptr_t>(bitmap.data())), State::running),
    ROW(VHOST_SET_LOG_FD, log_fd, State::running),
    ROW(VHOST_NEW_WORKER, zeroes, State::running, 1),
    ROW(VHOST_FREE_WORKER, new_worker, State::running),
    ROW(VHOST_ATTACH_VRING_WORKER, vring_with_new_worker, State::running),
    ROW(VHOST_GET_VRING_WORKER, state(0), State::running),
    ROW(VHN_SET_COAL, zeroes, State::running),
    ROW(VHN_GET_COAL, zeroes, State::running),
    ROW(VHN_RESET_COAL, zeroes, State::running),
    ROW(VHN_GET_STATS, zeroes, State::running),
    ROW(VHN_SET_FILTER, zeroes, State::running, 1),
    ROW(VHN_GET_FILTER, zeroes, State::running, 1),
    ROW(VHN_SET_HASH, some_hash, State::running, 1),
    ROW(VHN_GET_HASH, zeroes, State::running),
};

#undef ROW

/// What a file answers to all questions there are: errno values and arguments.
std::vector<std::pair<int, Bytes>> answers(const VhostNet& vhost) {
    std::vector<std::pair<int, Bytes>> all;
    for (const unsigned long request : {VHOST_GET_VRING_BASE, VHOST_GET_VRING_WORKER, VHN_GET_COAL,
                                        VHN_GET_STATS, VHN_GET_FILTER, VHN_GET_HASH}) {
        for (const unsigned index : {VHN_VRING_RX, VHN_VRING_TX}) {
            Bytes argument(sizeof(vhn_filter));
            std::memcpy(argument.data(), &index, sizeof(index));
            const int code = vhost.try_ioctl(request, argument.data());
            all.emplace_back(code, std::move(argument));
        }
    }
    return all;
}

/// Calls with the first allocation failing, with the second, and so on to the end, more than
/// once, and expects that enough of them were refused.
void fail_each(unsigned needed, const std::function<FaultedCall(unsigned nth)>& call) {
    unsigned refused = 0;
    unsigned faults = 0;
    for (unsigned round = 0; (round < rounds || (refused < needed && round < most_rounds)) &&
                             !testing::Test::HasFailure();
         round++) {
        unsigned nth = 1;
        FaultedCall result = call(nth);
        while (result.reached && nth < most && !testing::Test::HasFailure()) {
            faults++;
            refused += result.code != 0;
            result = call(++nth);
        }
        EXPECT_FALSE(result.reached) << "allocations without end";
        EXPECT_EQ(errno_name(result.code), "0") << "no fault, and an error";
    }
    EXPECT_GE(refused, needed) << "of " << faults;
    fmt::print("{} allocations failed, {} of them were needed\n", faults, refused);
}

class IoctlFailure : public testing::TestWithParam<Row> {
protected:
    /// A file in the row's state.
    std::unique_ptr<VhostSetup> prepared() {
        auto setup = std::make_unique<VhostSetup>(vhost_node, tap_, GetParam().state);
        setup->vhost.enable_coalescing_ioctls();
        return setup;
    }

    /// Calls with @p faulted, and checks what is left when that gives an error.
    /// Returns the errno.
    int call(const std::function<int(const std::function<int()>& call)>& faulted) {
        const auto setup = prepared();
        Bytes argument = GetParam().argument(*setup);
        const std::function<int()> ask = [&] {
            return setup->vhost.try_ioctl(GetParam().request, argument.data());
        };
        const auto before = answers(setup->vhost);
        const int code = faulted(ask);
        if (code != 0) {
            EXPECT_EQ(errno_name(code), "ENOMEM");
            EXPECT_EQ(answers(setup->vhost), before) << "an error has changed something";
            EXPECT_EQ(errno_name(ask()), "0") << "when there is memory again";
        }
        return code;
    }

    AllocationFaults faults_;

private:
    static Tap& with_header(Tap& tap) {
        tap.set_header_size(sizeof(virtio_net_hdr_v1));
        return tap;
    }

    Tap own_tap_;
    Tap& tap_ = with_header(own_tap_);
};

std::string row_name(const testing::TestParamInfo<Row>& info) {
    return info.param.name;
}

} // namespace

TEST_P(IoctlFailure, EachAllocationFailsOnce) {
    fail_each(GetParam().needed, [&](unsigned nth) {
        FaultedCall result{};
        call([&](const std::function<int()>& ask) {
            result = faults_.fail_nth(nth, ask);
            return result.code;
        });
        return result;
    });
}

INSTANTIATE_TEST_SUITE_P(All, IoctlFailure, testing::ValuesIn(rows), row_name);

/// With another way to have them, large allocations fail only all together.
class PageFailure : public IoctlFailure {};

TEST_P(PageFailure, NoPagesAfterSome) {
    unsigned had = 0;
    while (had < most && !HasFailure() && call([&](const std::function<int()>& ask) {
                                              return faults_.fail_pages_after(had, ask);
                                          }) != 0) {
        had++;
    }
    EXPECT_GE(had, GetParam().needed) << "it needs no more";
    EXPECT_LT(had, most);
    fmt::print("enough with {} pages\n", had);
}

// The two arrays: for either there have been too few pages.
INSTANTIATE_TEST_SUITE_P(Large, PageFailure,
                         testing::Values(Row{"VHOST_SET_OWNER", VHOST_SET_OWNER, zeroes,
                                             State::fresh, 3}),
                         row_name);

TEST(OpenFailure, EachAllocationFailsOnce) {
    AllocationFaults faults;
    // The name, the file, the device, and what it has for an IOMMU.
    fail_each(4, [&](unsigned nth) {
        int fd = -1;
        const FaultedCall result = faults.fail_nth(nth, [&] {
            fd = ::open(vhost_node, O_RDWR | O_CLOEXEC);
            return fd < 0 ? errno : 0;
        });
        const Fd file(fd);
        EXPECT_TRUE(result.code == 0 || result.code == ENOMEM) << errno_name(result.code);
        return result;
    });
    EXPECT_NO_THROW(VhostNet{});
}

TEST(IoctlFailureRows, AreAllIoctlsThereAre) {
    for (const CatalogIoctl& ioctl : all_vhost_ioctls()) {
        EXPECT_EQ(
            exists(ioctl),
            std::ranges::any_of(rows, [&](const Row& row) { return row.request == ioctl.request; }))
            << ioctl.name;
    }
}
