// SPDX-License-Identifier: GPL-2.0-only
//
// Which files are one device, and which device a name means.
#include "host_fixture.hpp"
#include "vcoal/error.hpp"
#include "vcoal/host_device.hpp"

#include <cerrno>
#include <gtest/gtest.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

using Devices = std::vector<HostDevice>;

std::string ids_of(const Devices& devices) {
    std::string ids;
    for (const HostDevice& device : devices) {
        ids += (ids.empty() ? "" : " ") + device_ids(device);
    }
    return ids;
}

/// What a name finds: ids, or the error.
std::string found(const Devices& devices, const std::string& name) {
    try {
        return device_ids(find_device(devices, name));
    } catch (const UsageError& error) {
        return error.what();
    }
}

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST(HostDevice, FilesOfOneOwnerAtOneInterfaceAreOneDevice) {
    const Devices devices = group_devices(
        {file_of(9, 100, 5, "vnet0"), file_of(3, 100, 5, "vnet0"), file_of(4, 100, 5, "vnet0")});
    EXPECT_EQ(ids_of(devices), "3,4,9");
    EXPECT_EQ(find_queue(devices.at(0), 2).id, 9U) << "queue 2 is the third by id";
}

TEST(HostDevice, WhateverDiffersMakesAnother) {
    HostFile other_user = file_of(5, 100, 5, "vnet0");
    other_user.uid = 1000;
    const Devices devices =
        group_devices({file_of(1, 100, 5, "vnet0"), file_of(2, 101, 5, "vnet0"),
                       file_of(3, 100, 6, "vnet1"), file_of(4, 100, 5, "vnet0", 2), other_user});
    EXPECT_EQ(ids_of(devices), "1 2 3 4 5");
}

TEST(HostDevice, WithoutBackEndEachFileIsADevice) {
    EXPECT_EQ(ids_of(group_devices({file_of(1, 100, 0, ""), file_of(2, 100, 0, "")})), "1 2");
}

TEST(HostDevice, AnOwnerThatCannotBeSeenIsOne) {
    HostFile a = file_of(1, 0, 5, "vnet0");
    a.pid.reset();
    a.uid.reset();
    HostFile b = a;
    b.id = 2;
    EXPECT_EQ(ids_of(group_devices({a, b})), "1,2");
}

TEST(HostDevice, IsFoundByIdInterfaceAndPid) {
    const Devices devices = group_devices(
        {file_of(1, 100, 5, "vnet0"), file_of(2, 100, 5, "vnet0"), file_of(3, 200, 6, "vnet1")});
    EXPECT_EQ(found(devices, "1"), "1,2");
    EXPECT_EQ(found(devices, "2"), "1,2");
    EXPECT_EQ(found(devices, "vnet1"), "3");
    EXPECT_EQ(found(devices, "pid:100"), "1,2");
}

TEST(HostDevice, AnUnknownNameIsAnErrorThatNamesAll) {
    const Devices devices = group_devices({file_of(1, 100, 5, "vnet0"), file_of(3, 200, 6, "x")});
    for (const std::string name : {"4", "vnet", "pid:1", "pid:", "", "01", "1 ", "qemu", "all"}) {
        const std::string text = found(devices, name);
        EXPECT_TRUE(mentions(text, "ENODEV")) << name << ": " << text;
        EXPECT_TRUE(mentions(text, "id 1 (qemu (pid 100), interface vnet0, netns 1)")) << text;
        EXPECT_TRUE(mentions(text, "id 3 (qemu (pid 200), interface x, netns 1)")) << text;
    }
    EXPECT_TRUE(mentions(found({}, "vnet0"), "there is no device"));
}

TEST(HostDevice, AnAmbiguousNameIsAnErrorThatNamesTheCandidates) {
    const Devices devices = group_devices(
        {file_of(1, 100, 5, "vnet0", 1), file_of(2, 200, 5, "vnet0", 2), file_of(3, 300, 7, "x")});
    const std::string text = found(devices, "vnet0");
    EXPECT_TRUE(mentions(text, "ENOTUNIQ")) << text;
    EXPECT_TRUE(mentions(text, "id 1 (")) << text;
    EXPECT_TRUE(mentions(text, "id 2 (")) << text;
    EXPECT_FALSE(mentions(text, "id 3 (")) << text;
    EXPECT_EQ(found(devices, "2"), "2");
}

TEST(HostDevice, OneProcessWithTwoCardsIsAmbiguousByPid) {
    const Devices devices = group_devices({file_of(1, 100, 5, "a"), file_of(2, 100, 6, "b")});
    EXPECT_TRUE(mentions(found(devices, "pid:100"), "ENOTUNIQ"));
    EXPECT_EQ(found(devices, "b"), "2");
}

TEST(HostDevice, AnInterfaceNamedAsAnIdIsAmbiguous) {
    const Devices devices = group_devices({file_of(1, 100, 5, "2"), file_of(2, 200, 6, "b")});
    EXPECT_TRUE(mentions(found(devices, "2"), "ENOTUNIQ"));
    EXPECT_EQ(found(devices, "1"), "1");
    // Its own interface is no other device.
    EXPECT_EQ(found(group_devices({file_of(2, 200, 6, "2")}), "2"), "2");
}

TEST(HostDevice, AFileWithoutInterfaceIsNotFoundByAnEmptyName) {
    EXPECT_TRUE(mentions(found(group_devices({file_of(1, 100, 0, "")}), ""), "ENODEV"));
}

TEST(HostDevice, AQueueBeyondTheLastIsAnErrorThatNamesThem) {
    const Devices devices = group_devices(
        {file_of(1, 100, 5, "vnet0"), file_of(2, 100, 5, "vnet0"), file_of(3, 200, 6, "vnet1")});
    const auto text = [](const HostDevice& device, unsigned queue) -> std::string {
        try {
            find_queue(device, queue);
            return "";
        } catch (const UsageError& error) {
            return error.what();
        }
    };
    EXPECT_EQ(text(devices.at(0), 1), "");
    EXPECT_TRUE(mentions(text(devices.at(0), 2), "it has the queues 0 to 1"));
    EXPECT_TRUE(mentions(text(devices.at(0), 0xffffffff), "queue 4294967295"));
    EXPECT_TRUE(mentions(text(devices.at(1), 1), "it has queue 0 alone"));
}

/// A process may call itself what it likes.
TEST(HostDevice, HostileNamesDoNotReachTheTerminal) {
    HostFile file = file_of(1, 100, 5, "a\tb");
    file.comm = "\x1b[2Jx\n\xff\x7f";
    const HostDevice device{{file}};
    EXPECT_EQ(describe_owner(file), "\\x1b[2Jx\\x0a\\xff\\x7f (pid 100)");
    EXPECT_EQ(device_label(device), "a\\x09b (id 1)");
    EXPECT_EQ(file_label(file), "a\\x09b (id 1)");
    for (const char c : found({device}, "\x1b[1m")) {
        EXPECT_TRUE(c >= ' ' && c <= '~');
    }
}
