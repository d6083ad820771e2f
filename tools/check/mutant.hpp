// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

namespace vcoal::check {

/// A small breakage that some test has to notice.
struct Mutant {
    std::string name;
    std::string file;
    std::string why; ///< what it breaks, in a line
    std::string before;
    std::string after;
};

/// Reads a list of them; its format is told at its beginning. Throws std::runtime_error
/// for anything else.
std::vector<Mutant> read_mutants(const std::string& text);

/// What becomes of a file. Throws std::runtime_error unless the text to be replaced is in
/// it exactly once.
std::string mutated(const Mutant& mutant, const std::string& source);

} // namespace vcoal::check
