// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host/doctor_facts.hpp"

#include "vcoal/error.hpp"
#include "vcoal/fd.hpp"
#include "vcoal/host_control.hpp"
#include "vcoal/vhost.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <grp.h>
#include <linux/kvm.h>
#include <pwd.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace vcoal {
namespace {

namespace fs = std::filesystem;

constexpr const char* module_directory = "/sys/module/vhost_net_coal";
constexpr const char* kvm_node = "/dev/kvm";
constexpr unsigned misc_major = 10;

bool exists(const fs::path& path) {
    std::error_code none;
    return fs::exists(path, none);
}

/// The first line of a file, empty where there is none.
std::string line_of(const fs::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string release() {
    utsname names{};
    return ::uname(&names) == 0 ? std::string(&names.release[0]) : std::string();
}

/// Does modprobe(8) find it?
bool is_installed(const std::string& file_name) {
    std::ifstream list("/lib/modules/" + release() + "/modules.dep");
    for (std::string line; std::getline(list, line);) {
        if (line.substr(0, line.find(':')).find("/" + file_name) != std::string::npos) {
            return true;
        }
    }
    return false;
}

ModuleFacts module_facts() {
    ModuleFacts facts{exists(module_directory), is_installed("vhost_net_coal.ko"), {}};
    facts.version = line_of(fs::path(module_directory) / "version");
    if (facts.version.empty()) {
        facts.version = line_of(fs::path(module_directory) / "srcversion");
    }
    return facts;
}

/// The number that a misc device has.
std::optional<std::uint64_t> misc_number(const std::string& name) {
    std::ifstream list("/proc/misc");
    unsigned minor_number = 0;
    for (std::string each; list >> minor_number >> each;) {
        if (each == name) {
            return makedev(misc_major, minor_number);
        }
    }
    return std::nullopt;
}

bool may_open(const char* path) {
    return ::faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0;
}

std::string user_name(uid_t uid) {
    const passwd* user = ::getpwuid(uid);
    return user != nullptr ? user->pw_name : std::to_string(uid);
}

std::string group_name(gid_t gid) {
    const group* found = ::getgrgid(gid);
    return found != nullptr ? found->gr_name : std::to_string(gid);
}

NodeFacts node_facts() {
    struct stat status {};
    if (::stat(vhost_node, &status) != 0) {
        return {};
    }
    return {.exists = true,
            .is_device = S_ISCHR(status.st_mode),
            .mode = status.st_mode & ~static_cast<mode_t>(S_IFMT),
            .uid = status.st_uid,
            .gid = status.st_gid,
            .owner = user_name(status.st_uid),
            .group = group_name(status.st_gid),
            .number = status.st_rdev,
            .expected_number = misc_number("vhost-net-coal"),
            .openable = may_open(vhost_node)};
}

std::vector<std::uint32_t> groups_now() {
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    groups.push_back(::getegid());
    return {groups.begin(), groups.end()};
}

std::vector<std::uint32_t> groups_of(uid_t uid) {
    const passwd* user = ::getpwuid(uid);
    if (user == nullptr) {
        return {};
    }
    std::array<gid_t, 256> groups{};
    int count = groups.size();
    if (::getgrouplist(user->pw_name, user->pw_gid, groups.data(), &count) < 0) {
        return {};
    }
    return {groups.begin(), groups.begin() + count};
}

CallerFacts caller_facts() {
    const uid_t uid = ::geteuid();
    return {user_name(uid), uid, groups_now(), groups_of(uid)};
}

/// The one by which it says that it can virtualise; empty where it does not.
std::string processor_flag() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        std::istringstream flags(line.starts_with("flags") ? line : "");
        for (std::string flag; flags >> flag;) {
            if (flag == "vmx" || flag == "svm") {
                return flag;
            }
        }
    }
    return {};
}

KvmFacts kvm_facts() {
    KvmFacts facts{processor_flag(), exists(kvm_node), may_open(kvm_node), false};
    const Fd kvm(::open(kvm_node, O_RDWR | O_CLOEXEC));
    if (kvm && ::ioctl(kvm.get(), KVM_GET_API_VERSION, 0) == KVM_API_VERSION) {
        const Fd machine(::ioctl(kvm.get(), KVM_CREATE_VM, 0));
        facts.works = !facts.cpu_flag.empty() && machine;
    }
    return facts;
}

/// Two names for one namespace; true where that cannot be told.
bool in_first_namespace() {
    struct stat mine {};
    struct stat first {};
    return ::stat("/proc/self/ns/net", &mine) != 0 || ::stat("/proc/1/ns/net", &first) != 0 ||
           mine.st_ino == first.st_ino;
}

NetlinkFacts netlink_facts() {
    NetlinkFacts facts;
    facts.in_first_namespace = in_first_namespace();
    try {
        HostControl control;
        facts.family = true;
        facts.devices = group_devices(control.files());
    } catch (const Error& error) {
        facts.failure = error.what();
    }
    return facts;
}

} // namespace

DoctorFacts gather_facts() {
    return {.release = release(),
            .host_module = module_facts(),
            .node = node_facts(),
            .caller = caller_facts(),
            .kvm = kvm_facts(),
            .kernel_btf = exists("/sys/kernel/btf/vmlinux"),
            .module_btf = exists("/sys/kernel/btf/vhost_net_coal"),
            .netlink = netlink_facts()};
}

} // namespace vcoal
