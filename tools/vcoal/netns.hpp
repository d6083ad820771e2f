// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <string>

namespace vcoal {

/// A network namespace, held by a file descriptor.
class NetNs {
public:
    /// The calling thread's.
    static NetNs current();
    /// One made by `ip netns add`, or any file that stands for one (a path with '/').
    static NetNs open(const std::string& name);
    /// A new one. The calling thread stays where it is.
    static NetNs create();

    int get() const noexcept { return fd_.get(); }

private:
    explicit NetNs(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

/// The calling thread is in another network namespace while this lives.
class InNetNs {
public:
    explicit InNetNs(const NetNs& ns);
    InNetNs(const InNetNs&) = delete;
    InNetNs& operator=(const InNetNs&) = delete;
    InNetNs(InNetNs&&) = delete;
    InNetNs& operator=(InNetNs&&) = delete;
    ~InNetNs();

private:
    NetNs before_;
};

} // namespace vcoal
