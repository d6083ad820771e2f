// SPDX-License-Identifier: GPL-2.0-only
//
// What the words of `vcoal set` and `vcoal limit` mean, and how they are carried out.
#include "host_fixture.hpp"
#include "vcoal/error.hpp"
#include "vcoal/host/change_files.hpp"
#include "vcoal/host/quantity.hpp"
#include "vcoal/host/settings.hpp"

#include <cerrno>
#include <gtest/gtest.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

using Words = std::vector<std::string>;

/// The errno value of the usage error with which it ends; 0 for none.
template <typename Call>
int code_of(Call call) {
    try {
        call();
        return 0;
    } catch (const UsageError& error) {
        EXPECT_FALSE(error.hint().empty());
        return error.code();
    }
}

int usecs_code(const std::string& text) {
    return code_of([&] { parse_usecs(text); });
}

int settings_code(const Words& words, HostTarget target = HostTarget::host) {
    return code_of([&] { parse_settings(words, target); });
}

HostSettings settings_of(const Words& words, HostTarget target = HostTarget::host) {
    return parse_settings(words, target);
}

} // namespace

TEST(Quantity, TimesHaveUnits) {
    EXPECT_EQ(parse_usecs("0"), 0U);
    EXPECT_EQ(parse_usecs("50"), 50U);
    EXPECT_EQ(parse_usecs("50us"), 50U);
    EXPECT_EQ(parse_usecs("0.05ms"), 50U);
    EXPECT_EQ(parse_usecs("1.5ms"), 1500U);
    EXPECT_EQ(parse_usecs("1s"), 1000000U);
    EXPECT_EQ(parse_usecs("0.000001s"), 1U);
    EXPECT_EQ(parse_usecs("007"), 7U);
    EXPECT_EQ(parse_usecs("5.0"), 5U);
    EXPECT_EQ(parse_usecs("0.0000000us"), 0U);
}

TEST(Quantity, ALongTimeIsNoSmallOne) {
    EXPECT_EQ(parse_usecs("4294967295"), 4294967295U);
    EXPECT_EQ(parse_usecs("4294.967295s"), 4294967295U);
    EXPECT_EQ(usecs_code("4294967296"), ERANGE);
    EXPECT_EQ(usecs_code("4294.967296s"), ERANGE);
    EXPECT_EQ(usecs_code("4294967.296ms"), ERANGE);
    EXPECT_EQ(usecs_code("4295s"), ERANGE);
    EXPECT_EQ(usecs_code("18446744073709551616"), ERANGE);
    EXPECT_EQ(usecs_code("18446744073709551615s"), ERANGE);
    EXPECT_EQ(usecs_code("18446744073710s"), ERANGE) << "448384 us in 64 bits";
    EXPECT_EQ(usecs_code(std::string(400, '9') + "ms"), ERANGE);
}

TEST(Quantity, PartsOfAMicrosecondAreRefused) {
    EXPECT_EQ(usecs_code("0.5us"), EINVAL);
    EXPECT_EQ(usecs_code("0.5"), EINVAL);
    EXPECT_EQ(usecs_code("0.0005ms"), EINVAL);
    EXPECT_EQ(usecs_code("0.00005ms"), EINVAL);
    EXPECT_EQ(usecs_code("1.0000001s"), EINVAL);
    EXPECT_EQ(usecs_code("1.000000000000000000000000000001s"), EINVAL);
}

TEST(Quantity, WhatIsNoTimeIsRefused) {
    for (const std::string text :
         {"",       "us", "ms",  "s",    ".",    ".5ms", "5.ms",  "-1",
          "+1",     " 1", "1 ",  "1 us", "0x10", "1e3",  "1,5ms", "1.2.3ms",
          "1us us", "1m", "1US", "1sec", "nan",  "inf",  "1.-5s", "1\n"}) {
        EXPECT_EQ(usecs_code(text), EINVAL) << "\"" << text << "\"";
    }
    EXPECT_EQ(usecs_code(std::string("5\0us", 4)), EINVAL);
}

