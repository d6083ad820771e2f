// SPDX-License-Identifier: GPL-2.0-only
//
// The control queue's server: forms of commands and answers, and class NOTF_COAL.
#include "unit/control_fixture.hpp"

#include <array>
#include <cstring>
#include <initializer_list>

// Where the type is: only there the standard library and gtest look for them.
static bool operator==(const vhn_coal_params& a, const vhn_coal_params& b) {
    return a.max_packets == b.max_packets && a.max_usecs == b.max_usecs;
}

static void PrintTo(const vhn_coal_params& params, std::ostream* out) {
    *out << '{' << params.max_packets << ", " << params.max_usecs << '}';
}

namespace vcoal::test {
namespace {

constexpr unsigned notf_coal = VIRTIO_NET_CTRL_NOTF_COAL;
constexpr unsigned tx_set = VIRTIO_NET_CTRL_NOTF_COAL_TX_SET;
constexpr unsigned rx_set = VIRTIO_NET_CTRL_NOTF_COAL_RX_SET;
constexpr unsigned vq_set = VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET;
constexpr unsigned vq_get = VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET;
constexpr auto all_features = feature(VIRTIO_NET_F_CTRL_VQ) | feature(VIRTIO_NET_F_MQ) |
                              feature(VIRTIO_NET_F_NOTF_COAL) | feature(VIRTIO_NET_F_VQ_NOTF_COAL);

class Control : public ControlTest {
protected:
    Control() { negotiate(all_features); }

    void negotiate(std::uint64_t features) { server.negotiate(features, {.max_pairs = 2}); }

    bool direction(unsigned command, vhn_coal_params params) {
        return acked(control_request(notf_coal, command,
                                     virtio_net_coal{params.max_packets, params.max_usecs}));
    }

    bool set(unsigned vq, vhn_coal_params params, unsigned reserved = 0) {
        return acked(control_request(notf_coal, vq_set,
                                     virtio_net_coal_vq{static_cast<__le16>(vq),
                                                        static_cast<__le16>(reserved),
                                                        {params.max_packets, params.max_usecs}}));
    }

    /// VQ_GET by AMB-3: the ack, then the parameters.
    std::optional<vhn_coal_params> get(unsigned vq, unsigned reserved = 0) {
        const std::array<std::uint16_t, 2> data{static_cast<std::uint16_t>(vq),
                                                static_cast<std::uint16_t>(reserved)};
        const Reply reply = send(control_request(notf_coal, vq_get, data), 9);
        if (!reply.outcome.ok) {
            EXPECT_EQ(reply.outcome.written, 1U);
            EXPECT_EQ(reply.bytes[0], std::byte{VIRTIO_NET_ERR});
            return std::nullopt;
        }
        EXPECT_EQ(reply.outcome.written, 9U);
        EXPECT_EQ(reply.bytes[0], std::byte{VIRTIO_NET_OK});
        vhn_coal_params params{};
        std::memcpy(&params, reply.bytes.data() + 1, sizeof(params));
        return params;
    }

    bool set_pairs(unsigned pairs) {
        return acked(control_request(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET,
                                     static_cast<std::uint16_t>(pairs)));
    }

