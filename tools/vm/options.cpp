// SPDX-License-Identifier: GPL-2.0-only
#include "vm/options.hpp"

#include <charconv>
#include <optional>
#include <string_view>

namespace vcoal::vm {
namespace {

/// Walks over the arguments; an option's value is the next one or follows a '='.
class Arguments {
public:
    explicit Arguments(const std::vector<std::string>& args) : args_(args) {}

    bool next() {
        if (at_ == args_.size()) {
            return false;
        }
        std::string_view arg = args_[at_++];
        const size_t equals = arg.find('=');
        inline_value_.reset();
        if (arg.starts_with("--") && equals != std::string_view::npos) {
            inline_value_ = arg.substr(equals + 1);
            arg = arg.substr(0, equals);
        }
        name_ = arg;
        return true;
    }

    std::string_view name() const { return name_; }
    bool has_inline_value() const { return inline_value_.has_value(); }

    std::string value() {
        if (inline_value_) {
            return std::string(*inline_value_);
        }
        if (at_ == args_.size()) {
            throw UsageError(std::string(name_) + " needs a value");
        }
        return args_[at_++];
    }

    unsigned number(unsigned least, unsigned most) { return number(value(), least, most); }

    unsigned number(const std::string& text, unsigned least, unsigned most) const {
        unsigned n = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
        if (error != std::errc() || end != text.data() + text.size() || n < least || n > most) {
            throw UsageError(std::string(name_) + ": '" + text + "' is not a number from " +
                             std::to_string(least) + " to " + std::to_string(most));
        }
        return n;
    }

