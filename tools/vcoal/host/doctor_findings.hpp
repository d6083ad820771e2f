// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/host_device.hpp"
#include "vcoal/json.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vcoal {

/// What the kernel knows of one of our modules.
struct ModuleFacts {
    bool loaded = false;
    /// There is one to load for this kernel.
    bool installed = false;
    /// Of the loaded one, empty where it has none.
    std::string version;
};

struct NodeFacts {
    bool exists = false;
    bool is_device = false;
    /// Permission bits.
    unsigned mode = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::string owner;
    std::string group;
    /// Device number, and the one that the module has now.
    std::uint64_t number = 0;
    std::optional<std::uint64_t> expected_number;
    /// The caller's permissions suffice.
    bool openable = false;
};

struct CallerFacts {
    std::string name;
    std::uint32_t uid = 0;
    /// Those that hold now, and those that hold after the next login.
    std::vector<std::uint32_t> groups;
    std::vector<std::uint32_t> groups_by_name;
};

struct KvmFacts {
    /// "vmx" or "svm"; empty: it cannot virtualise
    std::string cpu_flag;
    bool exists = false;
    bool openable = false;
    /// A virtual machine could be made.
    bool works = false;
};

struct NetlinkFacts {
    bool in_first_namespace = true;
    bool family = false;
    /// Why there are no devices to look at, where something failed.
    std::string failure;
    std::vector<HostDevice> devices;
};

/// All that the doctor looks at.
struct DoctorFacts {
    std::string release;
    ModuleFacts host_module;
    NodeFacts node;
    CallerFacts caller;
    KvmFacts kvm;
    bool kernel_btf = false;
    bool module_btf = false;
    NetlinkFacts netlink;
};

struct Finding {
    enum class Kind { ok, note, trouble };

    Kind kind = Kind::ok;
    /// One word.
    std::string subject;
    std::string text;
    /// Command that mends it, or nothing.
    std::string mend;
};

/// What is right and wrong with the facts.
std::vector<Finding> find_troubles(const DoctorFacts& facts);

bool any_trouble(const std::vector<Finding>& findings);

/// Two lines for each at most.
std::string format_findings(const std::vector<Finding>& findings);
Json to_json(const std::vector<Finding>& findings);

} // namespace vcoal
