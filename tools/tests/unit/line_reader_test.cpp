// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/error.hpp"
#include "vcoal/fd.hpp"
#include "vcoal/line_reader.hpp"

#include <array>
#include <gtest/gtest.h>
#include <string_view>
#include <unistd.h>

namespace vcoal {
namespace {

class Lines : public testing::Test {
protected:
    Lines() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe(ends.data()), 0);
        read_end = Fd(ends[0]);
        write_end = Fd(ends[1]);
    }

    void write(std::string_view text) {
        ASSERT_EQ(::write(write_end.get(), text.data(), text.size()),
                  static_cast<ssize_t>(text.size()));
    }

    Fd read_end;
    Fd write_end;
};

TEST_F(Lines, ComeOneByOne) {
    LineReader reader(read_end.get());
    write("one\ntwo\n\nthr");
    reader.fill();
    EXPECT_EQ(reader.next(), "one");
    EXPECT_EQ(reader.next(), "two");
    EXPECT_EQ(reader.next(), "");
    EXPECT_EQ(reader.next(), std::nullopt);
    write("ee\n");
    reader.fill();
    EXPECT_EQ(reader.next(), "three");
}

TEST_F(Lines, EndWithTheirSource) {
    LineReader reader(read_end.get());
    write("last\nincomplete");
    write_end.reset();
    reader.fill();
    EXPECT_GE(reader.get(), 0);
    reader.fill();
    EXPECT_EQ(reader.get(), -1);
    EXPECT_EQ(reader.next(), "last");
    EXPECT_EQ(reader.next(), std::nullopt);
}

TEST_F(Lines, TooLongAreCutOffAndTheNextIsWhole) {
    LineReader reader(read_end.get());
    const std::string part(1000, 'x');
    for (int i = 0; i < 10; i++) {
        write(part);
        reader.fill();
    }
    write("\nnext\n");
    reader.fill();
    const auto cut = reader.next();
    ASSERT_TRUE(cut.has_value());
    EXPECT_LE(cut->size(), LineReader::longest);
    EXPECT_EQ(reader.next(), "next");
}

} // namespace
} // namespace vcoal
