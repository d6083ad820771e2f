// SPDX-License-Identifier: GPL-2.0-only
//
// The VM runner's command line, and the one it writes for QEMU.

#include "vm/options.hpp"
#include "vm/qemu.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace vcoal::vm {
namespace {

using Arguments = std::vector<std::string>;

TEST(Options, Defaults) {
    const Options options = parse_options({"--", "true"});
    EXPECT_EQ(options.action, Options::Action::run);
    EXPECT_EQ(options.kernel, "6.1");
    EXPECT_EQ(options.smp, 2u);
    EXPECT_EQ(options.memory_mib, 2048u);
    EXPECT_EQ(options.timeout, std::chrono::seconds(300));
    EXPECT_EQ(options.command, Arguments{"true"});
}

TEST(Options, TakesBothSpellingsOfAValue) {
    const Options options =
        parse_options({"--kernel=6.12", "--smp", "4", "--mem=512M", "--timeout", "9", "--", "a"});
    EXPECT_EQ(options.kernel, "6.12");
    EXPECT_EQ(options.smp, 4u);
    EXPECT_EQ(options.memory_mib, 512u);
    EXPECT_EQ(options.timeout, std::chrono::seconds(9));
    EXPECT_EQ(parse_options({"--mem", "3G", "--", "a"}).memory_mib, 3072u);
}

TEST(Options, TheCommandsOptionsAreItsOwn) {
    EXPECT_EQ(parse_options({"ls", "--icount"}).command, (Arguments{"ls", "--icount"}));
    EXPECT_EQ(parse_options({"--", "--smp", "--"}).command, (Arguments{"--smp", "--"}));
    EXPECT_FALSE(parse_options({"ls", "--icount"}).icount);
}

TEST(Options, IcountMeansOneEmulatedCpu) {
    const Options options = parse_options({"--icount", "--", "a"});
    EXPECT_EQ(options.smp, 1u);
    EXPECT_EQ(options.accel, Options::Accel::tcg);
    EXPECT_EQ(parse_options({"--icount", "--smp", "1", "--", "a"}).smp, 1u);
    EXPECT_THROW(parse_options({"--icount", "--smp", "2", "--", "a"}), UsageError);
    EXPECT_THROW(parse_options({"--icount", "--accel", "kvm", "--", "a"}), UsageError);
}

TEST(Options, RefusesNonsense) {
    for (const Arguments& arguments :
         {Arguments{}, Arguments{"--"}, Arguments{"--foo", "--", "a"}, Arguments{"--smp"},
          Arguments{"--smp", "0", "a"}, Arguments{"--smp", "two", "a"},
          Arguments{"--smp", "-1", "a"}, Arguments{"--smp", "99999999999", "a"},
          Arguments{"--mem", "1M", "a"}, Arguments{"--mem", "99G", "a"},
          Arguments{"--mem", "G", "a"}, Arguments{"--timeout", "0", "a"},
          Arguments{"--boot-timeout", "0", "a"}, Arguments{"--timeout", "", "a"},
          Arguments{"--accel", "xen", "a"}, Arguments{"--icount=1", "a"},
          Arguments{"--print-kdir", "a"}}) {
        EXPECT_THROW(parse_options(arguments), UsageError) << testing::PrintToString(arguments);
    }
}

TEST(Options, HelpExplainsEveryExitStatus) {
    for (const char* status : {"120", "121", "122", "124", "125", "126", "127", "128+N"}) {
        EXPECT_NE(help_text().find(status), std::string::npos) << status;
    }
}

const Kernel kernel{.version = "6.1.0-1-amd64", .directory = "/k/6.1.0-1-amd64", .initramfs = "/i"};

/// The value of each option @p name.
Arguments values(const Arguments& argv, const std::string& name) {
    Arguments found;
    for (size_t i = 0; i + 1 < argv.size(); ++i) {
        if (argv[i] == name) {
            found.push_back(argv[i + 1]);
        }
    }
    return found;
}

TEST(QemuArguments, SharesAreReadOnlyUnlessAskedFor) {
    const Machine machine{.kernel = kernel, .console = "/c", .append = {}};
    const Arguments argv =
        qemu_arguments(machine, {{"root", "/", false}, {"out", "/a,b", true}}, {});
    const Arguments shares = values(argv, "-virtfs");
    ASSERT_EQ(shares.size(), 2u);
    EXPECT_NE(shares[0].find("readonly=on"), std::string::npos);
    EXPECT_NE(shares[1].find("readonly=off"), std::string::npos);
    EXPECT_NE(shares[1].find("path=/a,,b,"), std::string::npos) << "a comma ends the path";
}

TEST(QemuArguments, IcountLeavesNothingToChance) {
    const Machine machine{.kernel = kernel, .icount = true, .console = "/c", .append = {}};
    const Arguments argv = qemu_arguments(machine, {}, {});
    EXPECT_EQ(values(argv, "-icount"), Arguments{"shift=0,sleep=off"});
    EXPECT_EQ(values(argv, "-cpu"), Arguments{"max,-rdrand,-rdseed"});
    EXPECT_EQ(values(argv, "-rtc").at(0).substr(0, 9), "clock=vm,");
    const std::string command_line = values(argv, "-append").at(0);
    EXPECT_NE(command_line.find("nokaslr"), std::string::npos);
    EXPECT_NE(command_line.find("norandmaps"), std::string::npos);
}

/// QEMU 7.2 gets the flags wrong after it.
TEST(QemuArguments, SeveralCpusHaveNoCmpxchg16b) {
    const Machine machine{.kernel = kernel, .console = "/c", .append = {}};
    EXPECT_EQ(values(qemu_arguments(machine, {}, {}), "-cpu"), Arguments{"max,-cx16"});
}

TEST(QemuArguments, APanicEndsTheMachine) {
    const Machine machine{.kernel = kernel, .console = "/c", .append = "more"};
    const Arguments argv = qemu_arguments(machine, {}, {});
    EXPECT_NE(std::ranges::find(argv, "-no-reboot"), argv.end());
    const std::string command_line = values(argv, "-append").at(0);
    EXPECT_NE(command_line.find("panic=-1"), std::string::npos);
    EXPECT_TRUE(command_line.ends_with(" more"));
}

TEST(QemuArguments, PortsGoByName) {
    const Machine machine{.kernel = kernel, .console = "/c", .append = {}};
    const Arguments argv = qemu_arguments(machine, {}, {{"vcoal.control", 17}});
    EXPECT_EQ(values(argv, "-chardev").at(1), "socket,id=vcoal.control,fd=17");
}

TEST(QemuArguments, TheCallersComeLast) {
    const Options options =
        parse_options({"--qemu", "-device", "--qemu=virtio-rng-pci,id=a=b", "--", "true"});
    const Machine machine{.kernel = kernel, .console = "/c", .append = {}, .qemu = options.qemu};
    const Arguments argv = qemu_arguments(machine, {}, {});
    EXPECT_EQ(argv.back(), "virtio-rng-pci,id=a=b");
    EXPECT_EQ(argv.at(argv.size() - 2), "-device");
}

} // namespace
} // namespace vcoal::vm
