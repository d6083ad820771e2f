// SPDX-License-Identifier: GPL-2.0-only
//
// A whole machine, with our guest driver on QEMU's network card, goes to sleep and wakes
// up again. Its root is its initramfs: the file system that the machines of tools/vm/vm
// share with this one does not survive that. VCOAL_KERNEL names the kernel; this runs in
// the top of the checkout, as root.
#include "bench/child.hpp"
#include "support/bench.hpp"
#include "support/qmp.hpp"
#include "vcoal/error.hpp"
#include "vcoal/netdev.hpp"
#include "vm/kernel.hpp"
#include "vm/log_judge.hpp"
#include "vm/qemu.hpp"
#include "vm/temporary_directory.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iostream>
#include <sched.h>

namespace vcoal::test {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

constexpr std::chrono::seconds patience{120};

/// What the machine does. It says how far it came.
constexpr const char* init = R"(#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module"; done </modules/order
insmod /modules/virtio_net_coal.ko
interface=$(ls /sys/class/net | grep -v lo)
ip address add 192.0.2.2/24 dev "$interface"
ip link set "$interface" up
reaches() { ping -c 2 -W 10 192.0.2.1 >/dev/null; }
reaches && echo "vcoal: awake"
echo mem >/sys/power/state && reaches && echo "vcoal: awake again"
echo "vcoal: end"
poweroff -f
)";

class QemuSuspend : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        const char* name = std::getenv("VCOAL_KERNEL");
        ASSERT_NE(name, nullptr) << "VCOAL_KERNEL=6.12, for example, says which kernel";
        kernel_ = vm::prepare_kernel(fs::current_path() / "tools/vm", name);
        make_initramfs();
        ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << "this runs as root";
        run({"ip", "tuntap", "add", "tap0", "mode", "tap", "vnet_hdr"});
        NetDev tap("tap0");
        tap.set_address("192.0.2.1", 24);
        tap.set_up(true);
    }

    static void run(const Strings& argv) { bench::run_program(argv, nullptr, patience); }

    /// The runner's, and after it what is different here.
    void make_initramfs() const {
        const fs::path root = directory_.path() / "root";
        const fs::path module = fs::path("build/modules") / kernel_.version /
                                "drivers/net/virtio_net_coal/virtio_net_coal.ko";
        fs::create_directories(root / "modules");
        fs::copy_file(module, root / "modules/virtio_net_coal.ko");
        std::ofstream(root / "init") << init;
        fs::permissions(root / "init", fs::perms::owner_all);
        run({"sh", "-c",
             R"(cd "$1" && { cat "$2"; find . -mindepth 1 | cpio -o -H newc --quiet; } >"$3")",
             "sh", root, kernel_.initramfs, initramfs()});
    }

    fs::path initramfs() const { return directory_.path() / "initramfs"; }
    std::string monitor() const { return directory_.path() / "monitor"; }

    /// The other one needs no firmware, but QEMU loads it anew at the reset with which a
    /// machine wakes up, over what the kernel has written since.
    fs::path compressed_kernel() const {
        return kernel_.directory / "boot" / ("vmlinuz-" + kernel_.version);
    }

    Strings machine() const {
        return {"qemu-system-x86_64",
                "-nodefaults",
                "-no-user-config",
                "-no-reboot",
                "-nic",
                "none",
                "-display",
                "none",
                "-accel",
                "tcg",
                "-cpu",
                vm::emulated_cpu,
                "-m",
                "256M",
                "-kernel",
                compressed_kernel(),
                "-initrd",
                initramfs(),
                "-append",
                "console=ttyS0 loglevel=5 panic=-1 oops=panic tsc=reliable no_console_suspend",
                "-serial",
                "stdio",
                "-qmp",
                fmt::format("unix:{},server=on,wait=off", monitor()),
                "-netdev",
                "tap,id=net,ifname=tap0,script=no,downscript=no,vhost=off",
                "-device",
                fmt::format("virtio-net-pci,netdev=net,disable-legacy=on,packed={}", GetParam())};
    }

    void wake_up() const {
        Qmp qemu(connect_to_qemu(monitor()));
        EXPECT_TRUE(eventually([&] { return qemu.run("query-status").at("status") == "suspended"; },
                               patience));
        qemu.run("system_wakeup");
    }

private:
    vm::TemporaryDirectory directory_;
    vm::Kernel kernel_;
};

INSTANTIATE_TEST_SUITE_P(Rings, QemuSuspend, testing::Values("off", "on"), [](const auto& packed) {
    return std::string(packed.param) == "on" ? "packed" : "split";
});

TEST_P(QemuSuspend, WakesUpAndGoesOn) {
    constexpr std::string_view mark = "vcoal: ";
    bench::Child qemu(machine(), nullptr, bench::Errors::output);
    Strings said;
    std::string console;
    while (auto line = qemu.read_line(patience)) {
        line->erase(line->find_last_not_of('\r') + 1);
        std::cout << "  | " << *line << std::endl;
        console += *line + "\n";
        const auto at = line->find(mark);
        if (at == std::string::npos) {
            continue;
        }
        said.push_back(line->substr(at + mark.size()));
        if (said.back() == "awake") {
            wake_up();
        }
    }
    EXPECT_EQ(said, (Strings{"awake", "awake again", "end"}));
    EXPECT_EQ(vm::judge_log(console).faults, Strings{});
    EXPECT_EQ(qemu.finish(patience).status, 0);
}

} // namespace
} // namespace vcoal::test

// The tests of other machines load modules first.
int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
