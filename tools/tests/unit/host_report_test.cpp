// SPDX-License-Identifier: GPL-2.0-only
//
// What the operator's commands say: tables, changes, events.
#include "host_fixture.hpp"
#include "vcoal/host/change_report.hpp"
#include "vcoal/host/device_report.hpp"
#include "vcoal/host/event_report.hpp"
#include "vcoal/host/text_table.hpp"
#include "vcoal/host_json.hpp"

#include <cstdlib>
#include <ctime>
#include <gtest/gtest.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// Two queues, of which the first coalesces as the host says, and the second as its guest.
HostDevice busy_device() {
    HostFile first = file_of(3, 1234, 5, "vnet0");
    HostQueue& rx = first.queues.at(VHN_VRING_RX);
    rx.host = rx.effective = {32, 50};
    rx.pending = 7;
    rx.counters.packets = 4000;
    rx.counters.notify_count = 100;
    rx.counters.notify_timer = 20;
    rx.counters.notify_immediate = 4;
    rx.counters.notify_flush = 1;
    rx.counters.suppressed = 9;
    HostFile second = file_of(4, 1234, 5, "vnet0");
    HostQueue& tx = second.queues.at(VHN_VRING_TX);
    tx.flags = VHN_NL_QUEUE_F_GUEST | VHN_NL_QUEUE_F_LOCKED;
    tx.requested = {16, 400};
    tx.limit = {64, 100};
    tx.effective = {16, 100};
    second.queues.at(VHN_VRING_RX).flags |= VHN_NL_QUEUE_F_BROKEN;
    return {{first, second}};
}

/// The only change of a device's rx.
QueueOutcome outcome_of(const HostQueue& before, const HostQueue& after) {
    return {file_of(3, 1234, 5, "vnet0"), 0, before, after};
}

HostSettings both_directions(HostTarget target = HostTarget::host) {
    HostSettings settings{target, std::nullopt, {}, std::nullopt};
    settings.params.at(VHN_VRING_RX).usecs = 1;
    settings.params.at(VHN_VRING_TX).usecs = 1;
    return settings;
}

/// The test's idea of local time.
class TimeZone {
public:
    explicit TimeZone(const char* zone) {
        ::setenv("TZ", zone, 1);
        ::tzset();
    }
    TimeZone(const TimeZone&) = delete;
    TimeZone& operator=(const TimeZone&) = delete;
    TimeZone(TimeZone&&) = delete;
    TimeZone& operator=(TimeZone&&) = delete;
    ~TimeZone() {
        ::unsetenv("TZ");
        ::tzset();
    }
};

HostEvent changed_event() {
    HostEvent event{HostEventKind::changed, file_of(3, 1234, 5, "vnet0"), {}, std::nullopt};
    HostEventQueue rx;
    rx.index = VHN_VRING_RX;
    rx.effective = rx.host = HostParams{32, 50};
    rx.limit = HostParams{any_frames, 1000};
    rx.flags = VHN_NL_QUEUE_F_LOCKED;
    event.queues = {rx};
    event.by = HostActor{VHN_NL_SOURCE_HOST, 77, 0, "vcoal"};
    return event;
}

} // namespace

TEST(TextTable, ColumnsAreAsWideAsTheirCells) {
    TextTable table({{"name"}, {"n", TextTable::Align::right}, {"end"}});
    table.add({"a", "1000", "x"});
    table.add({"longer", "1"});
    EXPECT_EQ(table.format(), "name       n  end\n"
                              "a       1000  x\n"
                              "longer     1\n");
}

TEST(DeviceTable, HasOneRowForEachVring) {
    EXPECT_EQ(format_devices({busy_device(), {{file_of(9, 20, 0, "")}}}),
              // clang-format off
        "id   owner            interface  queue  state    usecs  frames  by     limit          pending  packets  per 1000  count  timer  immediate  flush  suppressed\n"
        "3,4  qemu (pid 1234)  vnet0      0 rx   runs        50      32  host   1000000/any          7     4000      31.3    100     20          4      1           9\n"
        "                                 0 tx   runs         0       0  host   1000000/any          0        0         -      0      0          0      0           0\n"
        "                                 1 rx   broken       0       0  host   1000000/any          0        0         -      0      0          0      0           0\n"
        "                                 1 tx   stopped    100      16  guest  100/64 locked        0        0         -      0      0          0      0           0\n"
        "9    qemu (pid 20)    -          0 rx   runs         0       0  host   1000000/any          0        0         -      0      0          0      0           0\n"
        "                                 0 tx   runs         0       0  host   1000000/any          0        0         -      0      0          0      0           0\n"
              // clang-format on
    );
}

