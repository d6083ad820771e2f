// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "support/pairing.hpp"

#include <string>
#include <thread>

namespace vcoal::test {

/// TCP in both directions between host and guest, every byte checked, for as long as this
/// lives.
class Traffic {
public:
    explicit Traffic(Pairing& pairing);

    /// Waits until the first pair's queues have carried packets from now on.
    bool moves();
    /// Ends it. What was wrong with it, or nothing.
    std::string end();

private:
    void run(const std::stop_token& enough);

    Pairing& pairing_;
    std::string failure_;
    std::jthread thread_;
};

} // namespace vcoal::test
