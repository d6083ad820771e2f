// SPDX-License-Identifier: GPL-2.0-only
//
// What the VM runner believes of what comes out of the machine.

#include "vcoal/error.hpp"
#include "vm/agent_log.hpp"
#include "vm/channel.hpp"
#include "vm/command.hpp"

#include <gtest/gtest.h>

namespace vcoal::vm {
namespace {

const std::string nonce = "0123456789abcdef";

std::string complete_report() {
    const std::string log = "[    0.000000] hello\n";
    return control_message(nonce, "up", "1") + control_message(nonce, "status", "1792") +
           control_message(nonce, "taint", "12288") +
           control_message(nonce, "log", std::to_string(log.size())) + log +
           control_message(nonce, "end", "1");
}

TEST(ControlParser, TakesAReportInOnePiece) {
    ControlParser parser(nonce);
    parser.feed(complete_report());
    const Report& report = parser.report();
    EXPECT_TRUE(report.complete);
    EXPECT_EQ(report.wait_status, 1792);
    EXPECT_EQ(report.taint, 12288u);
    EXPECT_EQ(report.kernel_log, "[    0.000000] hello\n");
}

TEST(ControlParser, TakesAReportByteByByte) {
    ControlParser parser(nonce);
    const std::string text = complete_report();
    for (size_t i = 0; i < text.size(); ++i) {
        EXPECT_FALSE(parser.report().complete) << "complete after " << i << " bytes";
        parser.feed(text.substr(i, 1));
    }
    EXPECT_TRUE(parser.report().complete);
}

TEST(ControlParser, DropsWhatDoesNotKnowTheNonce) {
    ControlParser parser(nonce);
    parser.feed("status 0\nend 1\nfedcba9876543210 status 0\n");
    EXPECT_FALSE(parser.report().wait_status.has_value());
    parser.feed(complete_report());
    EXPECT_EQ(parser.report().wait_status, 1792);
}

TEST(ControlParser, DropsALineThatNeverEnds) {
    ControlParser parser(nonce);
    for (int i = 0; i < 100; ++i) {
        parser.feed(std::string(1000, 'x'));
    }
    parser.feed("\n" + complete_report());
    EXPECT_TRUE(parser.report().complete);
}

TEST(ControlParser, LogMayLookLikeMessages) {
    ControlParser parser(nonce);
    const std::string log = control_message(nonce, "status", "0");
    parser.feed(control_message(nonce, "log", std::to_string(log.size())) + log);
    EXPECT_EQ(parser.report().kernel_log, log);
    EXPECT_FALSE(parser.report().wait_status.has_value());
}

TEST(ControlParser, EndWithoutEverythingIsAnError) {
    for (const char* missing : {"up", "status", "taint", "log"}) {
        ControlParser parser(nonce);
        for (const char* key : {"up", "status", "taint"}) {
            if (std::string(key) != missing) {
                parser.feed(control_message(nonce, key, "0"));
            }
        }
        if (std::string("log") != missing) {
            parser.feed(control_message(nonce, "log", "0"));
        }
        EXPECT_THROW(parser.feed(control_message(nonce, "end", "1")), Error) << missing;
        EXPECT_FALSE(parser.report().complete) << missing;
    }
}

TEST(ControlParser, StatusAndExecErrorExcludeEachOther) {
    ControlParser parser(nonce);
    for (const char* key : {"up", "status", "exec-error", "taint", "log"}) {
        parser.feed(control_message(nonce, key, "0"));
    }
    EXPECT_THROW(parser.feed(control_message(nonce, "end", "1")), Error);
}

TEST(ControlParser, RefusesWhatItDoesNotUnderstand) {
    for (const std::string& message :
         {control_message(nonce, "nonsense", "1"), control_message(nonce, "status", "12x"),
          control_message(nonce, "status", ""), control_message(nonce, "log", "-1"),
          control_message(nonce, "log", "99999999999"),
          control_message(nonce, "taint", "99999999999999999999999"), nonce + " end\n"}) {
        ControlParser parser(nonce);
        EXPECT_THROW(parser.feed(message), Error) << message;
    }
}

TEST(StreamFilter, PassesTextOnAtOnce) {
    StreamFilter filter(stream_trailer(nonce));
    EXPECT_EQ(filter.feed("hello"), "hello");
    EXPECT_EQ(filter.feed(" vcoal-end"), " vcoal-end");
    EXPECT_FALSE(filter.ended());
}

TEST(StreamFilter, EndsAtTheTrailerHoweverItArrives) {
    const std::string all = "last line\n" + stream_trailer(nonce) + "behind";
    for (size_t cut = 0; cut <= all.size(); ++cut) {
        StreamFilter filter(stream_trailer(nonce));
        std::string shown = filter.feed(all.substr(0, cut));
        shown += filter.feed(all.substr(cut));
        EXPECT_EQ(shown, "last line\n") << "cut at " << cut;
        EXPECT_TRUE(filter.ended());
    }
}

TEST(StreamFilter, GivesBackWhatOnlyBeganLikeATrailer) {
    const std::string trailer = stream_trailer(nonce);
    StreamFilter filter(trailer);
    const std::string false_start = trailer.substr(0, trailer.size() - 1);
    EXPECT_EQ(filter.feed(false_start), "");
    EXPECT_EQ(filter.feed("?" + trailer.substr(0, 3)), false_start + "?");
    EXPECT_EQ(filter.flush(), trailer.substr(0, 3));
    EXPECT_FALSE(filter.ended());
}

Command example() {
    return {.nonce = nonce,
            .directory = "/a b/c",
            .environment = {"A=1", "B=", "C=x\ny"},
            .argv = {"sh", "-c", "echo \"$1\"", ""},
            .merge_output = true};
}

TEST(Command, SurvivesTheWayIntoTheMachine) {
    const Command command = Command::decode(example().encode());
    EXPECT_EQ(command.nonce, nonce);
    EXPECT_EQ(command.directory, "/a b/c");
    EXPECT_EQ(command.environment, example().environment);
    EXPECT_EQ(command.argv, example().argv);
    EXPECT_TRUE(command.merge_output);
}

TEST(Command, RefusesEveryCutAndAddition) {
    const std::string text = example().encode();
    for (size_t size = 0; size < text.size(); ++size) {
        EXPECT_THROW(Command::decode(text.substr(0, size)), Error) << size;
    }
    EXPECT_THROW(Command::decode(text + "x"), Error);
}

TEST(KernelLogRecord, BecomesALine) {
    std::string line;
    std::uint64_t sequence = 0;
    ASSERT_TRUE(format_record("4,339,5140900,-;WARNING: a; b\n SUBSYSTEM=acpi\n", line, sequence));
    EXPECT_EQ(line, "[    5.140900] WARNING: a; b\n");
    EXPECT_EQ(sequence, 339u);
}

TEST(KernelLogRecord, OtherFormsAreRefused) {
    std::string line;
    std::uint64_t sequence = 0;
    for (const char* record : {"", "no prefix", "4,339;short", "x,1,2,-;m", "4,,2,-;m"}) {
        EXPECT_FALSE(format_record(record, line, sequence)) << record;
    }
}

} // namespace
} // namespace vcoal::vm
