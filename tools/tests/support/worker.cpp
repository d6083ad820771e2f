// SPDX-License-Identifier: GPL-2.0-only
#include "support/worker.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>
#include <vector>

namespace vcoal::test {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

/// Kernel threads are processes of their own; newer in-tree workers are threads of
/// their owner.
std::vector<fs::path> named(const std::string& name, const std::string& owner) {
    std::vector<fs::path> found;
    for (const std::string& place : {std::string("/proc"), "/proc/" + owner + "/task"}) {
        for (const auto& entry : fs::directory_iterator(place)) {
            const std::string id = entry.path().filename();
            const bool is_id = id.find_first_not_of("0123456789") == std::string::npos;
            if (is_id && first_line(entry.path() / "comm") == name) {
                found.push_back(entry.path());
            }
        }
    }
    return found;
}

std::string worker_name(const std::string& owner) {
    return "vhost-" + owner;
}

std::chrono::nanoseconds run_time_of(const std::string& thread) {
    std::ifstream file(thread + "/schedstat");
    long long nanoseconds = 0;
    if (!(file >> nanoseconds)) {
        throw Error(thread, "read its run time", errno);
    }
    return std::chrono::nanoseconds(nanoseconds);
}

} // namespace

Worker Worker::find(pid_t owner) {
    const std::string id = std::to_string(owner != 0 ? owner : ::getpid());
    const std::string name = worker_name(id);
    const auto found = named(name, id);
    if (found.size() != 1) {
        throw Error("worker " + name, "find", ESRCH,
                    std::to_string(found.size()) + " threads have that name");
    }
    return Worker(std::stoi(found.front().filename()), found.front());
}

std::chrono::nanoseconds Worker::run_time() const {
    return run_time_of(directory_);
}

bool Worker::idle_for(std::chrono::milliseconds period) const {
    const auto before = run_time();
    std::this_thread::sleep_for(period);
    // A thread that spins gets at least a tenth, however busy the machine is.
    return run_time() - before < period / 50;
}

std::chrono::nanoseconds workers_run_time(pid_t owner) {
    const std::string id = std::to_string(owner);
    std::chrono::nanoseconds sum{0};
    for (const fs::path& thread : named(worker_name(id), id)) {
        sum += run_time_of(thread);
    }
    return sum;
}

} // namespace vcoal::test
