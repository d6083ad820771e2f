// SPDX-License-Identifier: GPL-2.0-only
#include "conformance/test_ids.hpp"

#include "conformance/row.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sstream>

namespace vcoal::conformance {
namespace {

std::vector<std::string> families() {
    std::vector<std::string> all;
    for (const std::string& id : all_ids()) {
        const std::string name(family(id));
        if (std::ranges::find(all, name) == all.end()) {
            all.push_back(name);
        }
    }
    return all;
}

bool is_family(const std::string& word) {
    static const std::vector<std::string> all = families();
    return std::ranges::find(all, word) != all.end();
}

bool is_digit(char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

/// "D5", "12" with AMB, "P" with NTF.
bool is_number(const std::string& family, const std::string& word) {
    const std::size_t digits = family == "AMB" ? 0 : 1;
    if (family == "NTF" && word == "P") {
        return true;
    }
    return word.size() > digits &&
           (digits == 0 || word[0] == 'D' || word[0] == 'G' || word[0] == 'O') &&
           std::all_of(word.begin() + static_cast<std::ptrdiff_t>(digits), word.end(), is_digit);
}

} // namespace

std::vector<std::string> ids_in(std::string_view test) {
    std::istringstream words{std::string(test.substr(0, test.find('/')))};
    std::vector<std::string> ids;
    std::string current;
    bool first = false;
    for (std::string word; std::getline(words, word, '_');) {
        if (is_family(word)) {
            current = word;
            first = true;
        } else if (!current.empty() && (first || is_number(current, word))) {
            ids.push_back(fmt::format("{}-{}", current, word));
            first = false;
        } else {
            current.clear();
        }
    }
    return ids;
}

std::string filter_of_ids() {
    std::vector<std::string> patterns;
    for (const std::string& name : families()) {
        patterns.push_back(fmt::format("*.{}_*:*_{}_*", name, name));
    }
    return fmt::format("{}", fmt::join(patterns, ":"));
}

} // namespace vcoal::conformance
