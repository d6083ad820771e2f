// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace vcoal {

/// Owns one file descriptor.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) noexcept : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept;
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    void reset() noexcept;

private:
    int fd_ = -1;
};

/// open(2) with O_CLOEXEC; throws Error with @p hint.
Fd open_file(const std::string& path, int flags, const std::string& hint = {});

/// Waits until @p fd is readable; false when @p timeout passes first.
bool wait_readable(int fd, std::chrono::milliseconds timeout);

/// An eventfd, not blocking.
class EventFd {
public:
    EventFd();

    int get() const noexcept { return fd_.get(); }
    /// Adds @p count to the counter.
    void signal(std::uint64_t count = 1);
    /// Takes the counter: the signals since it was taken last.
    std::uint64_t take();
    /// Waits until the counter is not 0; false when @p timeout passes first.
    bool wait(std::chrono::milliseconds timeout) const { return wait_readable(get(), timeout); }

private:
    Fd fd_;
};

/// A shared, writable mapping.
class Mapping {
public:
    /// Maps @p size bytes of @p fd from @p offset; throws Error naming @p object.
    Mapping(int fd, std::size_t size, std::uint64_t offset, const std::string& object);
    Mapping(Mapping&& other) noexcept
        : address_(std::exchange(other.address_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    Mapping& operator=(Mapping&& other) noexcept;
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() { reset(); }

    std::byte* data() const noexcept { return static_cast<std::byte*>(address_); }
    std::size_t size() const noexcept { return size_; }
    std::span<std::byte> bytes() const noexcept { return {data(), size_}; }
    void reset() noexcept;

private:
    void* address_ = nullptr;
    std::size_t size_ = 0;
};

/// Anonymous memory behind a file descriptor, @p size bytes of zeroes.
Fd make_memfd(const std::string& name, std::size_t size);

} // namespace vcoal
