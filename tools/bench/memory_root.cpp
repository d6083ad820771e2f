// SPDX-License-Identifier: GPL-2.0-only
#include "bench/memory_root.hpp"

#include "bench/child.hpp"
#include "vcoal/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

namespace vcoal::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* root = "/run/vcoal-root";

void check(int result, const std::string& object, const char* what) {
    if (result != 0) {
        throw Error(object, what, errno, "this needs root");
    }
}

fs::path find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return name;
    }
    const char* path = std::getenv("PATH");
    std::istringstream places(path != nullptr ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
    for (std::string place; std::getline(places, place, ':');) {
        fs::path program = fs::path(place) / name;
        if (::access(program.c_str(), X_OK) == 0) {
            return program;
        }
    }
    throw Error(name, "find", ENOENT, "`make deps` installs what the demo needs");
}

/// The files a program loads when it starts, as the dynamic linker tells: lines end in
/// "PATH (ADDRESS)".
std::vector<fs::path> libraries(const fs::path& program) {
    std::istringstream lines(run_program({"ldd", program}, nullptr, std::nullopt));
    std::vector<fs::path> found;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t slash = line.find('/');
        const std::size_t end = line.find(" (", slash);
        if (slash != std::string::npos && end != std::string::npos) {
            found.emplace_back(line.substr(slash, end - slash));
        }
    }
    return found;
}

void copy(const fs::path& file) {
    const fs::path to = root / file.relative_path();
    fs::create_directories(to.parent_path());
    fs::copy_file(file, to, fs::copy_options::skip_existing);
}

void bind(const char* directory) {
    const std::string to = std::string(root) + directory;
    fs::create_directories(to);
    check(::mount(directory, to.c_str(), nullptr, MS_BIND | MS_REC, nullptr), to, "bind");
}

/// Asking for an interface by a name nobody has makes the kernel run modprobe.
void forbid_module_requests() {
    constexpr const char* setting = "/proc/sys/kernel/modprobe";
    std::ofstream file(setting);
    file << '\n' << std::flush;
    if (!file) {
        throw Error(setting, "clear", errno, "this needs root");
    }
}

} // namespace

MemoryRoot::MemoryRoot(const std::vector<std::string>& programs)
    : outside_(open_file("/", O_PATH | O_DIRECTORY)) {
    fs::create_directories(root);
    check(::mount("tmpfs", root, "tmpfs", 0, "mode=0755"), root, "mount");
    for (const std::string& name : programs) {
        const fs::path program = find_program(name);
        copy(program);
        for (const fs::path& library : libraries(program)) {
            copy(library);
        }
    }
    fs::create_directories(std::string(root) + "/tmp");
    fs::create_directories(std::string(root) + "/var");
    fs::create_directory_symlink("/run", std::string(root) + "/var/run");
    for (const char* directory : {"/proc", "/sys", "/dev", "/run"}) {
        bind(directory);
    }
    forbid_module_requests();
    // This program stays where it is: have all of it at hand.
    check(::mlockall(MCL_CURRENT | MCL_FUTURE), "memory", "lock");
    check(::chroot(root), root, "chroot");
    check(::chdir("/"), root, "enter");
}

MemoryRoot::~MemoryRoot() {
    if (::fchdir(outside_.get()) == 0 && ::chroot(".") == 0) {
        ::munlockall();
    }
}

} // namespace vcoal::bench
