// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/fd.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

namespace vcoal {

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

void Fd::reset() noexcept {
    if (fd_ >= 0) {
        ::close(fd_);
    }
    fd_ = -1;
}

Fd open_file(const std::string& path, int flags, const std::string& hint) {
    Fd fd(::open(path.c_str(), flags | O_CLOEXEC));
    if (!fd) {
        throw Error(path, "open", errno, hint);
    }
    return fd;
}

bool wait_readable(int fd, std::chrono::milliseconds timeout) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + timeout;
    pollfd poll_fd{fd, POLLIN, 0};
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        const int ready = ::poll(&poll_fd, 1, left > 0 ? static_cast<int>(left) : 0);
        if (ready > 0) {
            return true;
        }
        if (ready < 0 && errno != EINTR) {
            throw Error("file descriptor " + std::to_string(fd), "poll", errno);
        }
        if (ready == 0 && left <= 0) {
            return false;
        }
    }
}

EventFd::EventFd() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!fd_) {
        throw Error("eventfd", "create", errno);
    }
}

void EventFd::signal(std::uint64_t count) {
    if (::write(fd_.get(), &count, sizeof(count)) != sizeof(count)) {
        throw Error("eventfd", "signal", errno);
    }
}

std::uint64_t EventFd::take() {
    std::uint64_t count = 0;
    if (::read(fd_.get(), &count, sizeof(count)) == sizeof(count)) {
        return count;
    }
    if (errno != EAGAIN) {
        throw Error("eventfd", "read", errno);
    }
    return 0;
}

Mapping::Mapping(int fd, std::size_t size, std::uint64_t offset, const std::string& object)
    : address_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                      static_cast<off_t>(offset))),
      size_(size) {
    if (address_ == MAP_FAILED) {
        address_ = nullptr;
        throw Error(object, "map " + std::to_string(size) + " bytes", errno);
    }
}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    if (this != &other) {
        reset();
        address_ = std::exchange(other.address_, nullptr);
        size_ = std::exchange(other.size_, 0);
    }
    return *this;
}

void Mapping::reset() noexcept {
    if (address_ != nullptr) {
        ::munmap(address_, size_);
    }
    address_ = nullptr;
    size_ = 0;
}

Fd make_memfd(const std::string& name, std::size_t size) {
    Fd fd(::memfd_create(name.c_str(), MFD_CLOEXEC));
    if (!fd) {
        throw Error("memfd " + name, "create", errno);
    }
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
        throw Error("memfd " + name, "resize to " + std::to_string(size) + " bytes", errno);
    }
    return fd;
}

} // namespace vcoal