TEST(DeviceReport, TellsAllOfOneDevice) {
    const std::string text = format_device(busy_device());
    for (const std::string part :
         {"vnet0 (id 3,4)\n", "owner               qemu (pid 1234)\n",
          "user                uid 0\n", "interface           vnet0 (index 5)\n",
          "features            none\n", "  queue 0 rx\n", "  queue 1 tx\n",
          "in force            50 us, 32 frames, by the host\n",
          "in force            100 us, 16 frames, by the guest\n",
          "guest asked for     400 us, 16 frames\n",
          "limit               100 us, 64 frames, the guest is locked out\n",
          "pending             7 packets\n",
          "notifications       125 (31.3 per 1000 packets): count 100, timer 20, immediate 4, "
          "flush 1\n",
          "state               broken, 256 entries\n",
          "state               stopped, 256 entries\n"}) {
        EXPECT_TRUE(mentions(text, part)) << part << "not in\n" << text;
    }
}

TEST(DeviceReport, SaysWhatToDoWithoutDevices) {
    EXPECT_TRUE(mentions(describe_no_devices(true), "There is no device. Start a guest"));
    EXPECT_TRUE(mentions(describe_no_devices(false), "There is no device of yours"));
}

TEST(DeviceJson, HasQueuesInTheirOrder) {
    const Json json = Json::parse(json_line(to_json(busy_device())));
    EXPECT_EQ(json.at("ids"), Json::parse("[3,4]"));
    EXPECT_EQ(json.at("owner"), Json::parse(R"({"pid":1234,"uid":0,"comm":"qemu"})"));
    EXPECT_EQ(json.at("interface"), Json::parse(R"({"name":"vnet0","index":5,"netns":1})"));
    ASSERT_EQ(json.at("queues").size(), 2U);
    const Json& rx = json.at("queues").at(0).at("rx");
    EXPECT_EQ(rx.at("effective"), Json::parse(R"({"max_packets":32,"max_usecs":50})"));
    EXPECT_EQ(rx.at("counters").at("notifications").at("total"), 125);
    EXPECT_EQ(rx.at("counters").at("notifications").at("per_1000_packets"), 31.3);
    EXPECT_EQ(json.at("queues").at(1).at("tx").at("locked"), true);
    EXPECT_EQ(json.at("queues").at(1).at("rx").at("broken"), true);
}

TEST(DeviceJson, WhatIsNotThereIsNull) {
    HostFile file = file_of(9, 0, 0, "");
    file.pid.reset();
    file.uid.reset();
    const Json json = to_json(HostDevice{{file}});
    EXPECT_TRUE(json.at("interface").is_null());
    EXPECT_TRUE(json.at("owner").at("pid").is_null());
    const Json& counters = json.at("queues").at(0).at("rx").at("counters");
    EXPECT_TRUE(counters.at("notifications").at("per_1000_packets").is_null());
}

TEST(DeviceJson, HostileNamesLeaveItValid) {
    HostFile file = file_of(9, 1, 5, "\xff\"\\\n");
    file.comm = "\xc3\x28\x1b";
    const std::string line = json_line(to_json(HostDevice{{file}}));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_NO_THROW(Json::parse(line));
}

TEST(ChangeReport, SaysWhatWasAndWhatIs) {
    HostQueue after = idle_queue(VHN_VRING_RX);
    after.host = after.effective = {32, 50};
    const QueueOutcome outcome = outcome_of(idle_queue(VHN_VRING_RX), after);
    EXPECT_EQ(describe_outcome(outcome, HostTarget::host),
              "vnet0 (id 3), queue 0 rx: host default off -> 50 us, 32 frames; in force off -> 50 "
              "us, 32 frames");
    EXPECT_TRUE(warnings_of(outcome, HostTarget::host).empty());
    EXPECT_EQ(describe_outcome(outcome_of(after, after), HostTarget::host),
              "vnet0 (id 3), queue 0 rx: host default stays 50 us, 32 frames");
}

