// SPDX-License-Identifier: GPL-2.0-only
#include "vm/verdict.hpp"

#include "vm/log_judge.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <sys/wait.h>

namespace vcoal::vm {
namespace {

constexpr size_t shown_faults = 3;
constexpr size_t shown_console_lines = 30;

void add_text(Verdict& verdict, std::string_view text) {
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        verdict.lines.emplace_back("    " + std::string(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

void add_faults(Verdict& verdict, const LogFindings& findings) {
    for (size_t i = 0; i < std::min(findings.faults.size(), shown_faults); ++i) {
        add_text(verdict, findings.faults[i]);
    }
    if (findings.faults.size() > shown_faults) {
        verdict.lines.push_back(
            fmt::format("    ... and {} more", findings.faults.size() - shown_faults));
    }
}

std::string_view tail(std::string_view text, size_t lines) {
    while (text.ends_with('\n')) {
        text.remove_suffix(1);
    }
    size_t at = text.size();
    for (size_t i = 0; i < lines && at != std::string_view::npos && at > 0; ++i) {
        at = text.rfind('\n', at - 1);
    }
    return at == std::string_view::npos || at == 0 ? text : text.substr(at + 1);
}

/// The console is all there is when the agent could not finish.
void add_console(Verdict& verdict, const Outcome& outcome) {
    const LogFindings findings = judge_log(outcome.console);
    if (!findings.faults.empty()) {
        add_faults(verdict, findings);
    } else if (!outcome.console.empty()) {
        verdict.lines.emplace_back("vm: the end of the console:");
        add_text(verdict, tail(outcome.console, shown_console_lines));
    }
    add_text(verdict, outcome.qemu_messages);
}

Verdict machine_ended(const Outcome& outcome) {
    Verdict verdict{.exit_status = exit_machine_ended, .lines = {}, .keep_log = true};
    const std::string when = outcome.report.up ? "while the command ran" : "before it had booted";
    if (judge_log(outcome.console).panicked) {
        verdict.exit_status = exit_panic;
        verdict.lines.push_back("vm: FAILED: kernel panic " + when);
    } else {
        if (!outcome.report.up) {
            verdict.exit_status = exit_cannot_run;
        }
        verdict.lines.push_back("vm: FAILED: the machine switched off or crashed " + when);
    }
    add_console(verdict, outcome);
    return verdict;
}

Verdict timed_out(const Outcome& outcome) {
    Verdict verdict{.exit_status = exit_timeout, .lines = {}, .keep_log = true};
    verdict.lines.push_back(
        fmt::format("vm: FAILED: {} within {} s (--timeout)",
                    outcome.report.up ? "the command did not end" : "the machine did not boot",
                    outcome.timeout.count()));
    if (!outcome.report.running.empty()) {
        verdict.lines.emplace_back(
            "vm: still running in the machine (CPUs and tasks: see the log):");
    }
    for (const std::string& process : outcome.report.running) {
        add_text(verdict, process);
    }
    if (outcome.report.running.empty() || !judge_log(outcome.console).faults.empty()) {
        add_console(verdict, outcome);
    }
    return verdict;
}

Verdict interrupted(const Outcome& outcome) {
    return {.exit_status = exit_signal_base + outcome.signal,
            .lines = {fmt::format("vm: interrupted by {}", ::strsignal(outcome.signal))},
            .keep_log = false};
}

void judge_command(Verdict& verdict, const Report& report) {
    if (report.exec_error) {
        verdict.exit_status = *report.exec_error == ENOENT ? exit_not_found : exit_cannot_execute;
        verdict.lines.push_back(fmt::format("vm: FAILED: cannot execute the command: {}",
                                            std::strerror(*report.exec_error)));
    } else if (WIFSIGNALED(*report.wait_status)) {
        const int signal = WTERMSIG(*report.wait_status);
        verdict.exit_status = exit_signal_base + signal;
        verdict.lines.push_back(fmt::format("vm: FAILED: the command was ended by signal {} ({})",
                                            signal, ::strsignal(signal)));
    } else {
        verdict.exit_status = WEXITSTATUS(*report.wait_status);
    }
}

void fault(Verdict& verdict, std::string line) {
    verdict.exit_status = exit_kernel_fault;
    verdict.lines.push_back(std::move(line));
}

/// @param status  the command's, which the fault hides
std::string beside(int status) {
    return status == 0 ? "" : fmt::format("; the command's status was {}", status);
}

void judge_kernel(Verdict& verdict, const Report& report) {
    const int status = verdict.exit_status;
    const LogFindings findings = judge_log(*report.kernel_log);
    if (!findings.faults.empty()) {
        fault(verdict,
              fmt::format("vm: FAILED: the kernel reported {} fault{}{}", findings.faults.size(),
                          findings.faults.size() > 1 ? "s" : "", beside(status)));
        add_faults(verdict, findings);
    }
    for (const std::string& taint : bad_taints(*report.taint, findings)) {
        fault(verdict,
              fmt::format("vm: FAILED: the kernel is tainted, {}{}", taint, beside(status)));
    }
    for (const std::string& process : report.stuck) {
        fault(verdict, fmt::format("vm: FAILED: SIGKILL does not end process {}{}", process,
                                   beside(status)));
    }
    if (report.lost_records > 0) {
        fault(verdict, fmt::format("vm: FAILED: {} lines of the kernel log were overwritten before "
                                   "they could be judged; log less{}",
                                   report.lost_records, beside(status)));
    }
    if (findings.about_devices > 0) {
        verdict.lines.push_back(
            fmt::format("vm: the kernel complained {} times about a device that breaks the rules",
                        findings.about_devices));
    }
    if (findings.foreign_races > 0) {
        verdict.lines.push_back(fmt::format(
            "vm: the kernel reported {} data races of its own, without our modules in them",
            findings.foreign_races));
    }
    if (findings.known > 0) {
        verdict.lines.push_back(
            fmt::format("vm: the kernel reported {} errors that its own modules are known to have",
                        findings.known));
    }
}

} // namespace

Verdict judge(const Outcome& outcome) {
    switch (outcome.end) {
    case End::machine_ended:
        return machine_ended(outcome);
    case End::boot_timeout:
    case End::timeout:
        return timed_out(outcome);
    case End::interrupted:
        return interrupted(outcome);
    case End::reported:
        break;
    }
    if (!outcome.report.complete) {
        return machine_ended(outcome);
    }
    Verdict verdict;
    judge_command(verdict, outcome.report);
    judge_kernel(verdict, outcome.report);
    verdict.keep_log = verdict.exit_status != 0;
    return verdict;
}

} // namespace vcoal::vm
