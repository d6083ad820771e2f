// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/command.hpp"
#include "vcoal/fd.hpp"
#include "vcoal/filter_target.hpp"
#include "vcoal/line_reader.hpp"
#include "vcoal/mac_policy.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace vcoal {

struct ApplyFilterOptions {
    /// Control socket of a `vcoal pair`.
    std::string control;
    std::string interface;
    MacPolicy policy = MacPolicy::parse("deny");
    /// Program once and end.
    bool once = false;
    bool json = false;
};

/// `vcoal apply-filter`: asks for a guest's filter, programs it, and again after each
/// change, until SIGINT, SIGTERM or the other end closes.
class ApplyFilterSession {
public:
    explicit ApplyFilterSession(const ApplyFilterOptions& options);

    ExitCode run();

private:
    using Clock = std::chrono::steady_clock;

    bool step();
    int timeout_ms() const;
    void query();
    void on_line(const std::string& line);
    void on_filter(const RxFilterState& filter);
    void judge_mac(const MacAddress& mac);
    void report(const FilterOutcome& outcome);
    Error failure(const std::string& operation, int code, const std::string& hint) const;

    ApplyFilterOptions options_;
    Fd signals_;
    FilterTarget target_;
    Fd socket_;
    LineReader input_;
    Clock::time_point asked_;
    /// When to ask again; nothing: not before the next event.
    std::optional<Clock::time_point> due_;
    /// The filter has been programmed.
    bool applied_ = false;
    /// Some of it was not.
    bool refused_ = false;
    /// Address that was refused last, so that it is told once.
    std::optional<MacAddress> refused_mac_;
};

} // namespace vcoal
