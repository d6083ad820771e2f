// SPDX-License-Identifier: GPL-2.0-only
//
// The messages of the netlink family, as they are built and as they are read, whatever is in
// them.
#include "vcoal/error.hpp"
#include "vcoal/host_message.hpp"
#include "vcoal/netlink_attribute.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>
#include <initializer_list>
#include <linux/genetlink.h>

using namespace vcoal;

namespace {

using Bytes = std::vector<std::byte>;

template <typename T>
Bytes raw(const T& value) {
    Bytes bytes(sizeof(value));
    std::memcpy(bytes.data(), &value, sizeof(value));
    return bytes;
}

Bytes text(const std::string& value) {
    Bytes bytes(value.size() + 1);
    std::memcpy(bytes.data(), value.c_str(), bytes.size());
    return bytes;
}

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

/// An attribute with its padding.
Bytes attribute(unsigned type, const Bytes& payload) {
    nlattr header{};
    header.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + payload.size());
    header.nla_type = static_cast<std::uint16_t>(type);
    Bytes bytes = raw(header) + payload;
    bytes.resize(NLA_ALIGN(bytes.size()));
    return bytes;
}

Bytes attribute(unsigned type, std::uint32_t value) {
    return attribute(type, raw(value));
}

Bytes attribute64(unsigned type, std::uint64_t value) {
    return attribute(type, raw(value));
}

Bytes nest(unsigned type, const Bytes& payload) {
    return attribute(type | NLA_F_NESTED, payload);
}

Bytes params(unsigned type, std::uint32_t packets, std::uint32_t usecs) {
    return nest(type,
                attribute(VHN_NL_PARAMS_PACKETS, packets) + attribute(VHN_NL_PARAMS_USECS, usecs));
}

Bytes all_counters() {
    Bytes bytes;
    for (unsigned type = VHN_NL_COUNTER_PACKETS; type < VHN_NL_COUNTER_PAD; type++) {
        bytes = bytes + attribute64(type, 100 + type);
    }
    return bytes;
}

/// Attributes of a queue, by type, so that a test can leave one out.
std::vector<std::pair<unsigned, Bytes>> queue_attributes(std::uint32_t index) {
    return {{VHN_NL_QUEUE_INDEX, attribute(VHN_NL_QUEUE_INDEX, index)},
            {VHN_NL_QUEUE_FLAGS, attribute(VHN_NL_QUEUE_FLAGS, VHN_NL_QUEUE_F_LOCKED)},
            {VHN_NL_QUEUE_SIZE, attribute(VHN_NL_QUEUE_SIZE, 256)},
            {VHN_NL_QUEUE_EFFECTIVE, params(VHN_NL_QUEUE_EFFECTIVE, 1, 2)},
            {VHN_NL_QUEUE_REQUESTED, params(VHN_NL_QUEUE_REQUESTED, 3, 4)},
            {VHN_NL_QUEUE_DIRECTION, params(VHN_NL_QUEUE_DIRECTION, 5, 6)},
            {VHN_NL_QUEUE_HOST, params(VHN_NL_QUEUE_HOST, 7, 8)},
            {VHN_NL_QUEUE_LIMIT, params(VHN_NL_QUEUE_LIMIT, 9, 10)},
            {VHN_NL_QUEUE_PENDING, attribute(VHN_NL_QUEUE_PENDING, 11)},
            {VHN_NL_QUEUE_COUNTERS, nest(VHN_NL_QUEUE_COUNTERS, all_counters())}};
}

Bytes queue(std::uint32_t index, unsigned without = 0) {
    Bytes bytes;
    for (const auto& [type, one] : queue_attributes(index)) {
        if (type != without) {
            bytes = bytes + one;
        }
    }
    return nest(VHN_NL_FILE_QUEUE, bytes);
}

Bytes whole_file() {
    return attribute(VHN_NL_FILE_ID, 7) + attribute(VHN_NL_FILE_PID, 1234) +
           attribute(VHN_NL_FILE_UID, 1000) + attribute(VHN_NL_FILE_COMM, text("qemu")) +
           attribute(VHN_NL_FILE_IFINDEX, 5) + attribute(VHN_NL_FILE_IFNAME, text("vnet0")) +
           attribute(VHN_NL_FILE_PAD, Bytes{}) + attribute64(VHN_NL_FILE_NETNS, 4026531840) +
           attribute64(VHN_NL_FILE_FEATURES, 1ULL << 53) +
           attribute64(VHN_NL_FILE_BACKEND_FEATURES, 1ULL << 62) + queue(VHN_VRING_TX) +
           queue(VHN_VRING_RX);
}

