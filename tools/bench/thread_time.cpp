// SPDX-License-Identifier: GPL-2.0-only
#include "bench/thread_time.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace vcoal::bench {
namespace {

namespace fs = std::filesystem;

std::string command_of(const fs::path& process) {
    std::ifstream file(process / "comm");
    std::string name;
    std::getline(file, name);
    return name;
}

} // namespace

std::chrono::nanoseconds thread_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

NapiThreads::NapiThreads(const std::string& interface) {
    for (const auto& entry : fs::directory_iterator("/proc")) {
        if (command_of(entry.path()).starts_with("napi/" + interface + "-")) {
            directories_.push_back(entry.path());
        }
    }
    if (directories_.empty()) {
        throw Error("interface " + interface, "find the threads of its NAPI", ESRCH);
    }
}

std::chrono::nanoseconds NapiThreads::run_time() const {
    std::chrono::nanoseconds sum{0};
    for (const std::string& directory : directories_) {
        std::ifstream file(directory + "/schedstat");
        long long nanoseconds = 0;
        if (!(file >> nanoseconds)) {
            throw Error(directory, "read the run time", errno);
        }
        sum += std::chrono::nanoseconds(nanoseconds);
    }
    return sum;
}

} // namespace vcoal::bench
