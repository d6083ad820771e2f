// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "support/loopback_stub.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace vcoal::test {

/// A device for the driver virtio_loopback_selftest, bound to it. Queue 0 is "work",
/// which nobody serves, queue 1 is "control".
class LoopbackSelftest {
public:
    static constexpr const char* driver = "virtio_loopback_selftest";

    /// @param prepare called with the stub before it starts
    explicit LoopbackSelftest(std::chrono::milliseconds control_timeout = {},
                              const std::function<void(LoopbackStub&)>& prepare = {},
                              std::uint64_t more_features = 0);

    LoopbackStub& stub() noexcept { return stub_; }
    Loopback& loopback() noexcept { return stub_.loopback(); }
    /// Has the driver carry out a check; returns its finding, "ok" if all is well.
    std::string run(const std::string& check);

private:
    LoopbackStub stub_;
    std::string directory_;
};

} // namespace vcoal::test