GenlMessage message(const Bytes& attributes, std::uint8_t command = VHN_NL_CMD_GET) {
    return {0x20, command, attributes};
}

/// The errno value with which reading ends; 0 for none.
template <typename Read>
int code_of(Read read) {
    try {
        read();
        return 0;
    } catch (const Error& error) {
        return error.code();
    }
}

int file_code(const Bytes& attributes) {
    return code_of([&] { parse_host_file(message(attributes)); });
}

/// What was built, as one who gets it reads it.
std::vector<NetlinkAttribute> attributes_in(const GenlRequest& request) {
    return netlink_attributes(request.bytes().subspan(NLMSG_HDRLEN + GENL_HDRLEN));
}

const NetlinkAttribute& find(const std::vector<NetlinkAttribute>& attributes, unsigned type) {
    const auto found = std::ranges::find(attributes, type, &NetlinkAttribute::type);
    if (found == attributes.end()) {
        throw Error("test", "find attribute", ENOENT);
    }
    return *found;
}

bool contains(const std::vector<NetlinkAttribute>& attributes, unsigned type) {
    return std::ranges::find(attributes, type, &NetlinkAttribute::type) != attributes.end();
}

/// An error as the kernel sends it.
Bytes error_message(int code, std::uint16_t flags, const Bytes& behind,
                    std::uint32_t echoed_length = NLMSG_HDRLEN) {
    nlmsghdr header{};
    header.nlmsg_type = NLMSG_ERROR;
    header.nlmsg_flags = flags;
    nlmsgerr error{};
    error.error = code;
    error.msg.nlmsg_len = echoed_length;
    Bytes bytes = raw(header) + raw(error) + behind;
    header.nlmsg_len = static_cast<std::uint32_t>(bytes.size());
    std::memcpy(bytes.data(), &header, sizeof(header));
    return bytes;
}

} // namespace

TEST(HostMessage, AFileIsReadWhole) {
    const HostFile file = parse_host_file(message(whole_file()));
    EXPECT_EQ(file.id, 7U);
    EXPECT_EQ(file.pid, 1234U);
    EXPECT_EQ(file.uid, 1000U);
    EXPECT_EQ(file.comm, "qemu");
    EXPECT_EQ(file.ifindex, 5U);
    EXPECT_EQ(file.ifname, "vnet0");
    EXPECT_EQ(file.netns, 4026531840U);
    EXPECT_EQ(file.features, 1ULL << 53);
    EXPECT_EQ(file.backend_features, 1ULL << 62);
    ASSERT_EQ(file.queues.size(), 2U);
    EXPECT_EQ(file.queues.at(0).index, 0U);
    const HostQueue& tx = file.queues.at(1);
    EXPECT_EQ(tx.index, 1U);
    EXPECT_TRUE(tx.locked());
    EXPECT_FALSE(tx.by_guest());
    EXPECT_FALSE(tx.running());
    EXPECT_FALSE(tx.broken());
    EXPECT_EQ(tx.size, 256U);
    EXPECT_EQ(tx.effective, (HostParams{1, 2}));
    EXPECT_EQ(tx.requested, (HostParams{3, 4}));
    EXPECT_EQ(tx.direction, (HostParams{5, 6}));
    EXPECT_EQ(tx.host, (HostParams{7, 8}));
    EXPECT_EQ(tx.limit, (HostParams{9, 10}));
    EXPECT_EQ(tx.pending, 11U);
}

TEST(HostMessage, EachCounterHasItsPlace) {
    const HostCounters c = parse_host_file(message(whole_file())).queues.at(0).counters;
    const std::vector<std::uint64_t> found{c.packets,
                                           c.bytes,
                                           c.kicks,
                                           c.spurious_kicks,
                                           c.notify_count,
                                           c.notify_timer,
                                           c.notify_immediate,
                                           c.notify_flush,
                                           c.suppressed,
                                           c.drop_malformed,
                                           c.drop_truncated,
                                           c.drop_backend,
                                           c.refused,
                                           c.drop_unicast,
                                           c.drop_multicast,
                                           c.drop_broadcast,
                                           c.drop_vlan,
                                           c.drop_oversize,
                                           c.stalls};
    ASSERT_EQ(found.size(), static_cast<std::size_t>(VHN_NL_COUNTER_PAD) - 1);
    for (std::size_t i = 0; i < found.size(); i++) {
        EXPECT_EQ(found.at(i), 101 + i) << i;
    }
    EXPECT_EQ(c.notifications(), 105U + 106 + 107 + 108);
}

