// SPDX-License-Identifier: GPL-2.0-only
//
// What `vcoal doctor` makes of what it finds.
#include "host_fixture.hpp"
#include "vcoal/features.hpp"
#include "vcoal/host/doctor_findings.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <gtest/gtest.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

using Kind = Finding::Kind;

constexpr std::uint32_t kvm_group = 108;

/// A host on which all is well, looked at by a VMM's user.
DoctorFacts healthy() {
    return {.release = "6.1.0-56-amd64",
            .host_module = {.loaded = true, .installed = true, .version = "0.1.0"},
            .node = {.exists = true,
                     .is_device = true,
                     .mode = 0660,
                     .uid = 0,
                     .gid = kvm_group,
                     .owner = "root",
                     .group = "kvm",
                     .number = 0xa7f,
                     .expected_number = 0xa7f,
                     .openable = true},
            .caller = {.name = "vmm",
                       .uid = 64055,
                       .groups = {kvm_group},
                       .groups_by_name = {kvm_group}},
            .kvm = {.cpu_flag = "svm", .exists = true, .openable = true, .works = true},
            .kernel_btf = true,
            .module_btf = true,
            .netlink = {.in_first_namespace = true, .family = true, .failure = {}, .devices = {}}};
}

/// The finding about a subject.
Finding about(const DoctorFacts& facts, const std::string& subject) {
    const auto findings = find_troubles(facts);
    const auto found = std::ranges::find(findings, subject, &Finding::subject);
    return found != findings.end() ? *found : Finding{Kind::ok, "", "no such finding", ""};
}

/// Trouble comes with the command that mends it.
void expect_trouble(const DoctorFacts& facts, const std::string& subject, const std::string& mend) {
    const Finding finding = about(facts, subject);
    EXPECT_EQ(finding.kind, Kind::trouble) << finding.text;
    EXPECT_EQ(finding.mend, mend) << finding.text;
    EXPECT_TRUE(any_trouble(find_troubles(facts)));
}

bool mentions(const Finding& finding, const std::string& part) {
    return finding.text.find(part) != std::string::npos;
}

DoctorFacts with_device(std::uint64_t features, std::uint64_t backend_features) {
    DoctorFacts facts = healthy();
    HostFile file = file_of(3, 10, 5, "vnet0");
    file.features = features;
    file.backend_features = backend_features;
    facts.netlink.devices = {{{file}}};
    return facts;
}

} // namespace

TEST(Doctor, AHealthyHostHasNoTrouble) {
    const auto findings = find_troubles(healthy());
    EXPECT_FALSE(any_trouble(findings));
    EXPECT_GE(findings.size(), 7U);
    for (const Finding& finding : findings) {
        EXPECT_EQ(finding.kind, Kind::ok) << finding.subject << ": " << finding.text;
    }
}

TEST(Doctor, JudgesTheKernel) {
    DoctorFacts facts = healthy();
    for (const std::string release : {"6.1.0", "6.12.3", "6.6", "6.12"}) {
        facts.release = release;
        EXPECT_EQ(about(facts, "kernel").kind, Kind::ok) << release;
    }
    for (const std::string release : {"6.13.0", "7.0", "10.2"}) {
        facts.release = release;
        EXPECT_EQ(about(facts, "kernel").kind, Kind::note) << release;
    }
    for (const std::string release : {"6.0.19", "5.10.0", "4.19", "", "x"}) {
        facts.release = release;
        expect_trouble(facts, "kernel", "apt-get install linux-image-amd64 && reboot");
    }
}

TEST(Doctor, AModuleThatIsThereIsToBeLoaded) {
    DoctorFacts facts = healthy();
    facts.host_module.loaded = false;
    facts.netlink.family = false;
    expect_trouble(facts, "module", "modprobe vhost_net_coal");
    expect_trouble(facts, "netlink", "modprobe vhost_net_coal");
    facts.host_module.installed = false;
    EXPECT_EQ(about(facts, "module").kind, Kind::trouble);
    EXPECT_TRUE(mentions(about(facts, "module"), "neither loaded nor installed"));
}

TEST(Doctor, JudgesTheNode) {
    DoctorFacts facts = healthy();
    facts.node.exists = false;
    expect_trouble(facts, "node", "udevadm trigger --subsystem-match=misc");
    EXPECT_TRUE(mentions(about(facts, "access"), "no such finding"));
    facts.host_module.loaded = false;
    expect_trouble(facts, "node", "modprobe vhost_net_coal");

    facts = healthy();
    facts.node.is_device = false;
    EXPECT_EQ(about(facts, "node").kind, Kind::trouble);
    facts = healthy();
    facts.node.expected_number = 1;
    EXPECT_TRUE(mentions(about(facts, "node"), "left over"));
    facts = healthy();
    facts.node.mode = 0666;
    expect_trouble(facts, "node", "chmod 0660 /dev/vhost-net-coal");
    facts = healthy();
    facts.node.mode = 0600;
    EXPECT_EQ(about(facts, "node").kind, Kind::note);
    facts.node.mode = 0660;
    facts.node.group = "root";
    EXPECT_EQ(about(facts, "node").kind, Kind::note);
}

