// SPDX-License-Identifier: GPL-2.0-only
#include "bench/trace_instance.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace vcoal::bench {
namespace {

constexpr const char* instances = "/sys/kernel/tracing/instances/";
constexpr const char* buffer_kilobytes = "16384";

} // namespace

TraceInstance::TraceInstance(const std::string& name, const std::vector<std::string>& events)
    : directory_(instances + name) {
    if (::mkdir(directory_.c_str(), 0700) != 0) {
        throw Error(directory_, "make", errno, "this needs root and a mounted tracefs");
    }
    write("trace_clock", "mono");
    write("buffer_size_kb", buffer_kilobytes);
    for (const std::string& event : events) {
        write("events/" + event + "/enable", "1");
    }
}

TraceInstance::~TraceInstance() {
    ::rmdir(directory_.c_str());
}

void TraceInstance::write(const std::string& file, const std::string& value) const {
    const std::string path = directory_ + '/' + file;
    std::ofstream stream(path);
    stream << value << std::flush;
    if (!stream) {
        throw Error(path, "write " + value, errno, "is the module loaded?");
    }
}

std::string TraceInstance::stop() {
    write("tracing_on", "0");
    std::ostringstream text;
    text << std::ifstream(directory_ + "/trace").rdbuf();
    return text.str();
}

} // namespace vcoal::bench
