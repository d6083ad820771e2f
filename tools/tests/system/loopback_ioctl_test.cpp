// SPDX-License-Identifier: GPL-2.0-only
//
// /dev/virtio-loopback against callers that are wrong, hostile or not entitled.
#include "support/in_child.hpp"
#include "support/loopback_stub.hpp"
#include "support/modules.hpp"
#include "vcoal/error.hpp"
#include "vcoal/virtio_net.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <iterator>
#include <limits>
#include <linux/capability.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

constexpr std::uint64_t version_1 = 1ULL << VIRTIO_F_VERSION_1;
constexpr std::uint64_t megabyte = 1ULL << 20;
constexpr std::uintptr_t nowhere = 8;

class LoopbackIoctl : public testing::Test {
protected:
    static void SetUpTestSuite() { load_loopback(); }
};

/// A valid argument of VLB_CREATE to spoil.
struct Create {
    std::vector<std::uint32_t> sizes = {256, 256, 64};
    std::vector<std::byte> config = std::vector<std::byte>(12);
    vlb_create argument{};

    Create() {
        argument.device_id = 63;
        argument.nvqs = 3;
        argument.config_len = 12;
        argument.features[0] = version_1;
        argument.arena_bytes = megabyte;
    }

    int run(int fd) {
        if (argument.vq_nums == 0) {
            argument.vq_nums = reinterpret_cast<std::uintptr_t>(sizes.data());
        }
        if (argument.config == 0) {
            argument.config = reinterpret_cast<std::uintptr_t>(config.data());
        }
        return ::ioctl(fd, VLB_CREATE, &argument) == 0 ? 0 : errno;
    }
};

Fd open_node() {
    return open_file(loopback_node, O_RDWR | O_NONBLOCK);
}

Fd created() {
    Fd fd = open_node();
    Create create;
    if (const int code = create.run(fd.get()); code != 0) {
        throw Error(loopback_node, "create", code);
    }
    return fd;
}

template <typename T>
int call(int fd, unsigned long request, T argument) {
    return ::ioctl(fd, request, &argument) == 0 ? 0 : errno;
}

struct CreateRow {
    const char* name;
    int expected;
    std::function<void(Create&)> spoil;
};

