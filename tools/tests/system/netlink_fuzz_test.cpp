// SPDX-License-Identifier: GPL-2.0-only
//
// Sends the host module's netlink family whatever comes to mind: right messages, and right
// ones with something wrong. The kernel answers each, its log stays clean, and a right
// request behind it is answered as ever.
//
// VCOAL_FUZZ_MESSAGES says how many; VCOAL_SEED gives the same ones again.
#include "support/chance.hpp"
#include "support/initial_netns.hpp"
#include "support/raw_genl.hpp"
#include "vcoal/error.hpp"
#include "vcoal/host_control.hpp"
#include "vcoal/vhost.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/genetlink.h>
#include <map>

using namespace vcoal;
using namespace vcoal::test;

namespace {

constexpr std::uint32_t any_number = 0xffffffff;

std::vector<std::byte> random_bytes(Chance& chance, unsigned most) {
    std::vector<std::byte> bytes(chance.between(0, most));
    for (std::byte& byte : bytes) {
        byte = static_cast<std::byte>(chance.between(0, 255));
    }
    return bytes;
}

/// A number that somebody might think of.
std::uint32_t number(Chance& chance) {
    return chance.one_in(2) ? chance.of({0U, 1U, 2U, 50U, 999'999U, 1'000'000U, 1'000'001U,
                                         0x7fffffffU, 0x80000000U, any_number})
                            : chance.between(0, any_number);
}

/// Messages that are right or nearly so.
class Author {
public:
    Author(Chance& chance, std::uint32_t file) : chance_(chance), file_(file) {}

    RawAttributes message() {
        RawAttributes attributes = chance_.one_in(4) ? soup(6) : set();
        damage(attributes.edit());
        return attributes;
    }

private:
    RawAttributes params() {
        RawAttributes inside;
        if (!chance_.one_in(4)) {
            inside.put_u32(VHN_NL_PARAMS_PACKETS, number(chance_));
        }
        if (!chance_.one_in(4)) {
            inside.put_u32(VHN_NL_PARAMS_USECS,
                           chance_.one_in(3) ? number(chance_) : chance_.between(0, 1'000'000));
        }
        return inside;
    }

    RawAttributes queue() {
        RawAttributes inside;
        if (!chance_.one_in(8)) {
            inside.put_u32(VHN_NL_QUEUE_INDEX,
                           chance_.one_in(8) ? number(chance_) : chance_.between(0, 1));
        }
        if (chance_.one_in(2)) {
            inside.nest(VHN_NL_QUEUE_HOST, params());
        }
        if (chance_.one_in(2)) {
            inside.nest(VHN_NL_QUEUE_LIMIT, params());
        }
        if (chance_.one_in(3)) {
            inside.put_u32(VHN_NL_QUEUE_FLAGS,
                           chance_.one_in(4) ? number(chance_) : chance_.between(0, 1));
        }
        if (chance_.one_in(16)) {
            inside.append(attribute_of_anything().bytes());
        }
        return inside;
    }

    RawAttributes set() {
        RawAttributes attributes;
        if (!chance_.one_in(4)) {
            attributes.put_u32(VHN_NL_FILE_ID, chance_.one_in(4) ? number(chance_) : file_);
        }
        const unsigned queues = chance_.between(0, 3);
        for (unsigned i = 0; i < queues; i++) {
            attributes.nest(VHN_NL_FILE_QUEUE, queue());
        }
        return attributes;
    }

    RawAttributes attribute_of_anything() {
        RawAttributes attribute;
        const unsigned type =
            chance_.between(0, 24) |
            chance_.of({0U, 0U, unsigned{NLA_F_NESTED}, unsigned{NLA_F_NET_BYTEORDER}, 0x3f00U});
        attribute.put(static_cast<std::uint16_t>(type), random_bytes(chance_, 40));
        return attribute;
    }

