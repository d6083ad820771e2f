// SPDX-License-Identifier: GPL-2.0-only
#include "check/mutant.hpp"

#include <fmt/format.h>

#include <sstream>
#include <stdexcept>

namespace vcoal::check {
namespace {

constexpr char introduction[] = "mutant ";

[[noreturn]] void refuse(const std::string& line) {
    throw std::runtime_error("list of mutants: no line of a mutant: \"" + line + '"');
}

Mutant introduced(const std::string& line) {
    Mutant mutant;
    std::string word;
    std::istringstream in(line);
    in >> word >> mutant.name >> mutant.file;
    if (mutant.file.empty() || in >> word) {
        refuse(line);
    }
    return mutant;
}

void check(const Mutant& mutant) {
    if (mutant.why.empty() || mutant.before.empty() || mutant.before == mutant.after) {
        throw std::runtime_error(mutant.name + ": a reason or a change is missing");
    }
}

} // namespace

std::vector<Mutant> read_mutants(const std::string& text) {
    std::vector<Mutant> mutants;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        if (line.starts_with(introduction)) {
            mutants.push_back(introduced(line));
            continue;
        }
        if (mutants.empty()) {
            refuse(line);
        }
        Mutant& mutant = mutants.back();
        if (line.starts_with('-')) {
            mutant.before += line.substr(1) + '\n';
        } else if (line.starts_with('+')) {
            mutant.after += line.substr(1) + '\n';
        } else if (mutant.why.empty()) {
            mutant.why = line;
        } else {
            refuse(line);
        }
    }
    for (const Mutant& mutant : mutants) {
        check(mutant);
    }
    return mutants;
}

std::string mutated(const Mutant& mutant, const std::string& source) {
    // Whole lines: they begin behind the end of another.
    const std::string text = '\n' + source;
    const std::size_t at = text.find('\n' + mutant.before);
    if (at == text.npos) {
        throw std::runtime_error(
            fmt::format("{}: {} has no such text any more", mutant.name, mutant.file));
    }
    if (text.find('\n' + mutant.before, at + 1) != text.npos) {
        throw std::runtime_error(
            fmt::format("{}: {} has that text more than once", mutant.name, mutant.file));
    }
    return std::string(source).replace(at, mutant.before.size(), mutant.after);
}

} // namespace vcoal::check