TEST(Quantity, FramesAreCounted) {
    EXPECT_EQ(parse_frames("0"), 0U);
    EXPECT_EQ(parse_frames("4294967295"), 4294967295U);
    EXPECT_EQ(code_of([] { parse_frames("4294967296"); }), ERANGE);
    for (const std::string text : {"", "-1", "1.0", "1us", " 1", "0x1"}) {
        EXPECT_EQ(code_of([&] { parse_frames(text); }), EINVAL) << text;
    }
}

TEST(Quantity, ParametersInWords) {
    EXPECT_EQ(describe_params({32, 50}), "50 us, 32 frames");
    EXPECT_EQ(describe_params({0, 0}), "off");
    EXPECT_EQ(describe_params({0, 50}), "50 us, 0 frames (off)");
    EXPECT_EQ(describe_params({32, 0}), "0 us, 32 frames (off)");
    EXPECT_EQ(describe_limit({any_frames, 100}), "100 us, any number of frames");
    EXPECT_EQ(describe_limit({64, 100}), "100 us, 64 frames");
}

TEST(Settings, PairsInAnyOrder) {
    const HostSettings settings =
        settings_of({"tx-frames", "64", "rx-usecs", "0.05ms", "queue", "2", "rx-frames", "32"});
    EXPECT_EQ(settings.queue, 2U);
    EXPECT_EQ(settings.params.at(VHN_VRING_RX).usecs, 50U);
    EXPECT_EQ(settings.params.at(VHN_VRING_RX).packets, 32U);
    EXPECT_FALSE(settings.params.at(VHN_VRING_TX).usecs);
    EXPECT_EQ(settings.params.at(VHN_VRING_TX).packets, 64U);
    EXPECT_FALSE(settings.locked);
}

TEST(Settings, OnlyWhatIsNamedIsConcerned) {
    EXPECT_TRUE(settings_of({"rx-usecs", "1"}).concerns(VHN_VRING_RX));
    EXPECT_FALSE(settings_of({"rx-usecs", "1"}).concerns(VHN_VRING_TX));
    const HostSettings lock = settings_of({"lock"}, HostTarget::limit);
    EXPECT_TRUE(lock.concerns(VHN_VRING_RX));
    EXPECT_TRUE(lock.concerns(VHN_VRING_TX));
    EXPECT_EQ(lock.locked, true);
    EXPECT_EQ(settings_of({"unlock"}, HostTarget::limit).locked, false);
}

TEST(Settings, NonsenseIsRefused) {
    EXPECT_EQ(settings_code({}), EINVAL);
    EXPECT_EQ(settings_code({"queue", "1"}), EINVAL) << "nothing to set";
    EXPECT_EQ(settings_code({"rx-usec", "1"}), EINVAL);
    EXPECT_EQ(settings_code({"RX-USECS", "1"}), EINVAL);
    EXPECT_EQ(settings_code({"rx-usecs"}), EINVAL) << "no value";
    EXPECT_EQ(settings_code({"rx-usecs", "1", "queue"}), EINVAL) << "no number";
    EXPECT_EQ(settings_code({"rx-usecs", "tx-usecs", "1"}), EINVAL);
    EXPECT_EQ(settings_code({"rx-usecs", "1", "rx-usecs", "2"}), EINVAL) << "twice";
    EXPECT_EQ(settings_code({"rx-usecs", "1", "queue", "x"}), EINVAL);
    EXPECT_EQ(settings_code({"rx-usecs", "1", "queue", "-1"}), EINVAL);
    EXPECT_EQ(settings_code({"rx-usecs", "1", "queue", "4294967296"}), EINVAL);
    EXPECT_EQ(settings_code({"rx-usecs", "1", "2"}), EINVAL);
    EXPECT_EQ(settings_code({"rx-usecs", "4294967296"}), ERANGE);
    EXPECT_EQ(settings_code({"lock"}), EINVAL) << "a word of limits";
    EXPECT_EQ(settings_code({"lock", "unlock"}, HostTarget::limit), EINVAL);
    EXPECT_EQ(settings_code({"lock", "lock"}, HostTarget::limit), EINVAL);
}