    /// Attributes of any kind, inside of each other @p depth times at most.
    RawAttributes soup(unsigned depth) {
        RawAttributes attributes;
        const unsigned count = chance_.between(0, 6);
        for (unsigned i = 0; i < count; i++) {
            if (depth > 0 && chance_.one_in(3)) {
                attributes.nest(static_cast<std::uint16_t>(chance_.between(0, 24)),
                                soup(depth - 1));
            } else {
                attributes.append(attribute_of_anything().bytes());
            }
        }
        return attributes;
    }

    void damage(std::vector<std::byte>& bytes) {
        if (chance_.one_in(6) && !bytes.empty()) {
            bytes.resize(chance_.between(0, static_cast<unsigned>(bytes.size())));
        }
        if (chance_.one_in(6)) {
            for (unsigned i = chance_.between(1, 4); i > 0 && !bytes.empty(); i--) {
                bytes[chance_.between(0, static_cast<unsigned>(bytes.size()) - 1)] =
                    static_cast<std::byte>(chance_.between(0, 255));
            }
        }
    }

    Chance& chance_;
    std::uint32_t file_;
};

/// The family's number, which is asked for as any program does.
std::uint16_t family_number() {
    GenlSocket socket;
    const GenlAnswer answer = socket.call(genl_family_request(VHN_NL_NAME));
    return parse_genl_family(answer.messages.at(0), VHN_NL_GROUP_EVENTS).id;
}

class NetlinkFuzz : public testing::Test {
protected:
    NetlinkFuzz() : id_(control_.files().back().id) {}

    void TearDown() override {
        HostChange change;
        for (HostQueueChange& queue : change.queues) {
            queue = {{0, 0}, {0, 0}, false};
        }
        control_.set(change);
    }

    /// Sends it, takes the answer and sees that the family is there. What the answer was.
    int ask(std::uint8_t command, std::uint16_t flags, std::span<const std::byte> attributes) {
        int code = raw_.send(family_, command, flags | NLM_F_REQUEST | NLM_F_ACK, attributes);
        if (code == 0) {
            code = raw_.outcome();
        }
        EXPECT_EQ(control_.file(id_).queues.size(), 2U);
        return code;
    }

    VhostNet vhost_;
    HostControl control_ = make_in_initial_netns<HostControl>();
    RawGenl raw_ = make_in_initial_netns<RawGenl>();
    struct Family {
        std::uint16_t number = family_number();
    };
    std::uint16_t family_ = make_in_initial_netns<Family>().number;
    std::uint32_t id_;
};

} // namespace

