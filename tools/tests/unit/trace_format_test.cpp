// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/hist/trace_format.hpp"

#include <gtest/gtest.h>

namespace vcoal {
namespace {

// As Linux 6.1 prints it for vhn_timer_fire.
constexpr const char* timer_fire = R"(name: vhn_timer_fire
ID: 1801
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:u32 dev;	offset:8;	size:4;	signed:0;
	field:u32 vq;	offset:12;	size:4;	signed:0;
	field:u32 pending;	offset:16;	size:4;	signed:0;
	field:bool due;	offset:20;	size:1;	signed:0;

print fmt: "dev=%u vq=%u pending=%u due=%d", REC->dev, REC->vq, REC->pending, REC->due
)";

TEST(TraceFormat, HasTheFieldsOfARecord) {
    const auto fields = parse_trace_format(timer_fire);
    ASSERT_EQ(fields.size(), 8U);
    EXPECT_EQ(fields[3], (TraceField{"common_pid", 4, 4, true}));
    EXPECT_EQ(fields[4], (TraceField{"dev", 8, 4, false}));
    EXPECT_EQ(fields[7], (TraceField{"due", 20, 1, false}));
}

TEST(TraceFormat, NamesArraysAndPointersByTheirNames) {
    const auto fields =
        parse_trace_format("\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
                           "\tfield:const void *where;\toffset:24;\tsize:8;\tsigned:0;\n");
    ASSERT_EQ(fields.size(), 2U);
    EXPECT_EQ(fields[0].name, "comm");
    EXPECT_EQ(fields[1].name, "where");
}

TEST(TraceFormat, OfSomethingElseHasNoFields) {
    EXPECT_TRUE(parse_trace_format("").empty());
    EXPECT_TRUE(parse_trace_format("field:u32 dev; offset:x; size:4; signed:0;\n").empty());
    EXPECT_TRUE(parse_trace_format("field:u32 dev; offset:99999999; size:4; signed:0;").empty());
}

} // namespace
} // namespace vcoal