const CreateRow create_rows[] = {
    {"valid", 0, [](Create&) {}},
    {"largest ring", 0,
     [](Create& c) {
         c.sizes = {32768, 32768, 32768};
         c.argument.arena_bytes = 8 * megabyte;
     }},
    {"smallest ring", 0,
     [](Create& c) {
         c.sizes = {1, 1, 1};
     }},
    {"no configuration", 0, [](Create& c) { c.argument.config_len = 0; }},
    {"device 0", EINVAL, [](Create& c) { c.argument.device_id = 0; }},
    {"no queue", EINVAL, [](Create& c) { c.argument.nvqs = 0; }},
    {"too many queues", EINVAL, [](Create& c) { c.argument.nvqs = VLB_MAX_VQS + 1; }},
    {"queues wrap", EINVAL, [](Create& c) { c.argument.nvqs = 0x80000001; }},
    {"ring of 0", EINVAL, [](Create& c) { c.sizes[1] = 0; }},
    {"ring of 3", EINVAL, [](Create& c) { c.sizes[1] = 3; }},
    {"ring of 65536", EINVAL, [](Create& c) { c.sizes[1] = 65536; }},
    {"ring of 2^31", EINVAL, [](Create& c) { c.sizes[1] = 1U << 31; }},
    {"ring sizes nowhere", EFAULT, [](Create& c) { c.argument.vq_nums = nowhere; }},
    {"ring sizes in the kernel", EFAULT, [](Create& c) { c.argument.vq_nums = 1ULL << 63; }},
    {"configuration nowhere", EFAULT, [](Create& c) { c.argument.config = nowhere; }},
    {"long configuration", EINVAL, [](Create& c) { c.argument.config_len = VLB_MAX_CONFIG + 1; }},
    {"flags", EINVAL, [](Create& c) { c.argument.flags = 1; }},
    {"features 64 and up", EINVAL, [](Create& c) { c.argument.features[1] = 1; }},
    {"no VERSION_1", EINVAL, [](Create& c) { c.argument.features[0] = 0; }},
    {"no arena", EINVAL, [](Create& c) { c.argument.arena_bytes = 0; }},
    {"arena of half a page", EINVAL, [](Create& c) { c.argument.arena_bytes += 2048; }},
    {"large arena", EINVAL, [](Create& c) { c.argument.arena_bytes = VLB_MAX_ARENA + 4096; }},
    {"endless arena", EINVAL, [](Create& c) { c.argument.arena_bytes = ~0xfffULL; }},
    {"arena without room", ENOSPC, [](Create& c) { c.argument.arena_bytes = 4096; }},
    {"quotas above the arena", ENOSPC, [](Create& c) { c.argument.in_bytes = megabyte; }},
    {"quotas wrap", ENOSPC,
     [](Create& c) {
         c.argument.in_bytes = std::numeric_limits<std::uint64_t>::max();
         c.argument.out_bytes = 2;
     }},
    {"control timeout", EINVAL,
     [](Create& c) { c.argument.control_timeout_ms = VLB_MAX_TIMEOUT_MS + 1; }},
    {"answer timeout", EINVAL, [](Create& c) { c.argument.ack_timeout_ms = ~0U; }},
    {"base given", EINVAL, [](Create& c) { c.argument.dma_base = 1; }},
    {"reserved 0", EINVAL, [](Create& c) { c.argument.reserved[0] = 1; }},
    {"reserved 1", EINVAL, [](Create& c) { c.argument.reserved[1] = 1; }},
};

/// Calls on a created device that must fail, and how.
struct CallRow {
    const char* name;
    int expected;
    std::function<int(int fd)> call;
};

int set_vqfd(int fd, std::uint32_t index, std::uint32_t flags, int kick, int called) {
    return call(fd, VLB_SET_VQFD, vlb_vqfd{index, flags, kick, called});
}

template <typename T>
int get(int fd, unsigned long request, std::uint32_t index, std::uint32_t reserved) {
    T argument{};
    argument.index = index;
    argument.reserved = reserved;
    return call(fd, request, argument);
}

int set_config(int fd, std::uint64_t data, std::uint32_t offset, std::uint32_t length) {
    return call(fd, VLB_SET_CONFIG, vlb_config{data, offset, length});
}

std::uint64_t some_bytes() {
    static std::array<std::byte, VLB_MAX_CONFIG> bytes{};
    return reinterpret_cast<std::uintptr_t>(bytes.data());
}