TEST(Settings, AnUnknownWordIsAnsweredByTheKnownOnes) {
    try {
        parse_settings({"rx_usecs", "1"}, HostTarget::limit);
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_EQ(error.object(), "\"rx_usecs\"");
        EXPECT_EQ(error.hint(), "there are rx-usecs, rx-frames, tx-usecs, tx-frames, lock, unlock, "
                                "and queue");
    }
}

TEST(Settings, BecomeAChangeOfDefaultsOrLimits) {
    const HostChange host = change_for(settings_of({"tx-usecs", "5"}), 3);
    EXPECT_EQ(host.id, 3U);
    EXPECT_TRUE(host.queues.at(VHN_VRING_RX).empty());
    EXPECT_EQ(host.queues.at(VHN_VRING_TX).host.usecs, 5U);
    EXPECT_TRUE(host.queues.at(VHN_VRING_TX).limit.empty());

    const HostChange limit =
        change_for(settings_of({"rx-frames", "9", "lock"}, HostTarget::limit), std::nullopt);
    EXPECT_FALSE(limit.id);
    EXPECT_EQ(limit.queues.at(VHN_VRING_RX).limit.packets, 9U);
    EXPECT_EQ(limit.queues.at(VHN_VRING_RX).locked, true);
    EXPECT_TRUE(limit.queues.at(VHN_VRING_TX).limit.empty());
    EXPECT_EQ(limit.queues.at(VHN_VRING_TX).locked, true);
}

TEST(ChangeFiles, ChangesEachOnce) {
    std::vector<std::uint32_t> ids;
    change_files({file_of(1, 9, 5, "a"), file_of(2, 9, 5, "a")}, settings_of({"rx-usecs", "5"}),
                 [&](const HostChange& change) { ids.push_back(*change.id); });
    EXPECT_EQ(ids, (std::vector<std::uint32_t>{1, 2}));
}

TEST(ChangeFiles, AfterAnErrorAllIsAsBefore) {
    HostFile first = file_of(1, 9, 5, "a");
    first.queues.at(VHN_VRING_RX).limit = {64, 700};
    first.queues.at(VHN_VRING_RX).flags |= VHN_NL_QUEUE_F_LOCKED;
    std::vector<HostChange> changes;
    const auto set = [&](const HostChange& change) {
        changes.push_back(change);
        if (*change.id == 2) {
            throw Error("file 2", "set", ENODEV);
        }
    };
    EXPECT_THROW(change_files({first, file_of(2, 9, 5, "a"), file_of(3, 9, 5, "a")},
                              settings_of({"rx-usecs", "5", "unlock"}, HostTarget::limit), set),
                 Error);
    ASSERT_EQ(changes.size(), 3U) << "one that worked, one that did not, one back";
    const HostQueueChange& rx = changes.at(2).queues.at(VHN_VRING_RX);
    EXPECT_EQ(changes.at(2).id, 1U);
    EXPECT_EQ(rx.limit.usecs, 700U);
    EXPECT_FALSE(rx.limit.packets) << "was not to be changed";
    EXPECT_EQ(rx.locked, true);
    EXPECT_EQ(changes.at(2).queues.at(VHN_VRING_TX).locked, false);
    EXPECT_TRUE(rx.host.empty());
}

TEST(ChangeFiles, WhatCannotBePutBackDoesNotHideTheError) {
    const auto set = [calls = 0](const HostChange& change) mutable {
        if (++calls > 1) {
            throw Error("file " + std::to_string(*change.id), "set", ENODEV);
        }
    };
    try {
        change_files({file_of(1, 9, 5, "a"), file_of(2, 9, 5, "a")}, settings_of({"rx-usecs", "5"}),
                     set);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.object(), "file 2");
    }
}
