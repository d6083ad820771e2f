// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host/settings.hpp"

#include "vcoal/error.hpp"
#include "vcoal/host/quantity.hpp"
#include "vcoal/printable.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <limits>
#include <string_view>

namespace vcoal {
namespace {

constexpr const char* read = "read settings";

/// Words that a value follows, and where it goes.
class Reader {
public:
    Reader(const std::vector<std::string>& words, HostTarget target) : words_(words) {
        settings_.target = target;
    }

    HostSettings read_all() {
        while (at_ < words_.size()) {
            read_one(words_.at(at_++));
        }
        if (!settings_.concerns(VHN_VRING_RX) && !settings_.concerns(VHN_VRING_TX)) {
            throw UsageError("settings", read, EINVAL, "give at least one of " + choices());
        }
        return settings_;
    }

private:
    void read_one(const std::string& word) {
        HostParamsChange& rx = settings_.params.at(VHN_VRING_RX);
        HostParamsChange& tx = settings_.params.at(VHN_VRING_TX);
        if (word == "rx-usecs") {
            put(rx.usecs, word, parse_usecs(value_of(word)));
        } else if (word == "rx-frames") {
            put(rx.packets, word, parse_frames(value_of(word)));
        } else if (word == "tx-usecs") {
            put(tx.usecs, word, parse_usecs(value_of(word)));
        } else if (word == "tx-frames") {
            put(tx.packets, word, parse_frames(value_of(word)));
        } else if (word == "queue") {
            put(settings_.queue, word, queue_number(value_of(word)));
        } else if (may_lock() && (word == "lock" || word == "unlock")) {
            put(settings_.locked, "lock or unlock", word == "lock");
        } else {
            throw UsageError("\"" + printable(word) + "\"", read, EINVAL,
                             "there are " + choices() + ", and queue");
        }
    }

    const std::string& value_of(const std::string& word) {
        if (at_ == words_.size()) {
            throw UsageError(word, read, EINVAL, "a value has to follow it");
        }
        return words_.at(at_++);
    }

    template <typename T>
    static void put(std::optional<T>& place, const std::string& word, T value) {
        if (place) {
            throw UsageError(word, read, EINVAL, "it is there twice");
        }
        place = value;
    }

    static unsigned queue_number(const std::string& text) {
        try {
            return parse_frames(text);
        } catch (const UsageError&) {
            throw UsageError("queue \"" + printable(text) + "\"", read, EINVAL,
                             "queues are numbered from 0 on");
        }
    }

    bool may_lock() const { return settings_.target == HostTarget::limit; }
    std::string choices() const {
        return std::string("rx-usecs, rx-frames, tx-usecs, tx-frames") +
               (may_lock() ? ", lock, unlock" : "");
    }

    const std::vector<std::string>& words_;
    std::size_t at_ = 0;
    HostSettings settings_;
};

} // namespace

HostSettings parse_settings(const std::vector<std::string>& words, HostTarget target) {
    return Reader(words, target).read_all();
}

HostChange change_for(const HostSettings& settings, std::optional<std::uint32_t> id) {
    HostChange change{id, {}};
    for (unsigned index = 0; index < VHN_NR_VRINGS; index++) {
        HostQueueChange& queue = change.queues.at(index);
        (settings.target == HostTarget::host ? queue.host : queue.limit) =
            settings.params.at(index);
        queue.locked = settings.locked;
    }
    return change;
}

} // namespace vcoal