const CallRow call_rows[] = {
    {"no eventfds", 0, [](int fd) { return set_vqfd(fd, 0, 0, -1, -1); }},
    {"eventfds of no queue", EINVAL, [](int fd) { return set_vqfd(fd, 3, 0, -1, -1); }},
    {"eventfds of queue 2^32-1", EINVAL, [](int fd) { return set_vqfd(fd, ~0U, 0, -1, -1); }},
    {"eventfd flags", EINVAL, [](int fd) { return set_vqfd(fd, 0, VLB_VQ_ENABLED, -1, -1); }},
    {"kick is no descriptor", EBADF, [](int fd) { return set_vqfd(fd, 0, 0, 9999, -1); }},
    {"call is no descriptor", EBADF, [](int fd) { return set_vqfd(fd, 0, 0, -1, -2); }},
    {"kick is no eventfd", EINVAL, [](int fd) { return set_vqfd(fd, 0, 0, fd, -1); }},
    {"call is no eventfd", EINVAL, [](int fd) { return set_vqfd(fd, 0, 0, -1, fd); }},
    {"queue 3", EINVAL, [](int fd) { return get<vlb_vq>(fd, VLB_GET_VQ, 3, 0); }},
    {"queue reserved", EINVAL, [](int fd) { return get<vlb_vq>(fd, VLB_GET_VQ, 0, 1); }},
    {"statistics of queue 3", EINVAL,
     [](int fd) { return get<vlb_vq_stats>(fd, VLB_GET_VQ_STATS, 3, 0); }},
    {"statistics reserved", EINVAL,
     [](int fd) { return get<vlb_vq_stats>(fd, VLB_GET_VQ_STATS, 0, 1); }},
    {"answer to nothing", ESTALE,
     [](int fd) {
         return call(fd, VLB_ACK, vlb_ack{1, 0});
     }},
    {"answer 0", ESTALE,
     [](int fd) {
         return call(fd, VLB_ACK, vlb_ack{0, 0});
     }},
    {"configuration", 0, [](int fd) { return set_config(fd, some_bytes(), 0, 12); }},
    {"empty change", EINVAL, [](int fd) { return set_config(fd, some_bytes(), 0, 0); }},
    {"change beyond the end", EINVAL, [](int fd) { return set_config(fd, some_bytes(), 1, 12); }},
    {"change far beyond", EINVAL, [](int fd) { return set_config(fd, some_bytes(), ~0U, 2); }},
    {"long change", EINVAL, [](int fd) { return set_config(fd, some_bytes(), 0, ~0U); }},
    {"change from nowhere", EFAULT, [](int fd) { return set_config(fd, nowhere, 0, 4); }},
    {"freeze before start", EINVAL, [](int fd) { return call(fd, VLB_FREEZE, 0); }},
    {"restore before freeze", EINVAL, [](int fd) { return call(fd, VLB_RESTORE, 0); }},
    {"create twice", EBUSY, [](int fd) { return Create().run(fd); }},
    {"argument nowhere", EFAULT,
     [](int fd) { return ::ioctl(fd, VLB_GET_VQ, nowhere) == 0 ? 0 : errno; }},
    {"unknown number", ENOTTY, [](int fd) { return call(fd, _IO(VLB_IOC_TYPE, 0x0b), 0); }},
    {"unknown type", ENOTTY, [](int fd) { return call(fd, _IO(0xaf, 0x02), 0); }},
    {"other direction", ENOTTY,
     [](int fd) { return call(fd, _IOR(VLB_IOC_TYPE, 0x04, vlb_ack), vlb_ack{}); }},
    {"short structure", ENOTTY, [](int fd) { return call(fd, _IOW(VLB_IOC_TYPE, 0x04, int), 0); }},
};

struct LongAck {
    vlb_ack known;
    std::uint64_t more;
};

int open_code() {
    const Fd fd(::open(loopback_node, O_RDWR | O_CLOEXEC));
    return fd ? 0 : errno;
}

int drop_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2]{};
    return ::syscall(SYS_capset, &header, none) == 0 ? 0 : errno;
}

} // namespace

TEST_F(LoopbackIoctl, CreateChecksEveryField) {
    for (const CreateRow& row : create_rows) {
        const Fd fd = open_node();
        Create create;
        row.spoil(create);
        EXPECT_EQ(errno_name(create.run(fd.get())), errno_name(row.expected)) << row.name;
        if (row.expected != 0) {
            EXPECT_EQ(Create().run(fd.get()), 0) << "after " << row.name;
        }
    }
}

TEST_F(LoopbackIoctl, CallsCheckEveryField) {
    const Fd fd = created();
    for (const CallRow& row : call_rows) {
        EXPECT_EQ(errno_name(row.call(fd.get())), errno_name(row.expected)) << row.name;
    }
    EXPECT_EQ(call(fd.get(), VLB_START, 0), 0);
    EXPECT_EQ(call(fd.get(), VLB_START, 0), EBUSY);
}

