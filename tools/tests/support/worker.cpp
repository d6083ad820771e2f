// SPDX-License-Identifier: GPL-2.0-only
#include "support/worker.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

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
/// their owner, which may have ended.
std::vector<fs::path> named(const std::string& name, const std::string& owner) {
    std::vector<fs::path> found;
    for (const std::string& place : {std::string("/proc"), "/proc/" + owner + "/task"}) {
        std::error_code gone;
        for (const auto& entry : fs::directory_iterator(place, gone)) {
            const std::string id = entry.path().filename();
            const bool is_id = id.find_first_not_of("0123456789") == std::string::npos;
            if (is_id && first_line(entry.path() / "comm") == name) {
                found.push_back(entry.path());
            }
        }
    }
    return found;
}

std::string id_of(pid_t owner) {
    return std::to_string(owner != 0 ? owner : ::getpid());
}

std::string worker_name(const std::string& owner) {
    return "vhost-" + owner;
}

} // namespace

Worker Worker::find(pid_t owner) {
    const std::vector<Worker> found = all(owner);
    if (found.size() != 1) {
        throw Error("worker " + worker_name(id_of(owner)), "find", ESRCH,
                    std::to_string(found.size()) + " threads have that name");
    }
    return found.front();
}

std::vector<Worker> Worker::all(pid_t owner) {
    const std::string id = id_of(owner);
    std::vector<Worker> found;
    for (const fs::path& thread : named(worker_name(id), id)) {
        found.push_back(Worker(std::stoi(thread.filename()), thread));
    }
    return found;
}

std::string Worker::control_groups() const {
    std::ifstream file(directory_ + "/cgroup");
    return {std::istreambuf_iterator<char>(file), {}};
}

std::chrono::nanoseconds Worker::run_time() const {
    std::ifstream file(directory_ + "/schedstat");
    long long nanoseconds = 0;
    if (!(file >> nanoseconds)) {
        throw Error(directory_, "read its run time", errno);
    }
    return std::chrono::nanoseconds(nanoseconds);
}

bool Worker::idle_for(std::chrono::milliseconds period) const {
    const auto before = run_time();
    std::this_thread::sleep_for(period);
    // A thread that spins gets at least a tenth, however busy the machine is.
    return run_time() - before < period / 50;
}

std::chrono::nanoseconds workers_run_time(pid_t owner) {
    std::chrono::nanoseconds sum{0};
    for (const Worker& worker : Worker::all(owner)) {
        sum += worker.run_time();
    }
    return sum;
}

} // namespace vcoal::test
