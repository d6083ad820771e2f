// SPDX-License-Identifier: GPL-2.0-only
//
// The suppression rules over all of their range (NTF-D1, NTF-D2, NTF-P, spec 3.5 C).
#include "pure.hpp"
#include "vcoal/packed_place.hpp"
#include "vcoal/split_ring.hpp"

#include <gtest/gtest.h>

namespace {

/// The rule in words: an entry that the driver waits for is among those used since the
/// last look, from old up to but not including now.
bool among(std::uint16_t event, std::uint16_t old_index, std::uint16_t new_index) {
    for (std::uint16_t i = old_index; i != new_index; i++) {
        if (i == event) {
            return true;
        }
    }
    return false;
}

} // namespace

TEST(Suppress, NTF_D2_AMB_9_TheWholeRangeIsTestedNotItsLastEntry) {
    EXPECT_FALSE(vhn_event_suppresses(11, 10, 14));
    EXPECT_TRUE(vhn_event_suppresses(20, 10, 14));
    EXPECT_FALSE(vhn_event_suppresses(10, 10, 14));
    EXPECT_FALSE(vhn_event_suppresses(13, 10, 14));
    EXPECT_TRUE(vhn_event_suppresses(14, 10, 14));
    EXPECT_TRUE(vhn_event_suppresses(9, 10, 14));
}

TEST(Suppress, NothingUsedIsNothingToTell) {
    for (unsigned event = 0; event < 0x10000; event++) {
        EXPECT_TRUE(vhn_event_suppresses(static_cast<std::uint16_t>(event), 7, 7));
    }
}

TEST(Suppress, AsTheWordsSayAcrossTheWrapAround) {
    for (const unsigned old_index : {0U, 1U, 0x7ff0U, 0x8000U, 0xffc0U, 0xffffU}) {
        for (unsigned used = 0; used <= 130; used++) {
            const auto now = static_cast<std::uint16_t>(old_index + used);
            for (int offset = -70; offset <= 200; offset++) {
                const auto event = static_cast<std::uint16_t>(static_cast<int>(old_index) + offset);
                const bool wanted = among(event, static_cast<std::uint16_t>(old_index), now);
                ASSERT_EQ(vhn_event_suppresses(event, static_cast<std::uint16_t>(old_index), now),
                          !wanted)
                    << event << " in " << old_index << ".." << now;
            }
        }
    }
}

// All 2^32 pairs of distances: how far the event and how far the index lie from old.
TEST(Suppress, EveryDistance) {
    for (const unsigned old_index : {0U, 0xabcdU}) {
        std::uint64_t wrong = 0;
        for (unsigned used = 0; used < 0x10000; used++) {
            for (unsigned distance = 0; distance < 0x10000; distance++) {
                const auto event = static_cast<std::uint16_t>(old_index + distance);
                const auto now = static_cast<std::uint16_t>(old_index + used);
                const bool wanted = distance < used;
                wrong += vhn_event_suppresses(event, static_cast<std::uint16_t>(old_index), now) ==
                         wanted;
            }
        }
        EXPECT_EQ(wrong, 0U) << "from " << old_index;
    }
}

TEST(Suppress, TheDriverSideAgrees) {
    for (unsigned used = 0; used < 0x10000; used += 7) {
        for (unsigned distance = 0; distance < 0x10000; distance += 11) {
            const auto event = static_cast<std::uint16_t>(0xfff0 + distance);
            const auto now = static_cast<std::uint16_t>(0xfff0 + used);
            ASSERT_NE(vhn_event_suppresses(event, 0xfff0, now),
                      vcoal::event_reached(event, now, 0xfff0));
        }
    }
}

TEST(Suppress, NTF_D1_FlagBitZeroAndNoOther) {
    for (unsigned flags = 0; flags < 0x10000; flags++) {
        EXPECT_EQ(vhn_flag_suppresses(static_cast<std::uint16_t>(flags)), (flags & 1) != 0);
    }
}

namespace {

using vcoal::PackedEvent;
using vcoal::PackedPlace;

/// The rule for a packed ring in words: walk over the slots used, one by one.
bool among_slots(std::uint16_t event, PackedPlace from, unsigned used, unsigned size) {
    for (unsigned i = 0; i < used; i++) {
        if (from.plus(i, size).word() == event) {
            return true;
        }
    }
    return false;
}

} // namespace

// Every place from which, every number of slots used short of two turns, every event
// a driver may write near the ring's ends; sizes that are no power of two among them.
TEST(SuppressPacked, NTF_P_AsTheWordsSayOverBothTurns) {
    for (const unsigned size : {1U, 2U, 3U, 7U, 8U, 12U}) {
        for (unsigned start = 0; start < 2 * size; start++) {
            const PackedPlace from = PackedPlace::at(start, size);
            for (unsigned used = 0; used < 2 * size; used++) {
                const PackedPlace now = from.plus(used, size);
                for (unsigned slot = 0; slot < size + 3; slot++) {
                    for (const unsigned wrap : {0U, 0x8000U}) {
                        const auto event = static_cast<std::uint16_t>(slot | wrap);
                        ASSERT_EQ(vhn_packed_event_suppresses(event, from.word(), now.word(), size),
                                  !among_slots(event, from, used, size))
                            << event << " in " << start << " + " << used << " of " << size;
                    }
                }
            }
        }
    }
}

// The largest ring: a place has no bit left over.
TEST(SuppressPacked, NTF_P_EveryEventOfTheLargestRing) {
    constexpr unsigned size = 32768;
    for (const unsigned start : {0U, 1U, size - 1, size, 2 * size - 1}) {
        const PackedPlace from = PackedPlace::at(start, size);
        for (const unsigned used : {0U, 1U, 64U, size - 1, size, 2 * size - 1}) {
            const PackedPlace now = from.plus(used, size);
            for (unsigned distance = 0; distance < 2 * size; distance++) {
                const std::uint16_t event = from.plus(distance, size).word();
                ASSERT_EQ(vhn_packed_event_suppresses(event, from.word(), now.word(), size),
                          distance >= used)
                    << start << " + " << used << ", " << distance;
            }
        }
    }
}

TEST(SuppressPacked, NTF_P_NothingExistsBeyondTheRing) {
    for (unsigned event = 0; event < 0x10000; event++) {
        if ((event & 0x7fff) >= 99) {
            ASSERT_TRUE(vhn_packed_event_suppresses(static_cast<std::uint16_t>(event),
                                                    PackedPlace().word(),
                                                    PackedPlace::at(197, 99).word(), 99));
        }
    }
}

TEST(SuppressPacked, TheDriverSideAgrees) {
    for (const unsigned size : {5U, 99U}) {
        for (unsigned start = 0; start < 2 * size; start++) {
            const PackedPlace from = PackedPlace::at(start, size);
            for (unsigned used = 0; used < 2 * size; used += 3) {
                const PackedPlace now = from.plus(used, size);
                for (unsigned event = 0; event < 2 * size + 2; event++) {
                    const PackedPlace place = PackedPlace::at(event, size + 1);
                    ASSERT_NE(
                        vhn_packed_event_suppresses(place.word(), from.word(), now.word(), size),
                        PackedEvent::only_at(place).wanted(from, now, size));
                }
            }
        }
    }
}
