// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/spare_threads.hpp"

#include <cerrno>
#include <cstddef>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <utility>

namespace vcoal {
namespace {

constexpr std::size_t wanted = 2;

/// CPUs that this process may run on, as many as are wanted.
std::vector<int> some_cpus() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
        return {};
    }
    std::vector<int> cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE && cpus.size() < wanted; cpu++) {
        if (CPU_ISSET(cpu, &allowed)) {
            cpus.push_back(cpu);
        }
    }
    return cpus;
}

// Who may not do either is served in turn with the others, which mostly is soon enough.
void take_place(int cpu) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ::sched_setaffinity(0, sizeof(one), &one);
    const sched_param first{.sched_priority = ::sched_get_priority_min(SCHED_FIFO)};
    ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &first);
}

} // namespace

bool SpareThreads::possible() {
    return some_cpus().size() == wanted;
}

SpareThreads::SpareThreads(std::vector<int> fds, std::function<bool()> serve)
    : fds_(std::move(fds)), serve_(std::move(serve)) {
    for (const int cpu : some_cpus()) {
        threads_.emplace_back([this, cpu] { run(cpu); });
    }
}

SpareThreads::~SpareThreads() {
    stop_.signal();
    threads_.clear();
}

void SpareThreads::run(int cpu) const {
    take_place(cpu);
    std::vector<pollfd> sources{{stop_.get(), POLLIN, 0}};
    for (const int fd : fds_) {
        sources.push_back({fd, POLLIN, 0});
    }
    for (;;) {
        const int ready = ::poll(sources.data(), sources.size(), -1);
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready < 0 || sources.front().revents != 0 || !serve_()) {
            return;
        }
    }
}

} // namespace vcoal