TEST(ChangeReport, WarnsWhereTheGuestDecides) {
    HostQueue after = idle_queue(VHN_VRING_RX);
    after.flags |= VHN_NL_QUEUE_F_GUEST;
    after.host = {32, 50};
    after.requested = after.effective = {8, 10};
    const auto warnings = warnings_of(outcome_of(after, after), HostTarget::host);
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_EQ(warnings.at(0),
              "not in force: the guest decides itself, and asked for: 10 us, 8 frames");
}

TEST(ChangeReport, WarnsWhereTheLimitBounds) {
    HostQueue after = idle_queue(VHN_VRING_RX);
    after.host = {32, 500};
    after.limit = {any_frames, 100};
    after.effective = {32, 100};
    const auto warnings = warnings_of(outcome_of(after, after), HostTarget::host);
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_EQ(warnings.at(0), "the limit bounds it: 100 us, any number of frames");
    const auto of_limit = warnings_of(outcome_of(after, after), HostTarget::limit);
    ASSERT_EQ(of_limit.size(), 1U);
    EXPECT_EQ(of_limit.at(0), "bounds what the host asked for (500 us, 32 frames): in force: 100 "
                              "us, 32 frames");
}

TEST(ChangeReport, WarnsOfHalfASetting) {
    HostQueue after = idle_queue(VHN_VRING_TX);
    after.host = {0, 50};
    auto warnings = warnings_of(outcome_of(after, after), HostTarget::host);
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_TRUE(mentions(warnings.at(0), "tx-frames is 0: that is off")) << warnings.at(0);
    after.host = {32, 0};
    warnings = warnings_of(outcome_of(after, after), HostTarget::host);
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_TRUE(mentions(warnings.at(0), "tx-usecs is 0: that is off")) << warnings.at(0);
    after.host = {0, 0};
    EXPECT_TRUE(warnings_of(outcome_of(after, after), HostTarget::host).empty());
}

TEST(ChangeReport, TellsOfLimitsAndLocks) {
    HostQueue after = idle_queue(VHN_VRING_RX);
    after.limit = {64, 100};
    after.flags |= VHN_NL_QUEUE_F_LOCKED;
    const QueueOutcome outcome = outcome_of(idle_queue(VHN_VRING_RX), after);
    EXPECT_EQ(describe_outcome(outcome, HostTarget::limit),
              "vnet0 (id 3), queue 0 rx: limit 1000000 us, any number of frames -> 100 us, 64 "
              "frames, not locked -> locked");
    const Json json = to_json(outcome, HostTarget::limit);
    EXPECT_EQ(json.at("id"), 3);
    EXPECT_EQ(json.at("direction"), "rx");
    EXPECT_EQ(json.at("before").at("locked"), false);
    EXPECT_EQ(json.at("after").at("locked"), true);
    EXPECT_EQ(json.at("warnings"), Json::array());
}

TEST(ChangeReport, IsAboutWhatWasToBeChangedAndIsStillThere) {
    const std::vector<HostDevice> before{busy_device(), {{file_of(9, 20, 6, "x")}}};
    const std::vector<HostDevice> after{busy_device()};
    EXPECT_EQ(outcomes_of(both_directions(), before, before).size(), 6U);
    EXPECT_EQ(outcomes_of(both_directions(), before, after).size(), 4U) << "x has gone";

    HostSettings one = both_directions();
    one.params.at(VHN_VRING_RX) = {};
    one.queue = 1;
    const auto outcomes = outcomes_of(one, before, after);
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes.at(0).identity.id, 4U);
    EXPECT_EQ(outcomes.at(0).number, 1U);
    EXPECT_EQ(outcomes.at(0).after.index, unsigned{VHN_VRING_TX});
}

TEST(ChangeReport, TellsWhatLaterDevicesBeginWith) {
    HostDefaults defaults;
    defaults.queues.at(VHN_VRING_RX) = {{32, 50}, {any_frames, 20}, false};
    defaults.queues.at(VHN_VRING_TX) = {{0, 50}, {64, 100}, true};
    EXPECT_EQ(describe_defaults(defaults, both_directions()),
              "devices opened later begin with the host default: rx 50 us, 32 frames; tx 50 us, 0 "
              "frames (off)");
    EXPECT_EQ(describe_defaults(defaults, both_directions(HostTarget::limit)),
              "devices opened later begin with the limit: rx 20 us, any number of frames, not "
              "locked; tx 100 us, 64 frames, locked");
    EXPECT_EQ(warnings_of(defaults, both_directions()).size(), 2U) << "rx bounded, tx half";
    EXPECT_TRUE(warnings_of(defaults, both_directions(HostTarget::limit)).empty());
}

