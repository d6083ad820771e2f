// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <chrono>
#include <string>

namespace vcoal::vm {

/// Tells on standard error that the machine is booting: one line that counts the
/// seconds and goes away on a terminal, two lasting lines elsewhere.
class Progress {
public:
    Progress();
    ~Progress() { clear(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void booting(std::string what);
    /// To be called about once a second until the machine is up.
    void tick();
    void up();
    /// Makes room for other output.
    void clear();

private:
    double seconds() const;

    bool terminal_;
    bool shown_ = false;
    bool waiting_ = false;
    std::string what_;
    std::chrono::steady_clock::time_point start_;
};

} // namespace vcoal::vm
