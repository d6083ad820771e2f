// SPDX-License-Identifier: GPL-2.0-only
#include "support/fault.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vcoal::test {
namespace {

constexpr const char* what = "userfaultfd";

uffdio_range range_of(std::span<std::byte> memory) {
    return {reinterpret_cast<std::uint64_t>(memory.data()), memory.size()};
}

void carry_out(int fd, unsigned long request, void* argument, const char* operation) {
    if (::ioctl(fd, request, argument) != 0) {
        throw Error(what, operation, errno);
    }
}

} // namespace

BlockedMemory::BlockedMemory(std::span<std::byte> memory)
    : memory_(memory), fd_(static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK))) {
    if (!fd_) {
        throw Error(what, "create", errno, "this needs CAP_SYS_PTRACE");
    }
    uffdio_api api{};
    api.api = UFFD_API;
    carry_out(fd_.get(), UFFDIO_API, &api, "agree on the interface");
    uffdio_register registration{};
    registration.range = range_of(memory);
    registration.mode = UFFDIO_REGISTER_MODE_MISSING;
    carry_out(fd_.get(), UFFDIO_REGISTER, &registration, "register");
    if (::madvise(memory.data(), memory.size(), MADV_REMOVE) != 0) {
        throw Error("guest memory", "take pages away", errno);
    }
}

bool BlockedMemory::wait_blocked(std::chrono::milliseconds timeout) const {
    return wait_readable(fd_.get(), timeout);
}

void BlockedMemory::resolve() noexcept {
    if (!fd_) {
        return;
    }
    uffdio_range range = range_of(memory_);
    ::ioctl(fd_.get(), UFFDIO_UNREGISTER, &range);
    fd_.reset();
}

} // namespace vcoal::test
