// SPDX-License-Identifier: GPL-2.0-only
//
// The same answers as vhost-net: every call of support/vhost_calls.cpp in every state,
// on our node and on the in-tree one. What is answered otherwise is in the list of
// differences, with its reason, or it fails the test.
#include "support/vhost_calls.hpp"
#include "support/vhost_states.hpp"
#include "vcoal/error.hpp"
#include "vcoal/virtio_net.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <optional>
#include <set>
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
    const char* call; ///< name, or how it begins when it ends in '*'
    const char* reason;
};

constexpr Difference differences[] = {
    {"SET_FEATURES NOTF_COAL", "our reason for being"},
    {"SET_FEATURES VQ_NOTF_COAL", "our reason for being"},
    {"SET_BACKEND_FEATURES COAL", "our reason for being"},
    {"SET_FEATURES RING_PACKED", "in-tree only split rings"},
    {"*VRING_ENDIAN*", "in-tree only with VHOST_CROSS_ENDIAN_LEGACY, which x86 lacks"},
    {"SET_MEM_TABLE 65 regions", "room for guests whose memory can grow"},
    {"SET_MEM_TABLE overlapping regions", "here a guest address means one place"},
    {"SET_MEM_TABLE the same region twice", "here a guest address means one place"},
};

bool matches(std::string_view pattern, std::string_view name) {
    if (pattern.starts_with('*')) {
        pattern.remove_prefix(1);
        pattern.remove_suffix(1);
        return name.find(pattern) != std::string_view::npos;
    }
    if (pattern.ends_with('*')) {
        return name.starts_with(pattern.substr(0, pattern.size() - 1));
    }
    return name == pattern;
}

const Difference* known_difference(const std::string& call) {
    for (const Difference& difference : differences) {
        if (matches(difference.call, call)) {
            return &difference;
        }
    }
    return nullptr;
}

/// The two nodes side by side. They are set up anew after every call that may have
/// changed something, which one that failed must not.
class SideBySide {
public:
    explicit SideBySide(State state) : state_(state) {
        tap_.set_header_size(sizeof(virtio_net_hdr_v1));
    }

    std::pair<Answer, Answer> ask(const VhostCall& call) {
        if (!ours_) {
            ours_.emplace(vhost_node, tap_, state_);
            in_tree_.emplace(vhost_node_in_tree, tap_, state_);
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

} // namespace

TEST(Errno, SameAnswersAsTheInTreeNode) {
    hurry_rcu();
    const std::vector<VhostCall> calls = all_vhost_calls();
    std::set<const Difference*> seen;
    std::string table;
    unsigned rows = 0;
    unsigned failures = 0;
    for (const State state : all_states) {
        SideBySide nodes(state);
        for (const VhostCall& call : calls) {
            const auto [ours, in_tree] = nodes.ask(call);
            rows++;
            failures += ours == in_tree && ours.code != 0;
            if (ours == in_tree) {
                continue;
            }
            if (const Difference* known = known_difference(call.name)) {
                seen.insert(known);
                continue;
            }
            table += fmt::format("{:<10} {:<50} {:<22} {}\n", state_name(state), call.name,
                                 text(ours), text(in_tree));
        }
    }
    EXPECT_TRUE(table.empty()) << fmt::format("{:<10} {:<50} {:<22} {}\n", "state", "call", "ours",
                                              "in-tree")
                               << table;
    for (const Difference& difference : differences) {
        EXPECT_TRUE(seen.contains(&difference)) << "no longer different: " << difference.call;
    }
    // A table in which every call succeeded would compare nothing.
    EXPECT_GT(failures, 60U);
    fmt::print("{} rows, {} of them with the same error\n", rows, failures);
}