    /// Parameters of virtqueues 0, 2, 1, 3: the columns of the table in spec 3.6.
    std::vector<vhn_coal_params> all() {
        return {device.of(0), device.of(2), device.of(1), device.of(3)};
    }
};

constexpr vhn_coal_params zero{0, 0};
constexpr vhn_coal_params a{32, 50};
constexpr vhn_coal_params b{64, 100};
constexpr vhn_coal_params c{8, 9};
constexpr vhn_coal_params d{128, 200};
constexpr vhn_coal_params e{5, 6};

using Params = std::vector<vhn_coal_params>;

TEST_F(Control, TwoPairSequence_3_6) {
    EXPECT_TRUE(direction(rx_set, a));
    EXPECT_EQ(all(), (Params{a, a, zero, zero}));
    EXPECT_TRUE(set(0, b));
    EXPECT_EQ(all(), (Params{b, a, zero, zero}));
    EXPECT_EQ(get(0), b);
    EXPECT_TRUE(set(1, c));
    EXPECT_EQ(all(), (Params{b, a, c, zero}));
    EXPECT_TRUE(direction(tx_set, d));
    EXPECT_EQ(all(), (Params{b, a, d, d}));
    EXPECT_EQ(get(1), d);
    device.reset_queue(0);
    EXPECT_EQ(all(), (Params{a, a, d, d}));
    EXPECT_TRUE(set(3, e));
    device.reset_queue(3);
    EXPECT_EQ(all(), (Params{a, a, d, d}));
}

TEST_F(Control, COAL_O6_TheLastWriteWinsWhateverCommandMadeIt) {
    EXPECT_TRUE(set(2, b));
    EXPECT_TRUE(direction(rx_set, a));
    EXPECT_EQ(device.of(2), a);
    EXPECT_TRUE(set(2, c));
    EXPECT_EQ(device.of(2), c);
    EXPECT_EQ(device.of(0), a);
}

TEST_F(Control, COAL_O6_ADirectionDoesNotTouchTheOther) {
    EXPECT_TRUE(direction(tx_set, a));
    EXPECT_EQ(all(), (Params{zero, zero, a, a}));
}

TEST_F(Control, COAL_O7_VqGetReportsWhatAGlobalCommandSet) {
    EXPECT_TRUE(direction(rx_set, a));
    EXPECT_EQ(get(2), a);
    EXPECT_EQ(get(3), zero);
}

TEST_F(Control, COAL_O10_SettingOneQueueKeepsTheOthers) {
    EXPECT_TRUE(direction(rx_set, a));
    EXPECT_TRUE(direction(tx_set, d));
    EXPECT_TRUE(set(1, c));
    EXPECT_EQ(all(), (Params{a, a, c, d}));
}

TEST_F(Control, COAL_D1_ReservedIsIgnored) {
    EXPECT_TRUE(set(0, a, 0xffff));
    EXPECT_EQ(get(0, 0xffff), a);
}

TEST_F(Control, COAL_D2_ADirectionThatCannotBeSetIsAnError) {
    EXPECT_TRUE(direction(rx_set, a));
    device.limits[0] = {1000, 1000};
    EXPECT_FALSE(direction(rx_set, {1, 1001}));
    EXPECT_EQ(all(), (Params{a, a, zero, zero}));
}

TEST_F(Control, COAL_D3_AQueueThatCannotBeSetIsAnError) {
    EXPECT_TRUE(set(3, c));
    device.limits[3] = {1000, 1000};
    EXPECT_FALSE(set(3, {1001, 1}));
    EXPECT_EQ(device.of(3), c);
}

TEST_F(Control, COAL_D4_OnlyEnabledReceiveAndTransmitQueues) {
    for (const unsigned vq : {4U, 5U, 6U, 0x7fffU, 0xffffU}) {
        EXPECT_FALSE(set(vq, a)) << vq;
        EXPECT_EQ(get(vq), std::nullopt) << vq;
    }
    device.disabled = {1};
    EXPECT_FALSE(set(1, a));
    EXPECT_EQ(get(1), std::nullopt);
    EXPECT_TRUE(device.queues.empty());
}

TEST_F(Control, COAL_D4_WithoutMqOnlyTheFirstPairHasIndexes) {
    negotiate(all_features & ~feature(VIRTIO_NET_F_MQ));
    EXPECT_TRUE(set(1, a));
    EXPECT_FALSE(set(2, a)); // that is the control queue now
    EXPECT_TRUE(direction(rx_set, b));
    EXPECT_EQ(all(), (Params{b, zero, a, zero}));
}

TEST_F(Control, AMB_3_VqGetTakesTheIndexAlone) {
    EXPECT_TRUE(set(2, b));
    for (const std::size_t length : {2U, 3U, 4U, 12U}) {
        std::vector<std::byte> bytes{std::byte{notf_coal}, std::byte{vq_get}, std::byte{2}};
        bytes.resize(2 + length);
        const Reply reply = send(bytes, 9);
        EXPECT_TRUE(reply.outcome.ok) << length;
        EXPECT_EQ(reply.outcome.written, 9U);
    }
}

TEST_F(Control, AMB_3_AResultWithoutRoomIsAnErrorOfOneByte) {
    for (std::size_t room = 1; room < 9; room++) {
        const Reply reply = send(control_request(notf_coal, vq_get, std::uint32_t{0}), room);
        EXPECT_FALSE(reply.outcome.ok);
        EXPECT_EQ(reply.outcome.written, 1U);
    }
    EXPECT_EQ(send(control_request(notf_coal, vq_get, std::uint32_t{0}), 100).outcome.written, 9U);
}

TEST_F(Control, AMB_7_AQueueNotSetUpTakesTheDirectionAllTheSame) {
    device.disabled = {2};
    EXPECT_TRUE(direction(rx_set, a));
    EXPECT_EQ(device.of(2), a);
}

TEST_F(Control, AMB_8_OneRefusalUndoesAll) {
    EXPECT_TRUE(direction(rx_set, a));
    EXPECT_TRUE(set(0, b));
    device.limits[2] = {1000, 1000};
    EXPECT_FALSE(direction(rx_set, {2000, 10}));
    EXPECT_EQ(all(), (Params{b, a, zero, zero}));
    // The memory of COAL-D6 is back as well.
    device.reset_queue(0);
    EXPECT_EQ(device.of(0), a);
}

TEST_F(Control, AMB_8_WhatALowerLimitAllowsIsPutBack) {
    EXPECT_TRUE(set(0, {900, 900}));
    device.limits[0] = {500, 500}; // lowered while 900 was asked for
    device.limits[2] = {10, 10};
    EXPECT_FALSE(direction(rx_set, {100, 100}));
    EXPECT_EQ(device.of(0), (vhn_coal_params{500, 500}));
}

TEST_F(Control, AMB_8_WhatCannotBePutBackDoesNotKeepTheRestFromIt) {
    server.negotiate(all_features, {.max_pairs = 3});
    device.locked_when_set = {0};
    device.limits[4] = {10, 10};
    EXPECT_FALSE(direction(rx_set, {100, 100}));
    EXPECT_EQ(device.of(0), (vhn_coal_params{100, 100}));
    EXPECT_EQ(device.of(2), zero);
    EXPECT_EQ(device.of(4), zero);
}

TEST_F(Control, AMB_12_WhatWasNotNegotiatedIsAnError) {
    negotiate(all_features & ~feature(VIRTIO_NET_F_NOTF_COAL));
    EXPECT_FALSE(direction(tx_set, a));
    EXPECT_FALSE(direction(rx_set, a));
    EXPECT_TRUE(set(0, b));

    negotiate(all_features & ~feature(VIRTIO_NET_F_VQ_NOTF_COAL));
    EXPECT_FALSE(set(0, a));
    EXPECT_EQ(get(0), std::nullopt);
    EXPECT_EQ(device.of(0), b);

    negotiate(0);
    EXPECT_FALSE(set_pairs(1));
    EXPECT_EQ(device.active_pairs, 0U);
}

TEST_F(Control, ShortDataIsAnErrorAndChangesNothing) {
    const auto shortened = [this](std::vector<std::byte> bytes) {
        while (bytes.size() > 2) {
            bytes.pop_back();
            EXPECT_FALSE(acked(bytes)) << bytes.size();
        }
        EXPECT_FALSE(acked(std::span(bytes).first(1)));
        EXPECT_FALSE(acked({}));
    };
    shortened(control_request(notf_coal, rx_set, virtio_net_coal{1, 2}));
    shortened(control_request(notf_coal, tx_set, virtio_net_coal{1, 2}));
    shortened(control_request(notf_coal, vq_set, virtio_net_coal_vq{0, 0, {1, 2}}));
    shortened(control_request(notf_coal, vq_get, std::uint16_t{0}));
    shortened(
        control_request(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, std::uint16_t{1}));
    EXPECT_TRUE(device.queues.empty());
    EXPECT_EQ(device.active_pairs, 0U);
}

TEST_F(Control, LongDataIsFineAndItsTailIgnored) {
    auto bytes = control_request(notf_coal, rx_set, virtio_net_coal{a.max_packets, a.max_usecs});
    bytes.resize(5000, std::byte{0xff});
    EXPECT_TRUE(acked(bytes));
    EXPECT_EQ(device.of(0), a);
}

TEST_F(Control, WithoutRoomForTheAckNothingHappens) {
    const Reply reply = send(control_request(notf_coal, rx_set, virtio_net_coal{1, 2}), 0);
    EXPECT_EQ(reply.outcome.written, 0U);
    EXPECT_FALSE(reply.outcome.ok);
    EXPECT_TRUE(device.queues.empty());
    EXPECT_EQ(server.unanswerable(), 1U);
    EXPECT_EQ(server.commands(), 1U);
    EXPECT_EQ(server.succeeded(), 0U);
}

TEST_F(Control, WhatIsNotCarriedOutIsAnError) {
    for (unsigned command_class = 0; command_class < 256; command_class++) {
        for (const unsigned command : {0U, 1U, 2U, 3U, 4U, 255U}) {
            const bool served = (command_class == notf_coal && command <= vq_get) ||
                                (command_class == VIRTIO_NET_CTRL_MQ && command == 0);
            if (!served) {
                EXPECT_FALSE(acked(control_request(command_class, command, std::uint64_t{1})))
                    << command_class << ' ' << command;
            }
        }
    }
    EXPECT_TRUE(device.queues.empty());
    EXPECT_TRUE(device.untouched());
}

TEST_F(Control, CTRL_D9_PairsFrom1ToTheMaximum) {
    EXPECT_TRUE(set_pairs(2));
    EXPECT_EQ(device.active_pairs, 2U);
    for (const unsigned wrong : {0U, 3U, 0x8000U, 0xffffU}) {
        EXPECT_FALSE(set_pairs(wrong)) << wrong;
    }
    EXPECT_EQ(device.active_pairs, 2U);
    EXPECT_TRUE(set_pairs(1));
    EXPECT_EQ(device.active_pairs, 1U);
}

TEST_F(Control, AMB_5_AMB_6_ThePairCountDoesNotDisableQueues) {
    EXPECT_TRUE(set_pairs(1));
    EXPECT_TRUE(set(3, a));
    EXPECT_EQ(get(3), a);
}

TEST_F(Control, CountsAndNamesCommands) {
    const Reply good = send(control_request(notf_coal, rx_set, virtio_net_coal{1, 2}), 1);
    const Reply bad = send(control_request(200, 1, std::uint8_t{1}), 1);
    EXPECT_EQ(server.commands(), 2U);
    EXPECT_EQ(server.succeeded(), 1U);
    EXPECT_EQ(control_command_name(good.outcome.request), "NOTF_COAL_RX_SET");
    EXPECT_EQ(control_command_name(bad.outcome.request), "class 200 command 1");
    EXPECT_NE(bad.outcome.reason, "");
    EXPECT_EQ(control_command_name(std::span(good.outcome.request).first(1)), "truncated");
}

TEST_F(Control, AnAnswerShowsTheBeginningOfALongCommand) {
    auto bytes = control_request(notf_coal, rx_set, virtio_net_coal{1, 2});
    bytes.resize(ControlServer::request_limit);
    EXPECT_EQ(send(bytes, 1).outcome.request.size(), ControlServer::record_limit);
}

} // namespace
} // namespace vcoal::test
