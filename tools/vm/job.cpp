// SPDX-License-Identifier: GPL-2.0-only
#include "vm/job.hpp"

#include "vm/files.hpp"

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

void write_job(const std::filesystem::path& directory, const Kernel& kernel, const JobPaths& paths,
               const Command& command) {
    write_file(directory / "job", assignment("JOB_KERNEL", kernel.version) +
                                      assignment("JOB_MODULES", kernel.modules()) +
                                      assignment("JOB_CHECKOUT", paths.checkout) +
                                      assignment("JOB_DIRECTORY", command.directory) +
                                      assignment("JOB_AGENT", paths.agent) +
                                      assignment("JOB_OUT", paths.out ? guest_out : ""));
    write_file(directory / "command", command.encode());
}

} // namespace vcoal::vm