TEST_F(LoopbackIoctl, NothingWorksBeforeCreate) {
    const Fd fd = open_node();
    EXPECT_EQ(set_vqfd(fd.get(), 0, 0, -1, -1), EINVAL);
    EXPECT_EQ(call(fd.get(), VLB_START, 0), EINVAL);
    EXPECT_EQ(call(fd.get(), VLB_GET_VQ, vlb_vq{}), EINVAL);
    EXPECT_EQ(call(fd.get(), VLB_GET_VQ_STATS, vlb_vq_stats{}), EINVAL);
    EXPECT_EQ(call(fd.get(), VLB_GET_ARENA_STATS, vlb_arena_stats{}), EINVAL);
    EXPECT_EQ(set_config(fd.get(), some_bytes(), 0, 1), EINVAL);
    EXPECT_EQ(call(fd.get(), VLB_FREEZE, 0), EINVAL);
    EXPECT_EQ(call(fd.get(), VLB_GET_INFO, vlb_info{}), 0);
    EXPECT_THROW(Mapping(fd.get(), 4096, 0, "arena"), Error);
}

// A later caller may know more, as long as it does not ask for it.
TEST_F(LoopbackIoctl, StructuresMayGrow) {
    const Fd fd = created();
    const unsigned long request = _IOW(VLB_IOC_TYPE, 0x04, LongAck);
    EXPECT_EQ(call(fd.get(), request, LongAck{{1, 0}, 0}), ESTALE);
    EXPECT_EQ(call(fd.get(), request, LongAck{{1, 0}, 1}), E2BIG);
}

TEST_F(LoopbackIoctl, FailedAttachChangesNothing) {
    const Fd fd = created();
    const EventFd kick;
    EventFd called;
    ASSERT_EQ(set_vqfd(fd.get(), 0, VLB_VQ_CONTROL, kick.get(), called.get()), 0);
    EXPECT_EQ(set_vqfd(fd.get(), 0, 0, -1, 9999), EBADF);
    EXPECT_EQ(set_vqfd(fd.get(), 0, 0, 9999, -1), EBADF);
    called.signal();
    vlb_vq_stats stats{};
    ASSERT_EQ(::ioctl(fd.get(), VLB_GET_VQ_STATS, &stats), 0);
    EXPECT_EQ(stats.signals, 1U);
    vlb_vq queue{};
    ASSERT_EQ(::ioctl(fd.get(), VLB_GET_VQ, &queue), 0);
    EXPECT_EQ(queue.flags, VLB_VQ_CONTROL);
}

TEST_F(LoopbackIoctl, OnlyForThoseEntitled) {
    struct stat status {};
    ASSERT_EQ(::stat(loopback_node, &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    EXPECT_EQ(in_child(open_code), 0);
    EXPECT_EQ(in_child([] { return ::setuid(65534) == 0 ? open_code() : -1; }), EACCES);
    EXPECT_EQ(in_child([] { return drop_capabilities() == 0 ? open_code() : -1; }), EPERM);
    EXPECT_EQ(in_child([] { return ::unshare(CLONE_NEWUSER) == 0 ? open_code() : -1; }), EPERM)
        << "all capabilities, but in a user namespace of its own";
}

// An alias would load it, or a driver, where nobody asked.
TEST_F(LoopbackIoctl, ModuleHasNoAlias) {
    const char* modules = std::getenv("VCOAL_MODULES");
    ASSERT_NE(modules, nullptr);
    const std::string path = std::string(modules) + "/drivers/virtio/virtio_loopback.ko";
    std::ifstream file(path, std::ios::binary);
    const std::string module((std::istreambuf_iterator<char>(file)),
                             std::istreambuf_iterator<char>());
    ASSERT_NE(module.find("description="), std::string::npos) << path;
    EXPECT_EQ(module.find(std::string("\0alias=", 7)), std::string::npos);
}
