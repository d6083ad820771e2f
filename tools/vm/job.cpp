// SPDX-License-Identifier: GPL-2.0-only
#include "vm/job.hpp"

#include "vcoal/error.hpp"
#include "vm/files.hpp"

#include <cerrno>
#include <cstdlib>

namespace vcoal::vm {
namespace {

/// One assignment that a shell reads back as the same value.
std::string assignment(const std::string& name, const std::string& value) {
    std::string text = name + "='";
    for (const char c : value) {
        text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return text + "'\n";
}

} // namespace

JobDirectory::JobDirectory(const std::filesystem::path& parent) {
    std::string name = parent / "job-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
        throw Error(name, "create directory", errno);
    }
    path_ = name;
}

JobDirectory::~JobDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void write_job(const JobDirectory& directory, const Kernel& kernel, const JobPaths& paths,
               const Command& command) {
    write_file(directory.path() / "job", assignment("JOB_KERNEL", kernel.version) +
                                             assignment("JOB_MODULES", kernel.modules()) +
                                             assignment("JOB_CHECKOUT", paths.checkout) +
                                             assignment("JOB_DIRECTORY", command.directory) +
                                             assignment("JOB_AGENT", paths.agent) +
                                             assignment("JOB_OUT", paths.out ? guest_out : ""));
    write_file(directory.path() / "command", command.encode());
}

} // namespace vcoal::vm
