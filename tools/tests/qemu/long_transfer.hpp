// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "vcoal/fd.hpp"

namespace vcoal::test {

/// One TCP connection to a server that echoes, busy for as long as this lives. Every byte
/// that comes back is checked.
class LongTransfer {
public:
    LongTransfer(const std::string& address, std::uint16_t port);
    LongTransfer(const LongTransfer&) = delete;
    LongTransfer& operator=(const LongTransfer&) = delete;
    LongTransfer(LongTransfer&&) = delete;
    LongTransfer& operator=(LongTransfer&&) = delete;
    ~LongTransfer();

    /// Whether more comes back from now on.
    bool moves() const;
    /// Ends it, and says what went wrong; empty: nothing did.
    std::string end();
    /// The other end is gone: waits for nothing any more.
    void abandon();

private:
    void run(const std::stop_token& enough);

    Fd connection_;
    std::atomic<std::uint64_t> rounds_{0};
    std::string failure_;
    std::jthread thread_;
};

} // namespace vcoal::test
