// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/result.hpp"
#include "bench/udp.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace vcoal::bench {

/// What a load says about itself.
struct LoadResult {
    double mbit_s = 0;
    std::optional<Latency> latency;
    std::uint64_t lost = 0;
};

/// Servers of iperf3 and sockperf at one end; they end with this object.
class Servers {
public:
    explicit Servers(const End& end);
    Servers(Servers&&) noexcept;
    Servers& operator=(Servers&&) = delete;
    Servers(const Servers&) = delete;
    Servers& operator=(const Servers&) = delete;
    ~Servers();

private:
    struct Children;
    std::unique_ptr<Children> children_;
};

/// One stream for @p seconds; Servers run at @p to.
LoadResult run_tcp(const End& from, const End& to, unsigned seconds);
/// One request at a time for @p seconds, the first 0.4 of them unmeasured; Servers run
/// at @p to.
LoadResult run_requests(const End& from, const End& to, unsigned seconds);

} // namespace vcoal::bench