TEST(Doctor, TellsByWhichPermissionTheNodeOpens) {
    DoctorFacts facts = healthy();
    EXPECT_TRUE(mentions(about(facts, "access"), "as a member of the group kvm"));
    facts.caller.groups.clear();
    EXPECT_TRUE(mentions(about(facts, "access"), "by its permissions for others"));
    facts.node.uid = facts.caller.uid;
    EXPECT_TRUE(mentions(about(facts, "access"), "as its owner"));
    facts.caller.uid = 0;
    EXPECT_TRUE(mentions(about(facts, "access"), "as root"));
}

TEST(Doctor, TellsHowToGetIn) {
    DoctorFacts facts = healthy();
    facts.node.openable = false;
    facts.caller.groups.clear();
    expect_trouble(facts, "access", "newgrp kvm");
    facts.caller.groups_by_name.clear();
    expect_trouble(facts, "access", "usermod -aG kvm vmm # and log in anew");
    facts.node.mode = 0600;
    expect_trouble(facts, "access",
                   "chgrp kvm /dev/vhost-net-coal && chmod 0660 /dev/vhost-net-coal && usermod "
                   "-aG kvm vmm");
}

TEST(Doctor, TellsWhyThereIsNoFamily) {
    DoctorFacts facts = healthy();
    facts.netlink.family = false;
    expect_trouble(facts, "netlink", "rmmod vhost_net_coal && modprobe vhost_net_coal");
    facts.netlink.in_first_namespace = false;
    expect_trouble(facts, "netlink", "nsenter --net=/proc/1/ns/net vcoal doctor");
    facts = healthy();
    facts.netlink.failure = "vhost_net_coal: list files: no";
    EXPECT_TRUE(mentions(about(facts, "netlink"), "list files"));
    EXPECT_EQ(about(facts, "netlink").kind, Kind::trouble);
}

TEST(Doctor, TellsWhatAGuestNegotiated) {
    constexpr std::uint64_t backend = feature(VHN_BACKEND_F_COAL);
    for (const unsigned bit : {VIRTIO_NET_F_NOTF_COAL, VIRTIO_NET_F_VQ_NOTF_COAL}) {
        const Finding decides = about(with_device(feature(bit), backend), "device");
        EXPECT_EQ(decides.kind, Kind::ok);
        EXPECT_TRUE(mentions(decides, "vnet0 (id 3), qemu (pid 10): the guest negotiated"));
        EXPECT_EQ(about(with_device(feature(bit), 0), "device").kind, Kind::trouble)
            << "its VMM does not pass anything on";
    }
    const Finding off = about(with_device(0, 0), "device");
    EXPECT_EQ(off.kind, Kind::note);
    EXPECT_EQ(off.mend, "vcoal set 3 rx-usecs 50 rx-frames 32");

    DoctorFacts facts = with_device(0, 0);
    facts.netlink.devices.at(0).files.at(0).queues.at(0).effective = {32, 50};
    EXPECT_EQ(about(facts, "device").kind, Kind::ok);
    EXPECT_TRUE(mentions(about(facts, "device"), "the host's default is in force"));
}

TEST(Doctor, ABrokenRingIsTrouble) {
    DoctorFacts facts = with_device(0, 0);
    facts.netlink.devices.at(0).files.at(0).queues.at(1).flags |= VHN_NL_QUEUE_F_BROKEN;
    expect_trouble(facts, "device", "vcoal show 3");
}

TEST(Doctor, WithoutKvmOrBtfThereIsNoTrouble) {
    DoctorFacts facts = healthy();
    facts.kvm = {};
    EXPECT_TRUE(mentions(about(facts, "kvm"), "neither vmx nor svm"));
    facts.kvm.cpu_flag = "vmx";
    EXPECT_EQ(about(facts, "kvm").mend, "modprobe kvm_intel");
    facts.kvm.cpu_flag = "svm";
    EXPECT_EQ(about(facts, "kvm").mend, "modprobe kvm_amd");
    facts.kvm.exists = true;
    EXPECT_EQ(about(facts, "kvm").mend, "usermod -aG kvm $USER");
    facts.kvm.openable = true;
    EXPECT_TRUE(mentions(about(facts, "kvm"), "makes no virtual machine"));
    facts.module_btf = false;
    EXPECT_EQ(about(facts, "btf").kind, Kind::note);
    facts.kernel_btf = false;
    EXPECT_EQ(about(facts, "btf").kind, Kind::note);
    EXPECT_FALSE(any_trouble(find_troubles(facts)));
}

TEST(Doctor, SaysItInLinesAndAsJson) {
    DoctorFacts facts = healthy();
    facts.host_module.loaded = false;
    const auto findings = find_troubles(facts);
    const std::string text = format_findings(findings);
    EXPECT_NE(text.find("ok       kernel   6.1.0-56-amd64 (supported: 6.1 to 6.12)\n"
                        "trouble  module   vhost_net_coal is not loaded\n"
                        "                  -> modprobe vhost_net_coal\n"),
              std::string::npos)
        << text;
    const Json json = to_json(findings);
    EXPECT_EQ(json.at("trouble"), true);
    EXPECT_EQ(json.at("findings").at(1).at("mend"), "modprobe vhost_net_coal");
    EXPECT_TRUE(json.at("findings").at(0).at("mend").is_null());
    EXPECT_EQ(to_json(find_troubles(healthy())).at("trouble"), false);
}
