// SPDX-License-Identifier: GPL-2.0-only
//
// What the kernel, or who takes its place, says of the host's devices. The input is a byte
// that says which message it is, and the message.
#include "fuzz/input.hpp"
#include "vcoal/error.hpp"
#include "vcoal/host_message.hpp"

#include <cerrno>
#include <cstdlib>

namespace {

using namespace vcoal;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

template <typename Queue>
void check_queues(const std::vector<Queue>& queues) {
    require(queues.size() <= VHN_NR_VRINGS);
    for (std::size_t i = 0; i < queues.size(); i++) {
        require(queues[i].index < VHN_NR_VRINGS);
        require(i == 0 || queues[i - 1].index < queues[i].index);
    }
}

void check_event(const GenlMessage& message) {
    const auto event = parse_host_event(message);
    require(event.has_value() ==
            (message.command >= VHN_NL_CMD_ADDED && message.command <= VHN_NL_CMD_STALLED));
    if (event) {
        check_queues(event->queues);
        require(!event->by || event->by->source <= VHN_NL_SOURCE_HOST);
    }
}

void read(std::uint8_t kind, std::span<const std::byte> input) {
    const GenlMessage message{0, kind, {input.begin(), input.end()}};
    switch (kind % 5) {
    case 0:
        check_queues(parse_host_file(message).queues);
        break;
    case 1:
        parse_host_defaults(message);
        break;
    case 2:
        require(parse_genl_family(message, "events").id != 0);
        break;
    case 3: {
        const NetlinkOutcome outcome = parse_netlink_outcome(message.attributes);
        require(outcome.code >= 0 && outcome.code <= 4095);
        break;
    }
    default:
        check_event(message);
        break;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto input = std::as_bytes(std::span(data, size));
    const auto kind = take<std::uint8_t>(input);
    try {
        read(kind, input);
    } catch (const Error& error) {
        require(error.code() == EBADMSG);
    }
    return 0;
}