TEST(EventReport, OneLineEach) {
    HostEvent event = changed_event();
    EXPECT_EQ(
        describe_event(event),
        "changed vnet0 (id 3); rx 50 us, 32 frames, host default 50 us, 32 frames, limit 1000 "
        "us, any number of frames, locked; by the host's operator, vcoal (pid 77, uid 0)");
    event.file.reset();
    event.queues.at(0).effective.reset();
    EXPECT_TRUE(describe_event(event).starts_with(
        "changed what devices opened later begin with; rx, host default 50 us, 32 frames, limit"));
    EXPECT_EQ(describe_event({HostEventKind::removed, file_of(3, 1, 0, ""), {}, std::nullopt}),
              "removed id 3, qemu (pid 1)");
    EXPECT_TRUE(describe_event({}).starts_with("lost: "));
    event = changed_event();
    event.by.reset();
    event.kind = HostEventKind::added;
    EXPECT_EQ(describe_event(event), "added vnet0 (id 3), qemu (pid 1234)");
    event.kind = HostEventKind::stalled;
    EXPECT_EQ(describe_event(event), "stalled vnet0 (id 3), qemu (pid 1234); rx");
}

TEST(EventReport, OfAGuestTellsWhatItAskedForWhereItGotLess) {
    HostEvent event = changed_event();
    event.by = HostActor{VHN_NL_SOURCE_GUEST, std::nullopt, std::nullopt, "qemu"};
    event.queues.at(0).flags = VHN_NL_QUEUE_F_GUEST;
    event.queues.at(0).requested = HostParams{32, 50};
    EXPECT_EQ(describe_event(event),
              "changed vnet0 (id 3); rx 50 us, 32 frames; by the guest, through qemu");
    event.queues.at(0).requested = HostParams{32, 90};
    EXPECT_EQ(describe_event(event), "changed vnet0 (id 3); rx 50 us, 32 frames (asked for 90 us, "
                                     "32 frames); by the guest, through qemu");
    event.kind = HostEventKind::refused;
    EXPECT_TRUE(
        mentions(describe_event(event), "limit 1000 us, any number of frames; by the guest"));
}

TEST(EventReport, HostileNamesStayOnTheLine) {
    HostEvent event = changed_event();
    event.file->comm = event.file->ifname = event.by->comm = "\n\x1b[1m";
    for (const char c : describe_event(event)) {
        EXPECT_TRUE(c >= ' ' && c <= '~');
    }
    const std::string line = json_line(to_json(event));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(EventReport, AsJsonHasOnlyWhatItIsAbout) {
    const Json json = Json::parse(json_line(to_json(changed_event())));
    EXPECT_EQ(json.at("event"), "changed");
    EXPECT_EQ(json.at("id"), 3);
    const Json& queue = json.at("queues").at(0);
    EXPECT_EQ(queue.at("direction"), "rx");
    EXPECT_EQ(queue.at("locked"), true);
    EXPECT_EQ(queue.at("by_guest"), false);
    EXPECT_FALSE(queue.contains("requested"));
    EXPECT_EQ(json.at("by"), Json::parse(R"({"source":"host","pid":77,"uid":0,"comm":"vcoal"})"));
    EXPECT_EQ(to_json(HostEvent{}), Json::parse(R"({"event":"lost"})"));
}

TEST(EventReport, TimesAreLocal) {
    const SystemTime time{std::chrono::milliseconds(1700000000007)};
    {
        const TimeZone zone("XYZ-05:30");
        EXPECT_EQ(local_time(time), "2023-11-15 03:43:20.007");
        EXPECT_EQ(iso_time(time), "2023-11-15T03:43:20.007+05:30");
    }
    const TimeZone zone("XYZ03:30");
    EXPECT_EQ(iso_time(time), "2023-11-14T18:43:20.007-03:30");
}
