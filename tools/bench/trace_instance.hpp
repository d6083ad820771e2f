// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

namespace vcoal::bench {

/// A trace buffer of our own; records from construction on, with the monotonic clock.
class TraceInstance {
public:
    /// @param events as "system/event"
    TraceInstance(const std::string& name, const std::vector<std::string>& events);
    TraceInstance(const TraceInstance&) = delete;
    TraceInstance& operator=(const TraceInstance&) = delete;
    ~TraceInstance();

    /// Stops recording and returns the text of the buffer.
    std::string stop();

private:
    void write(const std::string& file, const std::string& value) const;

    std::string directory_;
};

} // namespace vcoal::bench
