// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/hist/report.hpp"

#include <cstdint>
#include <memory>
#include <vector>

struct hist;

namespace vcoal {

/// The programs that watch all devices of this host (tools/bpf/hist.bpf.c), from construction
/// on. In the kernel they take 3 MB, whatever happens. Throws Error where they may not run.
class HistProbe {
public:
    HistProbe();
    ~HistProbe();
    HistProbe(const HistProbe&) = delete;
    HistProbe& operator=(const HistProbe&) = delete;

    /// They watch no longer.
    void stop();
    /// Queues on which something happened, by file and vring.
    std::vector<QueueHistograms> queues() const;
    /// Batches of queues for which there was no room.
    std::uint64_t missed() const;

private:
    struct Destroy {
        void operator()(hist* object) const noexcept;
    };
    std::unique_ptr<hist, Destroy> object_;
};

} // namespace vcoal
