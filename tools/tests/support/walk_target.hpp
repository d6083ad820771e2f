// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "support/chance.hpp"
#include "support/ioctl_catalog.hpp"
#include "vcoal/fd.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace vcoal::test {

/// How a file operation may end.
struct FileAnswers {
    bool may_succeed;
    /// errno values.
    std::vector<int> errors;
};

/// What a random walk is over: an open file of some device, and what its ioctls may name.
/// Several threads use it at once.
class WalkTarget {
public:
    struct Answers {
        FileAnswers read;
        FileAnswers write;
        FileAnswers map;
    };

    WalkTarget(std::string node, std::span<const CatalogIoctl> ioctls, Answers answers);
    virtual ~WalkTarget() = default;
    WalkTarget(const WalkTarget&) = delete;
    WalkTarget& operator=(const WalkTarget&) = delete;
    WalkTarget(WalkTarget&&) = delete;
    WalkTarget& operator=(WalkTarget&&) = delete;

    /// Stays the same while the file behind it is exchanged.
    int fd() const noexcept { return fd_.get(); }
    std::span<const CatalogIoctl> ioctls() const noexcept { return ioctls_; }
    const Answers& answers() const noexcept { return answers_; }

    /// Closes the file while others use it, and has a fresh one in its place.
    void reopen();

    /// The argument of an ioctl, right in every respect or with something wrong in it.
    virtual std::vector<std::byte> argument(unsigned long request, Chance& chance) = 0;
    /// The same ioctl as somebody with another idea of its structure would ask for it.
    virtual unsigned long other_size(unsigned long request, Chance& chance) = 0;
    /// The ioctls that lead to service, in their order.
    virtual std::span<const unsigned long> way_up() const = 0;
    /// Makes the device do something by other means than ioctls.
    /// @param thread which of them: 0 or 1
    virtual void stir(unsigned thread, Chance& chance) = 0;
    /// Ends everybody's work, and is to be rare.
    virtual bool ends_all(unsigned long request) const = 0;

private:
    std::string node_;
    Fd fd_;
    std::span<const CatalogIoctl> ioctls_;
    Answers answers_;
};

/// Values at the ends of what fits into 32 bits, and any.
std::uint32_t odd_number(Chance& chance);

template <typename T>
std::vector<std::byte> bytes_of(const T& value) {
    std::vector<std::byte> bytes(sizeof(value));
    std::memcpy(bytes.data(), &value, sizeof(value));
    return bytes;
}

} // namespace vcoal::test