TEST(HostMessage, WhatCannotBeSeenMayBeAbsent) {
    const HostFile file = parse_host_file(message(attribute(VHN_NL_FILE_ID, 7) + queue(0)));
    EXPECT_FALSE(file.pid);
    EXPECT_FALSE(file.uid);
    EXPECT_FALSE(file.ifindex);
    EXPECT_FALSE(file.netns);
    EXPECT_EQ(file.ifname, "");
    EXPECT_EQ(file.queues.size(), 1U);
}

TEST(HostMessage, WhatIsUnknownIsPassedOver) {
    const Bytes strange =
        attribute(99, 1) + whole_file() + nest(VHN_NL_FILE_MAX + 1, attribute(1, 1));
    EXPECT_EQ(parse_host_file(message(strange)).id, 7U);
    const Bytes counters = attribute64(VHN_NL_COUNTER_MAX + 1, 1) +
                           attribute64(VHN_NL_COUNTER_UNSPEC, 1) +
                           attribute64(VHN_NL_COUNTER_KICKS, 3);
    Bytes attributes;
    for (const auto& [type, one] : queue_attributes(0)) {
        attributes = attributes +
                     (type == VHN_NL_QUEUE_COUNTERS ? nest(VHN_NL_QUEUE_COUNTERS, counters) : one);
    }
    const HostFile file = parse_host_file(
        message(attribute(VHN_NL_FILE_ID, 7) + nest(VHN_NL_FILE_QUEUE, attributes)));
    EXPECT_EQ(file.queues.at(0).counters.kicks, 3U);
    EXPECT_EQ(file.queues.at(0).counters.packets, 0U);
}

TEST(HostMessage, NothingOfAQueueMayBeMissing) {
    EXPECT_EQ(file_code(attribute(VHN_NL_FILE_ID, 7) + queue(0)), 0);
    for (const auto& [type, one] : queue_attributes(0)) {
        EXPECT_EQ(file_code(attribute(VHN_NL_FILE_ID, 7) + queue(0, type)), EBADMSG) << type;
    }
    EXPECT_EQ(file_code(queue(0)), EBADMSG) << "no id";
}

TEST(HostMessage, HalfOfParametersIsRefused) {
    const Bytes half = nest(VHN_NL_QUEUE_HOST, attribute(VHN_NL_PARAMS_USECS, 1));
    const Bytes bytes = attribute(VHN_NL_FILE_ID, 7) +
                        nest(VHN_NL_FILE_QUEUE, attribute(VHN_NL_QUEUE_INDEX, 0) + half);
    EXPECT_EQ(file_code(bytes), EBADMSG);
}

TEST(HostMessage, AQueueThatCannotBeIsRefused) {
    const Bytes id = attribute(VHN_NL_FILE_ID, 7);
    EXPECT_EQ(file_code(id + queue(VHN_NR_VRINGS)), EBADMSG);
    EXPECT_EQ(file_code(id + queue(0xffffffff)), EBADMSG);
    EXPECT_EQ(file_code(id + queue(1) + queue(1)), EBADMSG) << "twice";
}

TEST(HostMessage, NumbersOfAnotherSizeAreRefused) {
    for (const std::size_t size : {0U, 1U, 3U, 5U, 8U}) {
        EXPECT_EQ(file_code(attribute(VHN_NL_FILE_ID, Bytes(size)) + queue(0)), EBADMSG) << size;
    }
    for (const std::size_t size : {0U, 4U, 7U, 9U}) {
        EXPECT_EQ(file_code(attribute(VHN_NL_FILE_NETNS, Bytes(size)) + whole_file()), EBADMSG)
            << size;
    }
}

TEST(HostMessage, ATextWithoutEndIsRefused) {
    const Bytes four = raw(std::uint32_t{0x41414141});
    EXPECT_EQ(file_code(whole_file() + attribute(VHN_NL_FILE_COMM, four)), EBADMSG);
    EXPECT_EQ(file_code(whole_file() + attribute(VHN_NL_FILE_IFNAME, Bytes{})), EBADMSG);
}

TEST(HostMessage, ATextEndsAtItsNul) {
    const Bytes bytes = whole_file() + attribute(VHN_NL_FILE_COMM, text("a") + text("b"));
    EXPECT_EQ(parse_host_file(message(bytes)).comm, "a");
}

