// SPDX-License-Identifier: GPL-2.0-only
//
// The same answers as vhost-net: every call of support/vhost_calls.cpp in every state,
// on our node and on the in-tree one. What is answered otherwise is in the list of
// differences, with its reason, or it fails the test. Calls about workers are those of
// vhost-scsi, the only in-tree device that has them.
#include "support/modules.hpp"
#include "support/vhost_calls.hpp"
#include "support/vhost_states.hpp"
#include "vcoal/error.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <unistd.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

std::string text(const Answer& answer) {
    return answer.value == 0 ? errno_name(answer.code)
                             : fmt::format("{} ({:#x})", errno_name(answer.code), answer.value);
}

struct Difference {
    const char* call; ///< name; what stands for a '*' at its beginning or end is left open
    const char* reason;
};

constexpr Difference from_vhost_net[] = {
    {"SET_FEATURES NOTF_COAL", "our reason for being"},
    {"SET_FEATURES VQ_NOTF_COAL", "our reason for being"},
    {"SET_BACKEND_FEATURES COAL", "our reason for being"},
    {"SET_FEATURES RING_PACKED", "in-tree only split rings"},
    {"*VRING_ENDIAN*", "in-tree only with VHOST_CROSS_ENDIAN_LEGACY, which x86 lacks"},
    {"SET_MEM_TABLE 65 regions", "room for guests whose memory can grow"},
    {"SET_MEM_TABLE overlapping regions", "here a guest address means one place"},
    {"SET_MEM_TABLE the same region twice", "here a guest address means one place"},
    {"*WORKER*", "in-tree only vhost-scsi has workers that can be attached"},
};

constexpr Difference from_vhost_scsi[] = {
    {"*of vring 2", "vhost-scsi has more vrings"},
};

bool matches(std::string_view pattern, std::string_view name) {
    const bool begins = !pattern.starts_with('*');
    const bool ends = !pattern.ends_with('*');
    pattern.remove_prefix(begins ? 0 : 1);
    pattern.remove_suffix(ends ? 0 : 1);
    if (begins && ends) {
        return name == pattern;
    }
    if (begins || ends) {
        return begins ? name.starts_with(pattern) : name.ends_with(pattern);
    }
    return name.find(pattern) != std::string_view::npos;
}

/// The two nodes side by side. They are set up anew after every call that may have
/// changed something, which one that failed must not.
class SideBySide {
public:
    SideBySide(State state, const char* in_tree_node) : state_(state), node_(in_tree_node) {
        tap_.set_header_size(sizeof(virtio_net_hdr_v1));
    }

    std::pair<Answer, Answer> ask(const VhostCall& call) {
        if (!ours_) {
            ours_.emplace(vhost_node, tap_, state_);
            in_tree_.emplace(node_, tap_, state_);
        }
        const std::pair answers{call.call(*ours_), call.call(*in_tree_)};
        if (call.compound || answers.first.code == 0 || answers.second.code == 0) {
            ours_.reset();
            in_tree_.reset();
        }
        return answers;
    }

private:
    State state_;
    const char* node_;
    Tap tap_;
    std::optional<VhostSetup> ours_;
    std::optional<VhostSetup> in_tree_;
};

/// Closing a vhost file waits for RCU, which takes its time on an idle machine.
void hurry_rcu() {
    const Fd file = open_file("/sys/kernel/rcu_expedited", O_WRONLY);
    if (::write(file.get(), "1", 1) != 1) {
        throw Error("/sys/kernel/rcu_expedited", "write", errno);
    }
}

/// Asks both nodes, and takes down where they differ without a reason.
class Comparison {
public:
    Comparison(const char* in_tree_node, std::span<const Difference> differences)
        : node_(in_tree_node), differences_(differences) {}

    void compare(State state, const std::vector<VhostCall>& calls) {
        SideBySide nodes(state, node_);
        for (const VhostCall& call : calls) {
            const auto [ours, in_tree] = nodes.ask(call);
            rows_++;
            failures_ += ours == in_tree && ours.code != 0;
            if (ours != in_tree && !has_reason(call.name)) {
                table_ += fmt::format("{:<10} {:<50} {:<22} {}\n", state_name(state), call.name,
                                      text(ours), text(in_tree));
            }
        }
    }

    /// @param failures at least so many that are the same: a table in which every call
    ///        succeeded would compare nothing
    void expect_same(unsigned failures) const {
        EXPECT_TRUE(table_.empty())
            << fmt::format("{:<10} {:<50} {:<22} {}\n", "state", "call", "ours", node_) << table_;
        for (const Difference& difference : differences_) {
            EXPECT_TRUE(seen_.contains(&difference)) << "no longer different: " << difference.call;
        }
        EXPECT_GT(failures_, failures);
        fmt::print("{} rows, {} of them with the same error\n", rows_, failures_);
    }

private:
    bool has_reason(const std::string& call) {
        const auto found = std::ranges::find_if(differences_, [&](const Difference& difference) {
            return matches(difference.call, call);
        });
        if (found == differences_.end()) {
            return false;
        }
        seen_.insert(&*found);
        return true;
    }

    const char* node_;
    std::span<const Difference> differences_;
    std::set<const Difference*> seen_;
    std::string table_;
    unsigned rows_ = 0;
    unsigned failures_ = 0;
};

std::vector<VhostCall> calls_about_workers() {
    std::vector<VhostCall> calls = all_vhost_calls();
    std::erase_if(calls, [](const VhostCall& call) { return !matches("*WORKER*", call.name); });
    return calls;
}

} // namespace

TEST(Errno, SameAnswersAsTheInTreeNode) {
    hurry_rcu();
    const std::vector<VhostCall> calls = all_vhost_calls();
    Comparison comparison(vhost_node_in_tree, from_vhost_net);
    for (const State state : all_states) {
        comparison.compare(state, calls);
    }
    comparison.expect_same(60);
}

// It has no back end in common with ours, and cannot lose its owner.
TEST(Errno, CallsAboutWorkersAnswerAsVhostScsi) {
    constexpr const char* node = "/dev/vhost-scsi";
    load_system_module("vhost_scsi");
    // It has no owner: whoever knows the call says so.
    if (VhostNet(node).try_ioctl(VHOST_NEW_WORKER, nullptr) != EINVAL) {
        GTEST_SKIP() << "this kernel has no workers that can be attached";
    }
    hurry_rcu();
    Comparison comparison(node, from_vhost_scsi);
    for (const State state : {State::fresh, State::owned, State::memory, State::sized, State::ready,
                              State::elsewhere}) {
        comparison.compare(state, calls_about_workers());
    }
    comparison.expect_same(60);
}
