// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "hunter/kernel.hpp"

#include <cstdint>
#include <deque>
#include <functional>

namespace hunter {

/// The socket behind the device: what waits in it, and whether it takes anything.
class Backend {
public:
    /// @param batches it takes many packets at once, and is never full
    /// @param delivered is told what went into buffers, header included
    Backend(std::uint32_t header, bool batches, std::function<void(std::uint32_t)> delivered);
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;
    Backend(Backend&&) = delete;
    Backend& operator=(Backend&&) = delete;
    ~Backend() = default;

    struct socket* socket() noexcept {
        return &socket_;
    }

    void arrive(std::uint32_t length);
    void set_clogged(bool clogged);

    bool clogged() const noexcept { return clogged_; }
    std::size_t waiting() const noexcept { return waiting_.size(); }
    /// Length of the next packet; 0: none waits.
    std::uint32_t next() const { return waiting_.empty() ? 0 : waiting_.front(); }

    int receive(std::size_t length);
    int send(const msghdr& message, std::size_t length);

private:
    void wake(std::uint32_t ready);

    std::uint32_t header_;
    std::function<void(std::uint32_t)> delivered_;
    std::deque<std::uint32_t> waiting_;
    bool clogged_ = false;
    struct file file_ {};
    struct sock sock_ {};
    struct socket socket_ {};
};

} // namespace hunter
