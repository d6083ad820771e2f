// SPDX-License-Identifier: GPL-2.0-only
//
// The list of mutants: what it may say, and that each of its lines still means something.
#include "check/mutant.hpp"

#include <gtest/gtest.h>
#include <stdexcept>

using namespace vcoal::check;

namespace {

constexpr const char* one = "# a comment\n"
                            "\n"
                            "mutant late a.c\n"
                            "it is late\n"
                            "-\tone();\n"
                            "+\ttwo();\n"
                            "+\tthree();\n";

} // namespace

TEST(Mutants, AreRead) {
    const auto mutants = read_mutants(one);
    ASSERT_EQ(mutants.size(), 1U);
    EXPECT_EQ(mutants[0].name, "late");
    EXPECT_EQ(mutants[0].file, "a.c");
    EXPECT_EQ(mutants[0].why, "it is late");
    EXPECT_EQ(mutants[0].before, "\tone();\n");
    EXPECT_EQ(mutants[0].after, "\ttwo();\n\tthree();\n");
}

TEST(Mutants, SayWhatTheyBreakAndBreakIt) {
    EXPECT_THROW(read_mutants("-x\n"), std::runtime_error);
    EXPECT_THROW(read_mutants("mutant late\nwhy\n-x\n"), std::runtime_error);
    EXPECT_THROW(read_mutants("mutant late a.c more\nwhy\n-x\n"), std::runtime_error);
    EXPECT_THROW(read_mutants("mutant late a.c\n-x\n"), std::runtime_error);
    EXPECT_THROW(read_mutants("mutant late a.c\nwhy\n+x\n"), std::runtime_error);
    EXPECT_THROW(read_mutants("mutant late a.c\nwhy\n-x\n+x\n"), std::runtime_error);
    EXPECT_THROW(read_mutants("mutant late a.c\nwhy\nand why\n-x\n"), std::runtime_error);
}

TEST(Mutants, ReplaceWholeLinesOnce) {
    const Mutant mutant = read_mutants(one).front();
    EXPECT_EQ(mutated(mutant, "\tone();\n"), "\ttwo();\n\tthree();\n");
    EXPECT_EQ(mutated(mutant, "a\n\tone();\nb\n"), "a\n\ttwo();\n\tthree();\nb\n");
    EXPECT_THROW(mutated(mutant, "a\n"), std::runtime_error);
    EXPECT_THROW(mutated(mutant, "if (x)\tone();\n"), std::runtime_error);
    EXPECT_THROW(mutated(mutant, "\tone();\n\tone();\n"), std::runtime_error);
}