/// Nothing is read from beyond the message, and what is cut off is noticed: but between two
/// attributes, where it is a message of its own.
TEST(HostMessage, WhereverAFileIsCutOffItIsRefusedOrWhole) {
    const Bytes all = whole_file();
    unsigned whole = 0;
    for (std::size_t size = 0; size < all.size(); size++) {
        // In memory of exactly that size, for AddressSanitizer.
        const Bytes part(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
        const int code = file_code(part);
        EXPECT_TRUE(code == 0 || code == EBADMSG) << size;
        whole += code == 0 ? 1 : 0;
    }
    // After the id, each attribute but the last is an end: nine of them.
    EXPECT_LE(whole, 40U);
    EXPECT_GE(whole, 10U);
}

TEST(HostMessage, LengthsThatLieAreRefused) {
    for (const unsigned length : {0U, 1U, 3U, 4096U, 65535U}) {
        Bytes bytes = attribute(VHN_NL_FILE_ID, 7);
        const auto lie = static_cast<std::uint16_t>(length);
        std::memcpy(bytes.data(), &lie, sizeof(lie));
        EXPECT_EQ(file_code(bytes), EBADMSG) << length;
    }
    // Inside of a nest it does not reach beyond the nest.
    Bytes inner = attribute(VHN_NL_QUEUE_INDEX, 0);
    const std::uint16_t too_long = 12;
    std::memcpy(inner.data(), &too_long, sizeof(too_long));
    EXPECT_EQ(file_code(attribute(VHN_NL_FILE_ID, 7) + nest(VHN_NL_FILE_QUEUE, inner) + Bytes(64)),
              EBADMSG);
}

TEST(HostMessage, DefaultsNeedBothDirections) {
    const HostDefaults defaults = parse_host_defaults(message(queue(0) + queue(1)));
    EXPECT_EQ(defaults.queues.at(1).host, (HostParams{7, 8}));
    EXPECT_EQ(defaults.queues.at(1).limit, (HostParams{9, 10}));
    EXPECT_TRUE(defaults.queues.at(0).locked);
    EXPECT_EQ(code_of([] { parse_host_defaults(message(queue(0))); }), EBADMSG);
    EXPECT_EQ(code_of([] { parse_host_defaults(message({})); }), EBADMSG);
    EXPECT_EQ(
        code_of([] { parse_host_defaults(message(queue(0) + queue(1, VHN_NL_QUEUE_LIMIT))); }),
        EBADMSG);
}

TEST(HostMessage, AnEventHasWhatItIsAbout) {
    const Bytes some = attribute(VHN_NL_QUEUE_INDEX, 1) + params(VHN_NL_QUEUE_EFFECTIVE, 32, 50);
    const Bytes by = attribute(VHN_NL_BY_SOURCE, VHN_NL_SOURCE_HOST) + attribute(VHN_NL_BY_PID, 9) +
                     attribute(VHN_NL_BY_UID, 0) + attribute(VHN_NL_BY_COMM, text("vcoal"));
    const auto event = parse_host_event(message(
        attribute(VHN_NL_FILE_ID, 7) + nest(VHN_NL_FILE_QUEUE, some) + nest(VHN_NL_FILE_BY, by),
        VHN_NL_CMD_CHANGED));
    ASSERT_TRUE(event);
    EXPECT_EQ(event->kind, HostEventKind::changed);
    EXPECT_EQ(event->file->id, 7U);
    ASSERT_EQ(event->queues.size(), 1U);
    EXPECT_EQ(event->queues.at(0).effective, (HostParams{32, 50}));
    EXPECT_FALSE(event->queues.at(0).host);
    EXPECT_FALSE(event->queues.at(0).flags);
    EXPECT_EQ(event->by->source, VHN_NL_SOURCE_HOST);
    EXPECT_EQ(event->by->pid, 9U);
    EXPECT_EQ(event->by->comm, "vcoal");
}

TEST(HostMessage, EventsOfAllKindsAreKnown) {
    const std::vector<std::pair<std::uint8_t, HostEventKind>> kinds{
        {VHN_NL_CMD_ADDED, HostEventKind::added},
        {VHN_NL_CMD_REMOVED, HostEventKind::removed},
        {VHN_NL_CMD_CHANGED, HostEventKind::changed},
        {VHN_NL_CMD_REFUSED, HostEventKind::refused},
        {VHN_NL_CMD_STALLED, HostEventKind::stalled}};
    for (const auto& [command, kind] : kinds) {
        const auto event = parse_host_event(message({}, command));
        ASSERT_TRUE(event);
        EXPECT_EQ(event->kind, kind);
        EXPECT_FALSE(event->file) << "about all files";
    }
    EXPECT_FALSE(parse_host_event(message({}, VHN_NL_CMD_GET)));
    EXPECT_FALSE(parse_host_event(message({}, 200)));
}

TEST(HostMessage, SomebodyUnknownIsRefused) {
    const auto with = [](const Bytes& by) {
        return code_of(
            [&] { parse_host_event(message(nest(VHN_NL_FILE_BY, by), VHN_NL_CMD_CHANGED)); });
    };
    EXPECT_EQ(with(attribute(VHN_NL_BY_SOURCE, VHN_NL_SOURCE_VMM)), 0);
    EXPECT_EQ(with(attribute(VHN_NL_BY_SOURCE, 3)), EBADMSG);
    EXPECT_EQ(with(attribute(VHN_NL_BY_PID, 3)), EBADMSG);
}

TEST(HostRequest, GetOneOrAll) {
    const GenlRequest all = host_get_request(0x21, std::nullopt);
    nlmsghdr header{};
    std::memcpy(&header, all.bytes().data(), sizeof(header));
    EXPECT_EQ(header.nlmsg_type, 0x21);
    EXPECT_EQ(header.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
    EXPECT_TRUE(attributes_in(all).empty());

    const GenlRequest one = host_get_request(0x21, 7);
    std::memcpy(&header, one.bytes().data(), sizeof(header));
    EXPECT_EQ(header.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
    EXPECT_EQ(header.nlmsg_len, one.bytes().size());
    EXPECT_EQ(find(attributes_in(one), VHN_NL_FILE_ID).u32(), 7U);
}

TEST(HostRequest, SetNamesOnlyWhatChanges) {
    HostChange change{7, {}};
    change.queues.at(VHN_VRING_TX).host.usecs = 50;
    const GenlRequest request = host_set_request(0x21, change);
    const auto attributes = attributes_in(request);
    EXPECT_EQ(find(attributes, VHN_NL_FILE_ID).u32(), 7U);
    EXPECT_EQ(std::ranges::count(attributes, unsigned{VHN_NL_FILE_QUEUE}, &NetlinkAttribute::type),
              1);
    const auto queue = find(attributes, VHN_NL_FILE_QUEUE).nested();
    EXPECT_EQ(find(queue, VHN_NL_QUEUE_INDEX).u32(), unsigned{VHN_VRING_TX});
    EXPECT_FALSE(contains(queue, VHN_NL_QUEUE_LIMIT));
    EXPECT_FALSE(contains(queue, VHN_NL_QUEUE_FLAGS));
    const auto params = find(queue, VHN_NL_QUEUE_HOST).nested();
    EXPECT_EQ(find(params, VHN_NL_PARAMS_USECS).u32(), 50U);
    EXPECT_FALSE(contains(params, VHN_NL_PARAMS_PACKETS));
}

TEST(HostRequest, ALockNeedsNoLimit) {
    for (const bool lock : {true, false}) {
        HostChange change;
        change.queues.at(0).locked = lock;
        const GenlRequest request = host_set_request(0x21, change);
        const auto attributes = attributes_in(request);
        EXPECT_FALSE(contains(attributes, VHN_NL_FILE_ID)) << "all files";
        const auto queue = find(attributes, VHN_NL_FILE_QUEUE).nested();
        EXPECT_EQ(find(queue, VHN_NL_QUEUE_FLAGS).u32(), lock ? VHN_NL_QUEUE_F_LOCKED : 0U);
        EXPECT_FALSE(contains(queue, VHN_NL_QUEUE_LIMIT));
    }
}

TEST(HostRequest, EverythingAtOnce) {
    HostChange change{1, {}};
    for (HostQueueChange& queue : change.queues) {
        queue = {{1, 2}, {3, 4}, true};
    }
    const GenlRequest request = host_set_request(0x21, change);
    const auto attributes = attributes_in(request);
    EXPECT_EQ(attributes.size(), 3U);
    for (const NetlinkAttribute& attribute : attributes) {
        if (attribute.type == VHN_NL_FILE_QUEUE) {
            const auto limit = find(attribute.nested(), VHN_NL_QUEUE_LIMIT).nested();
            EXPECT_EQ(find(limit, VHN_NL_PARAMS_PACKETS).u32(), 3U);
            EXPECT_EQ(find(limit, VHN_NL_PARAMS_USECS).u32(), 4U);
        }
    }
}

TEST(GenlMessage, AFamilyIsFoundWithItsGroup) {
    const auto group = [](const char* name, std::uint32_t number) {
        return nest(1, attribute(CTRL_ATTR_MCAST_GRP_NAME, text(name)) +
                           attribute(CTRL_ATTR_MCAST_GRP_ID, number));
    };
    const Bytes bytes = attribute(CTRL_ATTR_FAMILY_ID, raw(std::uint16_t{0x23})) +
                        attribute(CTRL_ATTR_VERSION, 1) +
                        nest(CTRL_ATTR_MCAST_GROUPS, group("other", 8) + group("events", 9));
    const GenlFamily family = parse_genl_family(message(bytes), "events");
    EXPECT_EQ(family.id, 0x23);
    EXPECT_EQ(family.version, 1U);
    EXPECT_EQ(family.group, 9U);
    EXPECT_FALSE(parse_genl_family(message(bytes), "none").group);
    EXPECT_EQ(code_of([] { parse_genl_family(message({}), "events"); }), EBADMSG);
    EXPECT_EQ(
        code_of([] { parse_genl_family(message(attribute(CTRL_ATTR_FAMILY_ID, 0x23)), "events"); }),
        EBADMSG);
}

TEST(GenlMessage, AHeaderCutOffIsRefused) {
    Bytes bytes(NLMSG_HDRLEN + GENL_HDRLEN);
    EXPECT_EQ(parse_genl_message(bytes).attributes.size(), 0U);
    while (!bytes.empty()) {
        bytes.pop_back();
        bytes.shrink_to_fit();
        EXPECT_EQ(code_of([&] { parse_genl_message(bytes); }), EBADMSG) << bytes.size();
    }
}

TEST(NetlinkOutcome, TheKernelsWordsAreFound) {
    const Bytes words = attribute(NLMSGERR_ATTR_OFFS, 4) +
                        attribute(NLMSGERR_ATTR_MSG, text("rx-usecs: at most 1000000"));
    const NetlinkOutcome capped =
        parse_netlink_outcome(error_message(-ERANGE, NLM_F_CAPPED | NLM_F_ACK_TLVS, words));
    EXPECT_EQ(capped.code, ERANGE);
    EXPECT_EQ(capped.words, "rx-usecs: at most 1000000");
    // With the request before them.
    const NetlinkOutcome whole = parse_netlink_outcome(
        error_message(-ERANGE, NLM_F_ACK_TLVS, Bytes(20) + words, NLMSG_HDRLEN + 20));
    EXPECT_EQ(whole.words, "rx-usecs: at most 1000000");
    EXPECT_EQ(parse_netlink_outcome(error_message(-EPERM, 0, Bytes(20))).words, "");
    EXPECT_EQ(parse_netlink_outcome(error_message(0, NLM_F_CAPPED, {})).code, 0);
}

TEST(NetlinkOutcome, ErrorsThatAreNoneAreRefused) {
    for (const int code : {1, -4096, -2147483647 - 1}) {
        EXPECT_EQ(code_of([&] { parse_netlink_outcome(error_message(code, 0, {})); }), EBADMSG)
            << code;
    }
    // More of the request comes back than there is, or less than nothing.
    for (const std::uint32_t length : {0U, 15U, 40U, 0xffffffffU}) {
        EXPECT_EQ(code_of([&] {
                      parse_netlink_outcome(
                          error_message(-EPERM, NLM_F_ACK_TLVS, Bytes(20), length));
                  }),
                  EBADMSG)
            << length;
    }
    const Bytes whole = error_message(-EPERM, NLM_F_CAPPED, {});
    for (std::size_t size = 0; size < whole.size(); size++) {
        const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_EQ(code_of([&] { parse_netlink_outcome(part); }), EBADMSG) << size;
    }
}

TEST(NetlinkOutcome, ADumpEndsWithItsError) {
    nlmsghdr header{};
    header.nlmsg_type = NLMSG_DONE;
    EXPECT_EQ(parse_netlink_outcome(raw(header) + raw(std::int32_t{0})).code, 0);
    EXPECT_EQ(parse_netlink_outcome(raw(header) + raw(std::int32_t{-EPERM})).code, EPERM);
}
