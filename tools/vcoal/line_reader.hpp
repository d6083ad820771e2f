// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace vcoal {

/// Lines from a file descriptor that poll() said is readable.
class LineReader {
public:
    /// Longer lines are cut off: nobody has to remember what nobody will use.
    static constexpr std::size_t longest = 4096;

    /// @param fd not owned; -1: at its end from the start
    /// @param limit where lines are cut off: one as long as this may be incomplete
    explicit LineReader(int fd, std::size_t limit = longest) : fd_(fd), limit_(limit) {}

    /// For poll(); -1 after the end.
    int get() const noexcept { return fd_; }
    /// Reads once what is there.
    void fill();
    /// The next complete line, without its end.
    std::optional<std::string> next();

private:
    int fd_;
    std::size_t limit_;
    std::string buffer_;
};

} // namespace vcoal
