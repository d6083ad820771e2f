// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/error.hpp"
#include "vm/accel.hpp"
#include "vm/files.hpp"
#include "vm/job.hpp"
#include "vm/log_judge.hpp"
#include "vm/options.hpp"
#include "vm/session.hpp"
#include "vm/temporary_directory.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>
#include <optional>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace vcoal;
using namespace vcoal::vm;
namespace fs = std::filesystem;

std::string random_nonce() {
    std::array<unsigned char, 16> bytes;
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw Error("nonce", "getrandom", errno);
    }
    std::string text;
    for (const unsigned char byte : bytes) {
        text += fmt::format("{:02x}", byte);
    }
    return text;
}

bool same_file(int a, int b) {
    struct stat first {
    }, second{};
    return ::fstat(a, &first) == 0 && ::fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

bool passed_on(std::string_view variable) {
    for (const std::string_view name : {"PATH=", "LANG=", "TERM="}) {
        if (variable.starts_with(name)) {
            return true;
        }
    }
    for (const std::string_view prefix : {"LC_", "GTEST_", "VCOAL_"}) {
        if (variable.starts_with(prefix)) {
            return true;
        }
    }
    return false;
}

std::vector<std::string> guest_environment(const Options& options, const Kernel& kernel,
                                           const fs::path& checkout) {
    std::vector<std::string> environment{"HOME=/root"};
    for (char** variable = environ; *variable != nullptr; ++variable) {
        if (passed_on(*variable)) {
            environment.emplace_back(*variable);
        }
    }
    // The last of two wins, so a runner within a runner is not misled.
    environment.push_back("VCOAL_KERNEL=" + kernel.version);
    environment.push_back("VCOAL_CHECKOUT=" + checkout.string());
    environment.push_back("VCOAL_MODULES=" +
                          (checkout / "build/modules" / kernel.version).string());
    if (!options.out.empty()) {
        environment.push_back(std::string("VCOAL_OUT=") + guest_out);
    }
    if (options.icount) {
        environment.emplace_back("VCOAL_ICOUNT=1");
    }
    return environment;
}

/// The project's directory, by the launcher's word.
fs::path find_checkout() {
    const char* path = std::getenv("VCOAL_CHECKOUT");
    if (path == nullptr) {
        throw Error("vm-run", "VCOAL_CHECKOUT is not set", 0, "start it by tools/vm/vm");
    }
    return path;
}

std::string describe(const Options& options, const Kernel& kernel, const Accelerator& accel) {
    return fmt::format("{} ({} CPU{}; {})", kernel.version, options.smp, options.smp > 1 ? "s" : "",
                       accel.reason);
}

int report(const Verdict& verdict, const Outcome& outcome, const fs::path& console) {
    for (const std::string& line : verdict.lines) {
        fmt::print(stderr, "{}\n", line);
    }
    if (!verdict.keep_log) {
        fs::remove(console);
        return verdict.exit_status;
    }
    if (outcome.report.kernel_log) {
        write_file(console, outcome.console + "--- kernel log ---\n" + *outcome.report.kernel_log);
    }
    fmt::print(stderr, "vm: the log is in {}\n", console.string());
    return verdict.exit_status;
}

/// As many as are started until one is not spoilt by the emulator.
constexpr int most_machines = 3;

/// Whether the machine ended before it had booted, and no kernel said why. QEMU that ends
/// with a status of its own did not like what it was told.
bool died_in_boot(const Outcome& outcome) {
    const bool refused = WIFEXITED(outcome.qemu_status) && WEXITSTATUS(outcome.qemu_status) != 0;
    return outcome.end == End::machine_ended && !outcome.report.up && !refused &&
           !judge_log(outcome.console).panicked;
}

/// What the emulator did wrong; nothing if all that happened is the kernel's doing.
std::string emulator_failure(const Options& options, const Machine& machine,
                             const Outcome& outcome) {
    if (outcome.end == End::boot_timeout) {
        return fmt::format("the machine did not boot within {} s", options.boot_timeout.count());
    }
    if (!machine.kvm && outcome.end == End::machine_ended &&
        ran_phantom_breakpoint(outcome.console)) {
        return "QEMU executed a breakpoint that is not in the kernel's memory: its defect, not "
               "the kernel's";
    }
    if (died_in_boot(outcome)) {
        return "the machine ended before it had booted, and its kernel did not panic";
    }
    return {};
}

/// One machine from its start to its end.
/// @param last it has all the time for its boot, for it is not started again
Outcome run_machine(const Options& options, const Machine& machine, const std::string& description,
                    const fs::path& checkout, bool last) {
    const TemporaryDirectory job(checkout / "build/vm");
    Command command{.nonce = random_nonce(),
                    .directory = fs::current_path(),
                    .environment = guest_environment(options, machine.kernel, checkout),
                    .argv = options.command,
                    .merge_output = same_file(STDOUT_FILENO, STDERR_FILENO)};
    write_job(job.path(), machine.kernel,
              {.checkout = checkout,
               .agent = fs::read_symlink("/proc/self/exe").parent_path() / "vm-agent",
               .out = !options.out.empty()},
              command);
    Run run{.machine = machine,
            .shares = {{"vcoal-root", "/", false}, {"vcoal-job", job.path(), false}},
            .nonce = command.nonce,
            .merge_output = command.merge_output,
            .timeout = options.timeout,
            .boot_timeout = last ? std::nullopt : std::optional(options.boot_timeout),
            .qemu_messages = job.path() / "qemu"};
    if (!options.out.empty()) {
        run.shares.push_back({"vcoal-out", fs::absolute(options.out), true});
    }

    Progress progress;
    progress.booting(description);
    Outcome outcome = run_session(run, progress);
    outcome.qemu_messages = read_file(run.qemu_messages);
    if (fs::exists(machine.console)) {
        outcome.console = read_file(machine.console);
    }
    return outcome;
}

int run(const Options& options, const Kernel& kernel, const fs::path& checkout) {
    fs::create_directories(checkout / "build/vm");
    if (!options.out.empty()) {
        fs::create_directories(options.out);
    }
    const Accelerator accel = choose_accelerator(options.accel, options.icount, kernel);
    const Machine machine{.kernel = kernel,
                          .kvm = accel.kvm,
                          .icount = options.icount,
                          .smp = options.smp,
                          .memory_mib = options.memory_mib,
                          .console = checkout / fmt::format("build/vm/console-{}.log", ::getpid()),
                          .append = {},
                          .qemu = options.qemu};
    const std::string description = describe(options, kernel, accel);
    for (int left = most_machines - 1;; --left) {
        const Outcome outcome = run_machine(options, machine, description, checkout, left == 0);
        const std::string failure = emulator_failure(options, machine, outcome);
        if (left == 0 || failure.empty()) {
            return report(judge(outcome), outcome, machine.console);
        }
        fmt::print(stderr, "vm: {}; starting again\n", failure);
    }
}

int act(const Options& options) {
    if (options.action == Options::Action::help) {
        fmt::print("{}", help_text());
        return 0;
    }
    const fs::path checkout = find_checkout();
    const Kernel kernel = prepare_kernel(checkout / "tools/vm", options.kernel);
    if (options.action == Options::Action::print_kdir) {
        fmt::print("{}\n", kernel.build().string());
    }
    if (options.action != Options::Action::run) {
        return 0;
    }
    block_signals();
    return run(options, kernel, checkout);
}

} // namespace

int main(int argc, char** argv) {
    try {
        return act(parse_options({argv + 1, argv + argc}));
    } catch (const std::exception& error) {
        fmt::print(stderr, "vm: {}\n", error.what());
        return exit_cannot_run;
    }
}
