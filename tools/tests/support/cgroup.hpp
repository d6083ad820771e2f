// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

namespace vcoal::test {

/// A control group (version 2) of our own with the cpu controller.
class Cgroup {
public:
    explicit Cgroup(const std::string& name);
    Cgroup(const Cgroup&) = delete;
    Cgroup& operator=(const Cgroup&) = delete;
    Cgroup(Cgroup&&) = delete;
    Cgroup& operator=(Cgroup&&) = delete;
    /// Must be empty by then.
    ~Cgroup();

    /// Processor time in percent of one processor.
    void limit_cpu(unsigned percent);
    /// This process goes in, all its threads.
    void enter();
    /// This process goes back to the root group.
    void leave();

private:
    std::string path_;
};

} // namespace vcoal::test
