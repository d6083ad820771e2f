// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/hist/session.hpp"

#include "vcoal/error.hpp"
#include "vcoal/hist/probe.hpp"
#include "vcoal/hist/report.hpp"
#include "vcoal/host_control.hpp"
#include "vcoal/output.hpp"
#include "vcoal/signals.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

namespace vcoal {
namespace {

using Clock = std::chrono::steady_clock;

/// Names are a help: what may not be seen is called by its number.
std::vector<HostDevice> visible_devices() {
    try {
        return group_devices(HostControl().files());
    } catch (const Error&) {
        return {};
    }
}

std::set<std::uint32_t> files_of(const std::vector<HostDevice>& devices, const std::string& name) {
    std::set<std::uint32_t> ids;
    for (const HostFile& file : find_device(devices, name).files) {
        ids.insert(file.id);
    }
    return ids;
}

/// What is to be reported: all, or the files of one device, which may come and go.
class Choice {
public:
    explicit Choice(const std::optional<std::string>& name)
        : name_(name), devices_(name ? group_devices(HostControl().files()) : visible_devices()) {
        if (name_) {
            files_ = files_of(devices_, *name_);
        }
    }

    void apply(HistReport& report) {
        std::vector<HostDevice> now = visible_devices();
        if (name_) {
            look_again(now);
            std::erase_if(report.queues, [this](const QueueHistograms& queue) {
                return !files_.contains(queue.file);
            });
        }
        // Those that have gone are looked for last.
        report.devices = std::move(now);
        std::ranges::move(devices_, std::back_inserter(report.devices));
    }

private:
    void look_again(const std::vector<HostDevice>& now) {
        try {
            files_.merge(files_of(now, *name_));
        } catch (const UsageError&) {
            // It has gone.
        }
    }

    std::optional<std::string> name_;
    std::vector<HostDevice> devices_;
    std::set<std::uint32_t> files_;
};

void wait(int signals, std::optional<std::chrono::duration<double>> duration) {
    using Milliseconds = std::chrono::milliseconds;
    if (duration) {
        wait_readable(signals, std::chrono::ceil<Milliseconds>(*duration));
        return;
    }
    while (!wait_readable(signals, std::chrono::hours(1))) {
    }
}

} // namespace

ExitCode run_hist(const HistOptions& options) {
    const Fd signals = take_signals();
    Choice choice(options.device);
    HistProbe probe;
    const auto begin = Clock::now();
    if (options.json) {
        write_out(json_line({{"event", "watching"}}));
    } else if (!options.duration) {
        write_out("Watching notifications; Ctrl-C ends it and shows them.\n\n");
    }
    wait(signals.get(), options.duration);
    probe.stop();
    HistReport report;
    report.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    report.missed = probe.missed();
    report.queues = probe.queues();
    choice.apply(report);
    write_out(options.json ? json_line(to_json(report)) : draw(report));
    return exit_ok;
}

} // namespace vcoal
