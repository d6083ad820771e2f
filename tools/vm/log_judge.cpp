// SPDX-License-Identifier: GPL-2.0-only
#include "vm/log_judge.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <span>

namespace vcoal::vm {
namespace {

struct Pattern {
    enum class Where { start, anywhere };
    Where where;
    std::string_view text;

    bool matches(std::string_view line) const {
        if (where == Where::start) {
            return line.starts_with(text);
        }
        const size_t at = line.find(text);
        // "BUG: ", but not "DEBUG: ".
        return at != std::string_view::npos &&
               (at == 0 || !std::isalnum(static_cast<unsigned char>(line[at - 1])));
    }
};

using enum Pattern::Where;

/// One of those that the agent has copied out of kmemleak's file.
constexpr Pattern leak{start, "unreferenced object 0x"};

constexpr std::string_view warning = "------------[ cut here ]------------";

constexpr std::array faults = {
    // Every WARN and BUG draws this line first, whatever its own text.
    Pattern{start, warning},
    // WARN, and lockdep's own headings.
    Pattern{start, "WARNING: "},
    // Page faults, sleeping in atomic context, KASAN, KCSAN, KFENCE, soft lockups,
    // workqueue lockups, bad pages ...
    Pattern{anywhere, "BUG: "},
    // The slab allocator leaves the colon out.
    Pattern{start, "BUG "},
    Pattern{anywhere, "kernel BUG at "},
    Pattern{anywhere, "Oops: "},
    // Exceptions in the kernel; those of a process have no comma and no colon here.
    Pattern{anywhere, "general protection fault,"},
    Pattern{anywhere, "general protection fault:"},
    Pattern{anywhere, "double fault:"},
    Pattern{anywhere, "Unable to handle kernel"},
    Pattern{anywhere, "UBSAN: "},
    // Reports of RCU, hung tasks and lockdep's minor complaints.
    Pattern{start, "INFO: task "},
    Pattern{start, "INFO: trying to register non-static key"},
    Pattern{start, "INFO: rcu"},
    Pattern{anywhere, "rcu: INFO: "},
    Pattern{anywhere, "rcu_preempt kthread starved"},
    Pattern{anywhere, "hard LOCKUP"},
    // What is left behind: memory, and references to a network device.
    leak,
    Pattern{anywhere, "unregister_netdevice: waiting for "},
    Pattern{start, "Kernel panic - not syncing"},
};

// The virtio core's words for a device that does not keep to the protocol.
constexpr std::array about_devices = {
    // A used entry names a descriptor beyond the ring, or one not in use.
    Pattern{anywhere, "out of range"},
    Pattern{anywhere, "is not a head!"},
    // virtio-net: the used length contradicts the headers in the buffer.
    Pattern{anywhere, "bad gso"},
    Pattern{anywhere, "rx error: len "},
    Pattern{anywhere, "short packet "},
    Pattern{anywhere, "buffers out of "},
};

constexpr size_t longest_report = 60;

/// What a stack trace has behind the functions of our modules.
constexpr std::array our_modules = {
    std::string_view("[vhost_net_coal]"),
    std::string_view("[virtio_net_coal]"),
    std::string_view("[virtio_loopback]"),
};

bool mentions_any(std::string_view report, std::span<const std::string_view> words) {
    return std::ranges::any_of(
        words, [&](std::string_view word) { return report.find(word) != std::string_view::npos; });
}

/// Removes "[   12.345678]" and the caller id that some kernels add, "[   T42]".
std::string_view without_stamps(std::string_view line) {
    while (line.starts_with('[')) {
        const size_t end = line.find(']');
        const std::string_view inside = line.substr(1, end == line.npos ? 0 : end - 1);
        const bool stamp = !inside.empty() && std::ranges::all_of(inside, [](unsigned char c) {
            return std::isdigit(c) || c == ' ' || c == '.' || c == 'T' || c == 'C';
        });
        if (!stamp) {
            break;
        }
        line.remove_prefix(end + 1);
        if (line.starts_with(' ')) {
            line.remove_prefix(1);
        }
    }
    return line;
}

/// Calls @p f with each line, without its end.
template <typename F>
void for_each_line(std::string_view text, F f) {
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        f(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

/// The kernel has data races of its own, which are not ours to judge. One is ours if it is
/// in our code or in what that has called: not far up a stack, and not in an interrupt, below
/// which the stack goes on with what was interrupted.
bool foreign_race(std::string_view report) {
    constexpr unsigned near = 4;
    if (report.find("BUG: KCSAN: ") == std::string_view::npos) {
        return false;
    }
    bool ours = false;
    unsigned depth = 0;
    for_each_line(report, [&](std::string_view full) {
        const std::string_view line = without_stamps(full);
        depth = line.starts_with(" asm_") ? near : depth;
        depth = line.starts_with(' ') ? depth + 1 : 0;
        ours |= depth <= near && mentions_any(line, our_modules);
    });
    return !ours;
}

/// A defect of the kernel's own: what its report says, and a function in the trace.
struct Known {
    std::string_view report;
    std::string_view function;
};

constexpr std::array known = {
    // virtio_net does not take back a command that its device did not answer before it went:
    // the indirect descriptors stay. 6.1 and 6.12.
    Known{leak.text, "virtnet_send_command"},
    // virtio_net cuts receive buffers from a page at boundaries that are not those of cache
    // lines, and maps each. 6.1.
    Known{"cacheline tracking EEXIST", "try_fill_recv"},
    // The virtio core looks and writes, in an interrupt and without a lock, at what a driver
    // changes: a hint which it says may be wrong. 6.1.
    Known{"BUG: KCSAN: data-race in virtqueue_", " vring_interrupt"},
};

bool is_known(std::string_view report) {
    return std::ranges::any_of(known, [&](const Known& k) {
        return report.find(k.report) != std::string_view::npos &&
               report.find(k.function) != std::string_view::npos;
    });
}

template <size_t N>
bool any(const std::array<Pattern, N>& patterns, std::string_view line) {
    return std::ranges::any_of(patterns, [&](const Pattern& p) { return p.matches(line); });
}

/// Gathers the lines of one report, from the first that gives it away on.
class Collector {
public:
    explicit Collector(LogFindings& findings) : findings_(findings) {}

    void line(std::string_view full) {
        const std::string_view text = without_stamps(full);
        findings_.panicked |= text.starts_with("Kernel panic - not syncing");
        if (is_leak_ && !text.starts_with("  ")) {
            end_report();
        }
        if (left_ == 0 && any(faults, text)) {
            findings_.faults.emplace_back();
            left_ = longest_report;
            is_leak_ = leak.matches(text);
        }
        if (left_ > 0) {
            append(full);
            --left_;
            // What KASAN and KCSAN write stands between two of the latter.
            if (left_ == 0 || text.starts_with("---[ end ") || text.starts_with("==========")) {
                end_report();
            }
        } else if (any(about_devices, text)) {
            ++findings_.about_devices;
        }
    }

    void end() {
        if (left_ > 0) {
            end_report();
        }
    }

private:
    void end_report() {
        left_ = 0;
        is_leak_ = false;
        if (foreign_race(findings_.faults.back())) {
            findings_.faults.pop_back();
            ++findings_.foreign_races;
        } else if (is_known(findings_.faults.back())) {
            findings_.warned |= findings_.faults.back().find(warning) != std::string::npos;
            findings_.faults.pop_back();
            ++findings_.known;
        }
    }

    void append(std::string_view full) {
        findings_.faults.back() += full;
        findings_.faults.back() += '\n';
    }

    LogFindings& findings_;
    size_t left_ = 0;
    bool is_leak_ = false;
};

struct Taint {
    unsigned bit;
    std::string_view meaning;
};

constexpr unsigned taint_warned = 9;
constexpr unsigned taint_out_of_tree = 12;
constexpr unsigned taint_unsigned = 13;

constexpr std::array taints = {
    Taint{0, "P: proprietary module"},
    Taint{1, "F: module loaded by force"},
    Taint{2, "S: CPU out of specification"},
    Taint{3, "R: module unloaded by force"},
    Taint{4, "M: machine check"},
    Taint{5, "B: bad page"},
    Taint{6, "U: asked for by a user"},
    Taint{7, "D: the kernel died (Oops or BUG)"},
    Taint{8, "A: ACPI table replaced"},
    Taint{taint_warned, "W: a warning was printed"},
    Taint{10, "C: staging driver"},
    Taint{11, "I: firmware bug worked around"},
    Taint{14, "L: soft lockup"},
    Taint{15, "K: live patched"},
    Taint{16, "X: distribution's own"},
    Taint{17, "T: structures randomised"},
    Taint{18, "N: in-kernel test ran"},
};

} // namespace

LogFindings judge_log(std::string_view log) {
    LogFindings findings;
    Collector collector(findings);
    for_each_line(log, [&](std::string_view line) { collector.line(line); });
    collector.end();
    return findings;
}

bool ran_phantom_breakpoint(std::string_view log) {
    const size_t death = log.find("int3: 0000 [#1]");
    if (death == std::string_view::npos) {
        return false;
    }
    const size_t line = log.rfind('\n', death) + 1;
    if (!judge_log(log.substr(0, line)).faults.empty()) {
        return false;
    }
    // "Code: 31 c0 66 <90> 0f": the CPU has gone past the byte before the marked one.
    constexpr std::string_view label = "Code: ";
    constexpr std::string_view breakpoint = "cc ";
    const size_t at = log.find(label, death);
    if (at == std::string_view::npos) {
        return false;
    }
    std::string_view code = log.substr(at + label.size());
    code = code.substr(0, code.find('\n'));
    const size_t mark = code.find('<');
    return mark != std::string_view::npos && mark >= breakpoint.size() &&
           code.substr(mark - breakpoint.size(), breakpoint.size()) != breakpoint;
}

std::vector<std::string> bad_taints(std::uint64_t mask, const LogFindings& findings) {
    mask &= ~(1ULL << taint_out_of_tree | 1ULL << taint_unsigned);
    if (findings.warned) {
        mask &= ~(1ULL << taint_warned);
    }
    std::vector<std::string> names;
    for (const Taint& taint : taints) {
        if (mask & 1ULL << taint.bit) {
            names.emplace_back(taint.meaning);
        }
        mask &= ~(1ULL << taint.bit);
    }
    if (mask != 0) {
        names.push_back("unknown bits " + std::to_string(mask));
    }
    return names;
}

} // namespace vcoal::vm
