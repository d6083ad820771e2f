// SPDX-License-Identifier: GPL-2.0-only
//
// What a device says of its counters, read by the guest driver. The input is the reply.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>

extern "C" {
#include "stats_reply.h"
}

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

struct Reply {
    const std::uint8_t* begin;
    std::size_t size;
    std::size_t end_of_last = 0;
    unsigned entries = 0;
};

/// Entries come one behind the other, each with all its counters.
void look(void* context, u16 /*vq*/, u32 type, const u8* counters) {
    auto* reply = static_cast<Reply*>(context);
    require(type < VNC_STATS_TYPES);
    const auto at = static_cast<std::size_t>(counters - reply->begin);
    require(at >= reply->end_of_last + VNC_STATS_HEADER);
    reply->end_of_last = at + vnc_stats_type_len(&vnc_stats_types[type]) - VNC_STATS_HEADER;
    require(reply->end_of_last <= reply->size);
    reply->entries++;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // In memory of exactly that size: AddressSanitizer watches both ends.
    const auto copy = std::make_unique<std::uint8_t[]>(size);
    std::copy_n(data, size, copy.get());
    Reply reply{copy.get(), size};
    const u32 found = vnc_stats_parse(copy.get(), static_cast<u32>(size), look, &reply);
    require(found == reply.entries);
    return 0;
}
