// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/hist/trace_format.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <fstream>
#include <regex>
#include <sstream>
#include <unistd.h>

namespace vcoal {
namespace {

constexpr const char* tracefs = "/sys/kernel/tracing";
/// Where it was before, and is still.
constexpr const char* tracefs_in_debugfs = "/sys/kernel/debug/tracing";
constexpr const char* ours = "/events/vhost_net_coal";

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

std::string tracefs_root() {
    return !exists(std::string(tracefs) + "/events") &&
                   exists(std::string(tracefs_in_debugfs) + "/events")
               ? tracefs_in_debugfs
               : tracefs;
}

/// Why there is no tracepoint to be read, and what to do about it.
std::string obstacle(const std::string& root, int code) {
    switch (code) {
    case EPERM:
        return "the kernel is locked down and has no tracepoints for anybody: see "
               "/sys/kernel/security/lockdown; vcoal top needs none";
    case EACCES:
        return "run this as root; vcoal top shows anybody's own devices";
    default:
        break;
    }
    if (!exists(root + "/events")) {
        return std::string("mount tracefs: mount -t tracefs tracefs ") + tracefs;
    }
    return exists(root + ours) ? "module and vcoal are of different versions"
                               : "load the module: modprobe vhost_net_coal";
}

/// "u32 dev" or "char comm[16]": the last word, less what makes it an array.
std::string name_in(const std::string& declaration) {
    const std::string scalar = declaration.substr(0, declaration.find('['));
    return scalar.substr(scalar.find_last_of(" *") + 1);
}

std::uint32_t number(const std::string& text) {
    return static_cast<std::uint32_t>(std::stoul(text));
}

} // namespace

std::vector<TraceField> parse_trace_format(const std::string& text) {
    static const std::regex field(R"(\s*field:([^;]+);\s*offset:(\d{1,6});\s*size:(\d{1,6});)"
                                  R"(\s*signed:([01]);\s*)");
    std::vector<TraceField> fields;
    std::istringstream lines(text);
    std::smatch found;
    for (std::string line; std::getline(lines, line);) {
        if (std::regex_match(line, found, field)) {
            fields.push_back(
                {name_in(found[1]), number(found[2]), number(found[3]), found[4] == "1"});
        }
    }
    return fields;
}

std::vector<TraceField> trace_fields(const std::string& event) {
    const std::string root = tracefs_root();
    const std::string path = root + ours + "/" + event + "/format";
    std::ifstream file(path);
    if (!file) {
        const int code = errno;
        throw Error(path, "open", code, obstacle(root, code));
    }
    std::ostringstream text;
    text << file.rdbuf();
    return parse_trace_format(text.str());
}

} // namespace vcoal
