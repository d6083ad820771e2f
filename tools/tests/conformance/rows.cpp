// SPDX-License-Identifier: GPL-2.0-only
//
// The sentences, in our own words. What is MUST in one is not told from SHOULD in another:
// ours obeys both.
#include "conformance/row.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vcoal::conformance {
namespace {

constexpr Side device = Side::device;
constexpr Side driver = Side::driver;

// Why something is not observed.
constexpr std::string_view high_bits = "needs a feature bit above 63; the transport has 64";
constexpr std::string_view admin = "admin virtqueues and device parts exist on PCI only";
constexpr std::string_view no_register =
    "a register of PCI and MMIO; the loopback has an event and its answer in its place";
constexpr std::string_view no_suspend = "the transport has no such status, so nobody offers bit 43";

constexpr std::string_view no_coalescing = "vhost_net knows no coalescing and offers neither bit";
constexpr std::string_view no_control =
    "vhost_net has no control queue; the one beside it is vcoal's, the same as beside ours";
constexpr std::string_view no_steering =
    "the tap steers, by vcoal's program, whoever moves packets";
constexpr std::string_view no_filter = "vhost_net filters nothing, so vcoal offers nothing of it";
constexpr std::string_view no_hash = "vhost_net hashes nothing and does not offer HASH_REPORT";
constexpr std::string_view not_its_bits =
    "net feature bits are the VMM's business; vhost_net judges none";
constexpr std::string_view choice = "the text is open here: our choice binds nobody else";

Row later(std::string_view id, Side side, std::string_view text) {
    return {.id = id, .side = side, .text = text, .later = true};
}

std::vector<Row> make_rows() {
    return {
        {"FEAT-G1", driver, "accepts only offered bits, each with those it needs"},
        {"FEAT-G2", driver, "passes over bits it does not know"},
        {"FEAT-G3", driver, "reads FEATURES_OK back and gives up when it was refused"},
        {"FEAT-D1",
         device,
         "offers no bit without those it needs, none it could not honour",
         {},
         not_its_bits},
        {"FEAT-D2",
         device,
         "leaves FEATURES_OK clear for a set it cannot work with",
         {},
         not_its_bits},
        {"FEAT-D3", device, "takes no buffer and notifies nobody before DRIVER_OK"},

        {"CFG-G1", driver, "never writes the configuration"},
        {"CFG-G2", driver, "uses the MAC it is offered, else a local one"},
        {"CFG-G3", driver, "without STATUS the link is up, else it follows the bit"},
        {"CFG-G4", driver, "takes the MTU it is offered and sends no longer frame"},
        {"CFG-G5", driver, "speed and duplex out of range are unknown; reads them again"},
        {"CFG-D1",
         device,
         "with MTU delivers no longer frame that is no GSO packet",
         {},
         "vhost_net drops nothing, so vcoal offers no MTU in front of it"},
        {"CFG-D2", device, "speed and duplex do not change while the link is up", {}, no_control},

        {"COAL-O1",
         device,
         "notifies when the condition is met and not suppressed",
         {},
         no_coalescing},
        {"COAL-O2", device, "each virtqueue counts and times for itself", {}, no_coalescing},
        {"COAL-O3",
         device,
         "count and clock start at the first packet; whichever is first",
         {},
         no_coalescing},
        {"COAL-O4",
         device,
         "then idle until the next packet; no timer without any",
         {},
         no_coalescing},
        {"COAL-O5",
         device,
         "either parameter 0: the condition is met at every packet",
         {},
         no_coalescing},
        {"COAL-O6",
         device,
         "TX_SET and RX_SET write all queues of theirs; the last write wins",
         {},
         no_coalescing},
        {"COAL-O7",
         device,
         "VQ_GET returns what is in force, whatever command set it",
         {},
         no_coalescing},
        {"COAL-O8",
         device,
         "new parameters are judged at once against what is pending",
         {},
         no_coalescing},
        {"COAL-O9",
         device,
         "packets are counted: not kicks, not descriptors, not bytes",
         {},
         no_coalescing},
        {"COAL-O10",
         device,
         "setting one queue keeps the parameters of the others",
         {},
         no_coalescing},
        {"COAL-D1", device, "ignores the reserved field of VQ_SET and VQ_GET", {}, no_coalescing},
        {"COAL-D2",
         device,
         "TX_SET, RX_SET: ERR if parameters could not be changed",
         {},
         no_coalescing},
        {"COAL-D3", device, "VQ_SET: ERR if parameters could not be changed", {}, no_coalescing},
        {"COAL-D4",
         device,
         "VQ_SET, VQ_GET: ERR unless it is an enabled RX or TX queue",
         {},
         no_coalescing},
        {"COAL-D5",
         device,
         "a TX queue comes back from reset with TX_SET's parameters, or 0/0",
         {},
         no_coalescing},
        {"COAL-D6",
         device,
         "an RX queue comes back with RX_SET's parameters, or 0/0",
         {},
         no_coalescing},
        {"COAL-D7", device, "best effort is enough; ours is exact", {}, no_coalescing},
        {"COAL-D8", device, "met while suppressed: no notification", {}, no_coalescing},
        {"COAL-D9", device, "device reset: all parameters are 0", {}, no_coalescing},
        {"COAL-G1", driver, "names enabled RX or TX queues only"},
        {"COAL-G2", driver, "TX_SET and RX_SET only with NOTF_COAL"},
        {"COAL-G3", driver, "VQ_SET and VQ_GET only with VQ_NOTF_COAL"},
        {"COAL-G4", driver, "discards the values of a VQ_GET that was answered ERR"},

        {"NTF-D1", device, "split, no EVENT_IDX: the flag decides, used_event does not"},
        {"NTF-D2", device, "split, EVENT_IDX: used_event decides, the flag does not"},
        {"NTF-P",
         device,
         "packed: enabled, disabled, or at a descriptor",
         {},
         "vhost_net has no packed rings"},
        {"NTF-G1", driver, "the flag is 0 or 1, and stays 0 with EVENT_IDX"},
        {"NTF-G2", driver, "bears notifications for nothing"},
        {"NTF-G3", driver, "publishes, then looks; enables, then looks again: loses none"},

        {"VQR-D1", device, "after a queue reset nothing is executed, nobody notified"},
        {"VQR-D2", device, "queue_reset reads 1 while it runs, then 0 and queue_enable 0",
         no_register},
        {"VQR-G1", driver, "frees memory when the reset has been confirmed; another size after"},
        {"RST-D1", device, "after a device reset no notification and no access"},
        {"SUS-D1", device, "SUSPEND: finishes, notifies, then reports; then silence", no_suspend},

        {"HDR-G1", driver, "headers are as long both ways; num_buffers is 0"},
        {"HDR-G2", driver, "without CSUM the flags are 0"},
        {"HDR-G3", driver, "GSO only of negotiated kinds, with NEEDS_CSUM and gso_size"},
        {"HDR-G4", driver, "NEEDS_CSUM: pseudo-header sum, and where the rest goes"},
        {"HDR-G5", driver, "GSO: hdr_len is the headers' length, exactly with GUEST_HDRLEN"},
        {"HDR-G6", driver, "never says DATA_VALID or RSC_INFO"},
        {"HDR-G7", driver, "ECN segments only with HOST_ECN, and then says so"},
        {"HDR-G8", driver, "receive buffers are as long as they must be"},
        {"HDR-G9", driver, "passes over unknown flags; believes no field that no flag vouches for"},
        {"HDR-G10", driver, "drops packets whose tunnel bits contradict each other", high_bits},
        {"HDR-D1", device, "passes over unknown flags and over fields no flag vouches for"},
        {"HDR-D2", device, "refuses packets whose tunnel bits contradict each other", high_bits},
        {"HDR-D3", device, "num_buffers is true; all buffers but the last are full"},
        {"HDR-D4", device, "flags and gso_type are of negotiated kinds only"},
        {"HDR-D5", device, "NEEDS_CSUM and DATA_VALID only with GUEST_CSUM"},
        {"HDR-D6", device, "without RSC_EXT no RSC_INFO"},
        {"HDR-D7", device, "outer_nh_offset only with OUT_NET_HEADER", high_bits},

        {"CTRL-D1", device, "PROMISC and ALLMULTI are there with CTRL_RX", {}, no_filter},
        {"CTRL-D2", device, "PROMISC outranks all other modes", {}, no_filter},
        {"CTRL-D3", device, "the other four modes are there with CTRL_RX_EXTRA", {}, no_filter},
        {"CTRL-D4", device, "of two modes that contradict, NO... wins", {}, no_filter},
        {"CTRL-D5",
         device,
         "table empty after reset; tables and MAC are in force when used",
         {},
         no_control},
        {"CTRL-D6", device, "drops what is neither its own nor in the table", {}, no_filter},
        {"CTRL-D7",
         device,
         "VLANs pass without CTRL_VLAN, with it those of the table",
         {},
         no_filter},
        {"CTRL-D8", device, "ANNOUNCE_ACK clears the bit before it is used", {}, no_control},
        {"CTRL-D9",
         device,
         "packets for pairs in use only; the first one after reset",
         {},
         no_steering},
        {"CTRL-D10", device, "a flow sent on transmitqX comes back on receiveqX", {}, no_steering},
        {"CTRL-D11", device, "goes around a queue in reset, or drops; RSS drops", {}, no_steering},
        {"CTRL-D12", device, "filters before it steers", {}, no_filter},
        {"CTRL-G1", driver, "each command only with its feature"},
        {"CTRL-G2", driver, "MAC_TABLE_SET: two tables, each behind its count, either empty"},
        {"CTRL-G3", driver, "sends MAC_ADDR_SET for another address"},
        {"CTRL-G4", driver, "asked to, announces itself and acknowledges"},
        {"CTRL-G5", driver, "VQ_PAIRS_SET: queues first; 1 to the maximum; no queue above it"},
        {"CTRL-G6", driver, "GUEST_OFFLOADS_SET with negotiated offloads only"},

        {"RSS-D1",
         device,
         "the table decides, by the hash; without one unclassified_queue",
         {},
         no_steering},
        {"RSS-D2", device, "HASH_REPORT: takes its configuration, with one pair, too", {}, no_hash},
        {"RSS-D3", device, "no hash before configuration; none calculated is 0", {}, no_hash},
        {"RSS-D4", device, "outer headers are hashed unless a tunnel type is enabled", {}, no_hash},
        {"RSS-D5", device, "RSS_CONTEXT: one at least, none after reset", high_bits},
        {"RSS-G1", driver, "RSS only with its feature; tables of a valid size and contents"},
        {"RSS-G2", driver, "HASH_CONFIG: reserved words are 0"},
        {"RSS-G3", driver, "HASH_TUNNEL_SET only with its feature"},
        {"RSS-G4", driver, "context IDs from 1 to the maximum", high_bits},

        {"AMB-1", driver, "DEVICE_STATS and CTRL_GUEST_OFFLOADS need CTRL_VQ", {}, choice},
        {"AMB-2", device, "duplex: 1 is full, 0 is half; unknown speed is 0xffffffff", {}, choice},
        {"AMB-3", device, "VQ_GET answers ack, then coal; the index alone is enough", {}, choice},
        {"AMB-4", device, "a condition met while suppressed is spent", {}, choice},
        {"AMB-5",
         device,
         "enabled means set up and not in reset, not the number of pairs",
         {},
         choice},
        {"AMB-6", device, "fewer pairs, then more, is no queue reset", {}, choice},
        {"AMB-7",
         device,
         "a queue in reset takes the direction's parameters when it is back",
         {},
         choice},
        {"AMB-8", device, "after ERR nothing has changed anywhere", {}, choice},
        {"AMB-9", device, "suppression is judged over the whole batch", {}, choice},
        {"AMB-10", device, "a packet weighs 1, however many buffers", {}, choice},
        {"AMB-11", device, "notifies early when the driver runs out of descriptors", {}, choice},
        {"AMB-12", device, "a command that was not negotiated is an ERR", {}, choice},
        later("AMB-13", device, "QUERY lists types of negotiated features"),
        later("AMB-14", device, "SPEED types need SPEED_DUPLEX"),
        later("AMB-15", device, "counters of queues that are not enabled can be asked for"),
        {"AMB-16",
         device,
         "counters are 0 after device reset, kept across queue reset",
         {},
         choice},
        later("AMB-17", device, "a short buffer cuts the reply"),
        later("AMB-18", device, "order, duplicates, no entries, odd lengths"),
        later("AMB-19", driver, "entries of another size"),
        later("AMB-20", device, "a GET counts itself"),
        later("AMB-21", driver, "totals are sums over queues"),

        later("STAT-D1", device, "QUERY lists all supported types"),
        later("STAT-D2", device, "one bad entry: ERR for the whole command"),
        later("STAT-D3", device, "each reply says type, queue and true size"),
        later("STAT-D4", device, "writes the valid bytes, whatever the buffer's size"),
        later("STAT-D5", device, "counters wrap"),
        later("STAT-G1", driver, "asks for types that QUERY listed"),
        later("STAT-G2", driver, "asks for types of that kind of queue"),
        later("STAT-G3", driver, "room for every reply it asks for"),

        {"PART-D1", device, "stopped: no notification, no ring access", admin},
        {"PART-D2", device, "SET while running is an error; a failed one has no effect", admin},
        {"PART-D3", device, "GET replies in the order of restoring", admin},
    };
}

/// IDs with a number from 1 to @c last behind their beginning.
struct Range {
    std::string_view begin;
    unsigned last;
};

constexpr Range ranges[] = {
    {"FEAT-G", 3}, {"FEAT-D", 3}, {"CFG-G", 5},  {"CFG-D", 2},   {"COAL-O", 10}, {"COAL-D", 9},
    {"COAL-G", 4}, {"NTF-D", 2},  {"NTF-G", 3},  {"VQR-D", 2},   {"VQR-G", 1},   {"RST-D", 1},
    {"SUS-D", 1},  {"HDR-G", 10}, {"HDR-D", 7},  {"CTRL-D", 12}, {"CTRL-G", 6},  {"RSS-D", 5},
    {"RSS-G", 4},  {"AMB-", 21},  {"STAT-D", 5}, {"STAT-G", 3},  {"PART-D", 3},
};

} // namespace

const std::vector<Row>& rows() {
    static const std::vector<Row> all = make_rows();
    return all;
}

const Row* find_row(std::string_view id) {
    const auto row = std::ranges::find(rows(), id, &Row::id);
    return row == rows().end() ? nullptr : &*row;
}

std::vector<std::string> all_ids() {
    std::vector<std::string> ids{"NTF-P"};
    for (const Range& range : ranges) {
        for (unsigned number = 1; number <= range.last; number++) {
            ids.push_back(fmt::format("{}{}", range.begin, number));
        }
    }
    return ids;
}

std::string_view family(std::string_view id) {
    return id.substr(0, id.find('-'));
}

} // namespace vcoal::conformance
