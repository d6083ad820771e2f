// SPDX-License-Identifier: GPL-2.0-only
#include "conformance/document.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>

namespace vcoal::conformance {
namespace {

constexpr std::string_view head = R"(<!-- SPDX-License-Identifier: GPL-2.0-only -->
<!-- Written by `make conformance`; changes made here are lost. -->

# Conformance

Each row is a sentence of the virtio specification (1.4) about network devices, in other
words, with the tests that show whether it is obeyed: by ours (`vhost_net_coal` with `vcoal
pair` as the device, `virtio_net_coal` as the driver), on every kernel, and by the kernel's own
modules (`vhost_net`, `virtio_net`). A row is the duty of one side, D or G in its ID as a rule,
and only that side is judged. AMB rows are where the text is open or contradicts itself: they
name our choice.

`pass`: every test that observes it passes. **`fail`**: what it does instead is known, is
explained below, and has a test that notices when that changes. `–`: not observed; the number
says why.

`make conformance` runs the tests and writes this file and `build/conformance.json`. It fails
when a row that can be observed has no test or does not pass for ours, when a test names a row
that does not exist, and when the specification has a row that is missing here.
)";

/// Numbers for reasons, in the order in which they are first given.
class Notes {
public:
    std::size_t number(const std::string& why) {
        const auto found = std::ranges::find(all_, why);
        if (found != all_.end()) {
            return static_cast<std::size_t>(found - all_.begin()) + 1;
        }
        all_.push_back(why);
        return all_.size();
    }
    std::string text() const {
        std::string text;
        for (std::size_t i = 0; i < all_.size(); i++) {
            text += fmt::format("{}. {}\n", i + 1, all_[i]);
        }
        return text;
    }

private:
    std::vector<std::string> all_;
};

std::vector<std::string> families() {
    std::vector<std::string> all;
    for (const Row& row : rows()) {
        const std::string name(family(row.id));
        if (all.empty() || all.back() != name) {
            all.push_back(name);
        }
    }
    return all;
}

std::string header_line(const std::vector<std::string>& columns) {
    std::string names = "|";
    std::string rule = "|";
    for (const std::string& column : columns) {
        names += " " + column + " |";
        rule += "---|";
    }
    return names + "\n" + rule + "\n";
}

/// "12 / 1 / 3" of the rows of a family, or of all.
std::string counts(const Matrix& matrix, const Peer& peer, const std::string& name) {
    std::map<Result, unsigned> n;
    for (const Row& row : rows()) {
        if (name.empty() || family(row.id) == name) {
            n[matrix.verdict(row, peer).result]++;
        }
    }
    return fmt::format("{} / {} / {}", n[Result::pass], n[Result::fail], n[Result::unobservable]);
}

std::string summary(const Matrix& matrix) {
    std::vector<std::string> columns{"rows"};
    for (const Peer& peer : matrix.peers()) {
        columns.push_back(peer.name);
    }
    std::string text = "\n## Summary\n\nPass / fail / not observed.\n\n" + header_line(columns);
    std::vector<std::string> names = families();
    names.emplace_back();
    for (const std::string& name : names) {
        text += fmt::format("| {} |", name.empty() ? "**all**" : name);
        for (const Peer& peer : matrix.peers()) {
            text += fmt::format(" {} |", counts(matrix, peer, name));
        }
        text += "\n";
    }
    return text;
}

/// What the in-tree modules fail, once for all kernels that fail it alike.
std::string failures(const Matrix& matrix) {
    std::string text = "\n## Known failures\n\n";
    bool any = false;
    for (const Row& row : rows()) {
        std::map<std::string, std::string> peers_by_why;
        for (const Peer& peer : matrix.peers()) {
            const Verdict verdict = matrix.verdict(row, peer);
            if (verdict.result == Result::fail) {
                std::string& peers = peers_by_why[verdict.why];
                peers += (peers.empty() ? "" : ", ") + peer.name;
            }
        }
        for (const auto& [why, peers] : peers_by_why) {
            text += fmt::format("- {}, {}: {}\n", row.id, peers, why);
            any = true;
        }
    }
    return any ? text : text + "None.\n";
}

std::string result_cell(const Verdict& verdict, Notes& notes) {
    switch (verdict.result) {
    case Result::pass:
        return "pass";
    case Result::fail:
        return "**fail**";
    default:
        return fmt::format("– ({})", notes.number(verdict.why));
    }
}

std::string test_links(const Matrix& matrix, const Row& row) {
    std::map<std::string, std::string> files;
    for (const TestRun* run : matrix.tests_of(row)) {
        files[run->plain_name()] = run->file;
    }
    std::string text;
    for (const auto& [name, file] : files) {
        text += fmt::format("{}[{}](../{})", text.empty() ? "" : "<br>", name, file);
    }
    return text;
}

std::string table(const Matrix& matrix, const std::string& name, Notes& notes) {
    std::vector<std::string> columns{"ID", "whose", "what"};
    for (const Peer& peer : matrix.peers()) {
        columns.push_back(peer.name);
    }
    columns.emplace_back("tests");
    std::string text = fmt::format("\n### {}\n\n{}", name, header_line(columns));
    for (const Row& row : rows()) {
        if (family(row.id) != name) {
            continue;
        }
        text += fmt::format("| {} | {} | {} |", row.id,
                            row.side == Side::device ? "device" : "driver", row.text);
        for (const Peer& peer : matrix.peers()) {
            text += fmt::format(" {} |", result_cell(matrix.verdict(row, peer), notes));
        }
        text += fmt::format(" {} |\n", test_links(matrix, row));
    }
    return text;
}

} // namespace

std::string document(const Matrix& matrix) {
    Notes notes;
    std::string tables;
    for (const std::string& name : families()) {
        tables += table(matrix, name, notes);
    }
    return std::string(head) + summary(matrix) + failures(matrix) + "\n## Rows\n" + tables +
           "\n## Why something is not observed\n\n" + notes.text();
}

std::string to_json(const Matrix& matrix) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const Cell& cell : matrix.cells()) {
        all.push_back({{"id", cell.id},
                       {"test", cell.test},
                       {"driver", cell.driver},
                       {"device", cell.device},
                       {"kernel", cell.kernel},
                       {"result", result_name(cell.result)},
                       {"why", cell.why}});
    }
    return all.dump(1) + "\n";
}

} // namespace vcoal::conformance