TEST_F(NetlinkFuzz, MessagesThatAreNearlyRight) {
    const std::uint64_t messages = number_from_environment("VCOAL_FUZZ_MESSAGES", 20'000);
    const std::uint64_t seed = number_from_environment("VCOAL_SEED", 1);
    fmt::print("{} messages, VCOAL_SEED={}\n", messages, seed);
    Chance chance(seed);
    Author author(chance, id_);
    std::map<std::string, std::uint64_t> answers;
    for (std::uint64_t i = 0; i < messages; i++) {
        const auto attributes = author.message();
        const auto command = static_cast<std::uint8_t>(chance.one_in(8) ? chance.between(0, 255)
                                                                        : chance.between(1, 3));
        const auto flags =
            static_cast<std::uint16_t>(chance.one_in(8) ? chance.between(0, 0xffff) & ~NLM_F_ECHO
                                                        : chance.of({0, 0, 0, NLM_F_DUMP}));
        answers[errno_name(ask(command, flags, attributes.bytes()))]++;
        ASSERT_FALSE(HasFailure()) << "message " << i;
    }
    // Each way to end must have been gone, or this has not seen much.
    for (const char* answer : {"0", "EINVAL", "ERANGE", "ENODEV", "EOPNOTSUPP"}) {
        EXPECT_GT(answers[answer], 0U) << answer;
    }
    for (const auto& [answer, times] : answers) {
        fmt::print("{:<12} {:>7}\n", answer, times);
    }
}

// A message that is cut off anywhere is one that says less, or none.
TEST_F(NetlinkFuzz, EveryLengthOfARightMessage) {
    RawAttributes params;
    params.put_u32(VHN_NL_PARAMS_PACKETS, 8);
    params.put_u32(VHN_NL_PARAMS_USECS, 80);
    RawAttributes queue;
    queue.put_u32(VHN_NL_QUEUE_INDEX, VHN_VRING_RX);
    queue.nest(VHN_NL_QUEUE_HOST, params);
    RawAttributes message;
    message.put_u32(VHN_NL_FILE_ID, id_);
    message.nest(VHN_NL_FILE_QUEUE, queue);
    const auto whole = message.bytes();
    for (std::size_t length = 0; length < whole.size(); length++) {
        EXPECT_EQ(ask(VHN_NL_CMD_SET, 0, whole.first(length)), EINVAL) << length;
    }
    EXPECT_EQ(control_.file(id_).queues[0].host.packets, 0U);
    EXPECT_EQ(ask(VHN_NL_CMD_SET, 0, whole), 0);
    EXPECT_EQ(control_.file(id_).queues[0].host.packets, 8U);
}

TEST_F(NetlinkFuzz, NestsInsideOfEachOther) {
    RawAttributes nested;
    for (unsigned depth = 0; depth < 5000; depth++) {
        RawAttributes around;
        around.nest(static_cast<std::uint16_t>(1 + depth % VHN_NL_QUEUE_MAX), nested);
        nested = std::move(around);
    }
    RawAttributes message;
    message.nest(VHN_NL_FILE_QUEUE, nested);
    EXPECT_NE(ask(VHN_NL_CMD_SET, 0, message.bytes()), 0);
    EXPECT_NE(ask(VHN_NL_CMD_GET, 0, message.bytes()), 0);
}

TEST_F(NetlinkFuzz, AttributesLongerThanAny) {
    const std::vector<std::byte> much(65'000, std::byte{0x55});
    for (unsigned type = 0; type <= VHN_NL_FILE_MAX + 1; type++) {
        for (const std::uint8_t command :
             {VHN_NL_CMD_GET, VHN_NL_CMD_SET, VHN_NL_CMD_GET_DEFAULTS}) {
            RawAttributes message;
            message.put(static_cast<std::uint16_t>(type), much);
            EXPECT_NE(ask(command, 0, message.bytes()), 0) << type;
        }
    }
}

// The last word on a queue would be the one that counts; there is only one.
TEST_F(NetlinkFuzz, TheSameQueueManyTimes) {
    RawAttributes params;
    params.put_u32(VHN_NL_PARAMS_PACKETS, 8);
    RawAttributes queue;
    queue.put_u32(VHN_NL_QUEUE_INDEX, VHN_VRING_RX);
    queue.nest(VHN_NL_QUEUE_HOST, params);
    RawAttributes message;
    message.put_u32(VHN_NL_FILE_ID, id_);
    for (unsigned i = 0; i < 1000; i++) {
        message.nest(VHN_NL_FILE_QUEUE, queue);
    }
    EXPECT_EQ(ask(VHN_NL_CMD_SET, 0, message.bytes()), EINVAL);
    EXPECT_EQ(control_.file(id_).queues[0].host.packets, 0U);
}

// What only events and answers are called is no command.
TEST_F(NetlinkFuzz, CommandsThatDoNotExist) {
    for (unsigned command = 0; command <= 255; command++) {
        const bool exists = command >= VHN_NL_CMD_GET && command <= VHN_NL_CMD_GET_DEFAULTS;
        const int code = ask(static_cast<std::uint8_t>(command), 0, {});
        if (!exists) {
            EXPECT_EQ(code, EOPNOTSUPP) << command;
        }
    }
}
