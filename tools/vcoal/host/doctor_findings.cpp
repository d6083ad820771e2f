// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host/doctor_findings.hpp"

#include "vcoal/features.hpp"
#include "vcoal/host/quantity.hpp"
#include "vcoal/printable.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fmt/format.h>
#include <sys/stat.h>
#include <utility>

namespace vcoal {
namespace {

using Kind = Finding::Kind;
using Findings = std::vector<Finding>;

constexpr const char* node = "/dev/vhost-net-coal";
constexpr const char* module_name = "vhost_net_coal";

/// Major and minor number of a kernel's release; 0.0 where it has none.
std::pair<unsigned, unsigned> version_of(const std::string& release) {
    std::pair<unsigned, unsigned> version{0, 0};
    std::sscanf(release.c_str(), "%u.%u", &version.first, &version.second);
    return version;
}

constexpr std::pair<unsigned, unsigned> oldest{6, 1};
constexpr std::pair<unsigned, unsigned> newest{6, 12};

Finding judge_kernel(const DoctorFacts& facts) {
    const auto version = version_of(facts.release);
    if (version < oldest) {
        return {Kind::trouble, "kernel", facts.release + " is older than 6.1, the oldest supported",
                "apt-get install linux-image-amd64 && reboot"};
    }
    if (version > newest) {
        return {Kind::note, "kernel",
                facts.release + " is newer than 6.12, the newest that was tested", ""};
    }
    return {Kind::ok, "kernel", facts.release + " (supported: 6.1 to 6.12)", ""};
}

Finding judge_module(const ModuleFacts& module) {
    if (module.loaded) {
        return {Kind::ok, "module",
                fmt::format("{} is loaded{}", module_name,
                            module.version.empty() ? "" : ", version " + module.version),
                ""};
    }
    if (module.installed) {
        return {Kind::trouble, "module", fmt::format("{} is not loaded", module_name),
                fmt::format("modprobe {}", module_name)};
    }
    return {Kind::trouble, "module",
            fmt::format("{} is neither loaded nor installed for this kernel", module_name),
            "make -C /lib/modules/$(uname -r)/build M=$PWD modules modules_install && depmod && "
            "modprobe vhost_net_coal"};
}

std::string describe_mode(const NodeFacts& facts) {
    return fmt::format("{} is {}:{} {:04o}", node, facts.owner, facts.group, facts.mode);
}

Finding judge_node(const DoctorFacts& facts) {
    const NodeFacts& it = facts.node;
    if (!it.exists) {
        return {Kind::trouble, "node", std::string(node) + " is not there",
                facts.host_module.loaded ? "udevadm trigger --subsystem-match=misc"
                                         : fmt::format("modprobe {}", module_name)};
    }
    if (!it.is_device) {
        return {Kind::trouble, "node", std::string(node) + " is no character device",
                fmt::format("rm {} && udevadm trigger --subsystem-match=misc", node)};
    }
    if (it.expected_number && *it.expected_number != it.number) {
        return {Kind::trouble, "node",
                std::string(node) + " is left over from an earlier module: its number is another",
                fmt::format("rm {} && udevadm trigger --subsystem-match=misc", node)};
    }
    if ((it.mode & S_IWOTH) != 0) {
        return {Kind::trouble, "node", describe_mode(it) + ": everybody may open it",
                fmt::format("chmod 0660 {}", node)};
    }
    if (it.group != "kvm" || (it.mode & (S_IRGRP | S_IWGRP)) != (S_IRGRP | S_IWGRP)) {
        return {Kind::note, "node",
                describe_mode(it) + "; VMMs that do not run as root are in the group kvm",
                fmt::format("chgrp kvm {0} && chmod 0660 {0}", node)};
    }
    return {Kind::ok, "node", describe_mode(it), ""};
}

bool contains(const std::vector<std::uint32_t>& groups, std::uint32_t group) {
    return std::ranges::find(groups, group) != groups.end();
}

/// By which of its permissions the caller may open the node.
std::string way_in(const DoctorFacts& facts) {
    if (facts.caller.uid == 0) {
        return "as root";
    }
    if (facts.caller.uid == facts.node.uid) {
        return "as its owner";
    }
    if (contains(facts.caller.groups, facts.node.gid)) {
        return "as a member of the group " + facts.node.group;
    }
    return "by its permissions for others, an access list or a capability";
}

Finding judge_access(const DoctorFacts& facts) {
    const NodeFacts& it = facts.node;
    const CallerFacts& caller = facts.caller;
    if (it.openable) {
        return {Kind::ok, "access",
                fmt::format("{} may open {} {}", caller.name, node, way_in(facts)), ""};
    }
    const bool group_may = (it.mode & (S_IRGRP | S_IWGRP)) == (S_IRGRP | S_IWGRP);
    if (group_may && contains(caller.groups_by_name, it.gid)) {
        return {
            Kind::trouble, "access",
            fmt::format("{} is in the group {}, but not in this session", caller.name, it.group),
            fmt::format("newgrp {}", it.group)};
    }
    if (group_may) {
        return {Kind::trouble, "access",
                fmt::format("{} may not open {}: its group is {}", caller.name, node, it.group),
                fmt::format("usermod -aG {} {} # and log in anew", it.group, caller.name)};
    }
    return {
        Kind::trouble, "access", fmt::format("{} may not open {}", caller.name, node),
        fmt::format("chgrp kvm {0} && chmod 0660 {0} && usermod -aG kvm {1}", node, caller.name)};
}

Finding judge_kvm(const KvmFacts& kvm) {
    if (kvm.works) {
        return {Kind::ok, "kvm", "a virtual machine can be made", ""};
    }
    if (kvm.cpu_flag.empty()) {
        return {Kind::note, "kvm",
                "the processor shows neither vmx nor svm: guests are emulated, and slow", ""};
    }
    if (!kvm.exists) {
        return {Kind::note, "kvm", "/dev/kvm is not there: guests are emulated, and slow",
                kvm.cpu_flag == "vmx" ? "modprobe kvm_intel" : "modprobe kvm_amd"};
    }
    if (!kvm.openable) {
        return {Kind::note, "kvm", "you may not open /dev/kvm", "usermod -aG kvm $USER"};
    }
    return {Kind::note, "kvm", "/dev/kvm is there, but makes no virtual machine", ""};
}

Finding judge_btf(const DoctorFacts& facts) {
    if (!facts.kernel_btf) {
        return {Kind::note, "btf", "the kernel has no BTF: vcoal hist cannot look into it", ""};
    }
    if (facts.host_module.loaded && !facts.module_btf) {
        return {Kind::note, "btf",
                fmt::format("{} was built without BTF: programs that look into it find less",
                            module_name),
                ""};
    }
    return {Kind::ok, "btf", "there", ""};
}

Finding judge_netlink(const DoctorFacts& facts) {
    const NetlinkFacts& netlink = facts.netlink;
    if (!netlink.family && !facts.host_module.loaded) {
        return {Kind::trouble, "netlink", "no family: the module is not loaded",
                fmt::format("modprobe {}", module_name)};
    }
    if (!netlink.family && !netlink.in_first_namespace) {
        return {Kind::trouble, "netlink",
                "the family answers in the initial network namespace only, and this is another",
                "nsenter --net=/proc/1/ns/net vcoal doctor"};
    }
    if (!netlink.family) {
        return {Kind::trouble, "netlink", "the module that is loaded has no netlink family",
                fmt::format("rmmod {0} && modprobe {0}", module_name)};
    }
    if (!netlink.failure.empty()) {
        return {Kind::trouble, "netlink", netlink.failure, "vcoal show"};
    }
    return {Kind::ok, "netlink",
            fmt::format("{} device{} to be seen", netlink.devices.size(),
                        netlink.devices.size() == 1 ? "" : "s"),
            ""};
}

constexpr std::uint64_t coalescing =
    feature(VIRTIO_NET_F_NOTF_COAL) | feature(VIRTIO_NET_F_VQ_NOTF_COAL);

/// In whichever way a device can be named.
std::string name_of(const HostDevice& device) {
    return std::to_string(device.identity().id);
}

bool any_queue(const HostDevice& device, bool (HostQueue::*has)() const) {
    return std::ranges::any_of(device.files, [has](const HostFile& file) {
        return std::ranges::any_of(file.queues,
                                   [has](const HostQueue& queue) { return (queue.*has)(); });
    });
}

bool all_off(const HostDevice& device) {
    return std::ranges::all_of(device.files, [](const HostFile& file) {
        return std::ranges::all_of(file.queues, [](const HostQueue& queue) {
            return queue.effective.usecs == 0 || queue.effective.packets == 0;
        });
    });
}

Finding judge_device(const HostDevice& device) {
    const std::string label = device_label(device) + ", " + describe_owner(device.identity());
    const HostFile& file = device.files.front();
    const bool guest = (file.features & coalescing) != 0;
    if (any_queue(device, &HostQueue::broken)) {
        return {Kind::trouble, "device",
                label + ": a ring made no sense and is left alone; in the guest, reset the "
                        "interface by its driver",
                fmt::format("vcoal show {}", name_of(device))};
    }
    if (guest && (file.backend_features & feature(VHN_BACKEND_F_COAL)) == 0) {
        return {Kind::trouble, "device",
                label +
                    ": the guest negotiated coalescing, but its VMM has not acknowledged backend "
                    "feature 62 and passes no parameters on; start it without notf_coal and "
                    "vq_notf_coal, and the host decides",
                ""};
    }
    if (guest) {
        return {Kind::ok, "device",
                label + ": the guest negotiated coalescing and decides (ethtool -C)", ""};
    }
    if (all_off(device)) {
        return {Kind::note, "device",
                label + ": the guest did not negotiate coalescing, and the host's default is off",
                fmt::format("vcoal set {} rx-usecs 50 rx-frames 32", name_of(device))};
    }
    return {Kind::ok, "device",
            label + ": the guest did not negotiate coalescing, the host's default is in force", ""};
}

const char* name_of(Kind kind) {
    switch (kind) {
    case Kind::ok:
        return "ok";
    case Kind::note:
        return "note";
    default:
        return "trouble";
    }
}

} // namespace

std::vector<Finding> find_troubles(const DoctorFacts& facts) {
    Findings findings{judge_kernel(facts), judge_module(facts.host_module), judge_node(facts)};
    if (facts.node.exists) {
        findings.push_back(judge_access(facts));
    }
    findings.push_back(judge_netlink(facts));
    std::ranges::transform(facts.netlink.devices, std::back_inserter(findings), judge_device);
    findings.push_back(judge_kvm(facts.kvm));
    findings.push_back(judge_btf(facts));
    return findings;
}

bool any_trouble(const std::vector<Finding>& findings) {
    return std::ranges::any_of(findings,
                               [](const Finding& one) { return one.kind == Kind::trouble; });
}

std::string format_findings(const std::vector<Finding>& findings) {
    std::string text;
    for (const Finding& one : findings) {
        text += fmt::format("{:<9}{:<9}{}\n", name_of(one.kind), one.subject, one.text);
        if (!one.mend.empty()) {
            text += fmt::format("{:18}-> {}\n", "", one.mend);
        }
    }
    return text;
}

Json to_json(const std::vector<Finding>& findings) {
    Json list = Json::array();
    for (const Finding& one : findings) {
        list.push_back({{"kind", name_of(one.kind)},
                        {"subject", one.subject},
                        {"text", one.text},
                        {"mend", one.mend.empty() ? Json(nullptr) : Json(one.mend)}});
    }
    return {{"trouble", any_trouble(findings)}, {"findings", list}};
}

} // namespace vcoal
