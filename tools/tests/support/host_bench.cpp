// SPDX-License-Identifier: GPL-2.0-only
#include "support/host_bench.hpp"

#include "vcoal/error.hpp"

#include <fstream>

namespace vcoal::test {

int code_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    return 0;
}

HostChange host_change(unsigned queue, const HostQueueChange& what,
                       std::optional<std::uint32_t> id) {
    HostChange change;
    change.id = id;
    change.queues.at(queue) = what;
    return change;
}

std::string own_name() {
    std::string name;
    std::getline(std::ifstream("/proc/self/comm"), name);
    return name;
}

std::optional<HostEvent> Listener::await(HostEventKind kind, std::optional<std::uint32_t> id) {
    std::optional<HostEvent> found;
    eventually([&] {
        while (const auto event = events_.next()) {
            const bool about = id ? event->file && event->file->id == *id : !event->file;
            if (about && event->kind == kind) {
                found = event;
                return true;
            }
        }
        return false;
    });
    EXPECT_TRUE(found) << "no event " << static_cast<int>(kind);
    return found;
}

void Control::TearDown() {
    HostChange all;
    for (HostQueueChange& queue : all.queues) {
        queue = {{0, 0}, {0, 0}, false};
    }
    control.set(all);
}

} // namespace vcoal::test