    std::vector<std::string> rest() const {
        return {args_.begin() + static_cast<ptrdiff_t>(at_), args_.end()};
    }
    void back() { --at_; }

private:
    const std::vector<std::string>& args_;
    size_t at_ = 0;
    std::string_view name_;
    std::optional<std::string_view> inline_value_;
};

unsigned memory(Arguments& args) {
    std::string text = args.value();
    unsigned factor = 1;
    if (text.ends_with('G')) {
        factor = 1024;
    }
    if (text.ends_with('G') || text.ends_with('M')) {
        text.pop_back();
    }
    return args.number(text, factor == 1 ? 256 : 1, 65536 / factor) * factor;
}

Options::Accel accel(const std::string& name) {
    if (name == "tcg") {
        return Options::Accel::tcg;
    }
    if (name == "kvm") {
        return Options::Accel::kvm;
    }
    throw UsageError("--accel: '" + name + "' is neither tcg nor kvm");
}

bool parse_flag(Arguments& args, Options& options) {
    if (args.name() == "--icount") {
        options.icount = true;
    } else if (args.name() == "--print-kdir") {
        options.action = Options::Action::print_kdir;
    } else if (args.name() == "--prepare") {
        options.action = Options::Action::prepare;
    } else if (args.name() == "--help" || args.name() == "-h") {
        options.action = Options::Action::help;
    } else {
        return false;
    }
    if (args.has_inline_value()) {
        throw UsageError(std::string(args.name()) + " takes no value");
    }
    return true;
}

bool parse_setting(Arguments& args, Options& options, bool& smp_given) {
    if (args.name() == "--kernel") {
        options.kernel = args.value();
    } else if (args.name() == "--accel") {
        options.accel = accel(args.value());
    } else if (args.name() == "--smp") {
        options.smp = args.number(1, 64), smp_given = true;
    } else if (args.name() == "--mem") {
        options.memory_mib = memory(args);
    } else if (args.name() == "--timeout") {
        options.timeout = std::chrono::seconds(args.number(1, 86400));
    } else if (args.name() == "--boot-timeout") {
        options.boot_timeout = std::chrono::seconds(args.number(1, 86400));
    } else if (args.name() == "--out") {
        options.out = args.value();
    } else if (args.name() == "--qemu") {
        options.qemu.push_back(args.value());
    } else {
        return false;
    }
    return true;
}

void check(Options& options, bool smp_given) {
    if (options.icount) {
        if (smp_given && options.smp != 1) {
            throw UsageError("--icount counts the instructions of one CPU; leave out --smp");
        }
        if (options.accel == Options::Accel::kvm) {
            throw UsageError("--icount needs TCG; leave out --accel kvm");
        }
        options.accel = Options::Accel::tcg;
        options.smp = 1;
    }
    if (options.action == Options::Action::run && options.command.empty()) {
        throw UsageError("no command; usage: vm [OPTION...] -- COMMAND...");
    }
    if (options.action != Options::Action::run && !options.command.empty()) {
        throw UsageError("a command makes no sense here");
    }
}

} // namespace

Options parse_options(const std::vector<std::string>& args) {
    Options options;
    bool smp_given = false;
    Arguments walk(args);
    while (walk.next()) {
        const std::string_view name = walk.name();
        if (name == "--") {
            options.command = walk.rest();
            break;
        }
        if (!name.starts_with('-')) {
            walk.back();
            options.command = walk.rest();
            break;
        }
        if (!parse_flag(walk, options) && !parse_setting(walk, options, smp_given)) {
            throw UsageError("unknown option " + std::string(name) + "; see --help");
        }
    }
    if (options.action != Options::Action::help) {
        check(options, smp_given);
    }
    return options;
}

std::string help_text() {
    return R"(usage: vm [OPTION...] -- COMMAND...

Runs COMMAND as root in a throw-away virtual machine. It sees this machine's file
system, but what it writes is gone afterwards; /tmp and /run are empty there. The
kernel's own modules can be loaded by modprobe, the project's by insmod.

  --kernel V      6.1 (default), 6.12, 6.1-rt, 6.12-cloud, ... or a full version
                  such as 6.1.0-56-amd64; fetched from Debian at the first use
  --smp N         number of CPUs (2)
  --mem N[M|G]    memory (2G)
  --timeout S     kill the machine after S seconds (300)
  --boot-timeout S  start the machine again when it is not up after S seconds (60)
  --out DIR       make DIR, which is created, writable in the machine: VCOAL_OUT
  --icount        one CPU whose clock counts executed instructions, nothing random:
                  figures that do not depend on how fast or busy this machine is.
                  The clock leaps while the guest waits for the host's files: copy
                  what is measured to /tmp first
  --qemu ARG      add ARG to QEMU's command line, for devices that the command is to
                  find: --qemu=-device --qemu=virtio-rng-pci; any number of times
  --accel tcg|kvm instead of probing whether KVM works here
  --prepare       fetch the kernel and build what booting needs, do not boot
  --print-kdir    the same, and print the directory to build modules against
  --help

The command's environment: PATH, LANG, LC_*, TERM, GTEST_* and VCOAL_* of the
caller, HOME=/root and
  VCOAL_KERNEL    the full kernel version
  VCOAL_MODULES   build/modules/<version>, where `make modules` puts them
  VCOAL_CHECKOUT  the project's directory
  VCOAL_OUT       the directory of --out, if given
  VCOAL_ICOUNT    1 with --icount

Exit status: the command's own, 128+N if signal N ended it, or
  120   the machine switched off, rebooted or crashed before the command ended
  121   the command ended, but the kernel reported a fault (WARN, BUG, Oops, KASAN,
        lockdep, hung task, RCU stall, leak), is tainted by more than O and E, or
        holds a process that cannot be killed; this precedes the command's status
  122   kernel panic
  124   timeout: the command hung, or the machine did not boot
  125   the virtual machine could not be started
  126   the command cannot be executed, 127 it was not found
  130   interrupted by SIGINT; 129 SIGHUP, 143 SIGTERM
A message on standard error that begins with "vm:" tells these from a command
which happens to use the same number.

QEMU, when it emulates several CPUs, now and then executes a breakpoint that is not
in memory (any more), of which the kernel dies; now and then it stands still, or ends,
before the kernel has booted. Then, and only then, the machine is started again, up to
twice, and COMMAND runs from its beginning.
)";
}

} // namespace vcoal::vm
