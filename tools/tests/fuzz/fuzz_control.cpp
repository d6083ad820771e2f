// SPDX-License-Identifier: GPL-2.0-only
//
// The control queue's server under commands that nobody thought of. The input is a device's
// features, those it lacks, and its size, then commands: a byte with class and command, two
// with the length of the data, one with the room for the answer, data.
#include "fuzz/input.hpp"
#include "vcoal/control.hpp"
#include "vcoal/error.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

using namespace vcoal;

constexpr unsigned most_pairs = 4;
/// More than the largest steering table and more addresses than a filter holds take.
constexpr std::size_t most_data = 1024;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

/// A device that checks what reaches it and cannot do a part of that.
class Checker : public ControlTarget {
public:
    explicit Checker(unsigned pairs) : pairs_(pairs) {}

    bool enabled(unsigned vq) const override {
        require(vq < 2 * pairs_);
        return vq % 3 != 2;
    }
    vhn_coal_state coalescing(unsigned vq) const override {
        require(vq < 2 * pairs_);
        vhn_coal_state state{};
        state.limit = {1000, 1000000};
        return state;
    }
    void set_coalescing(unsigned vq, vhn_coal_target, vhn_coal_params params) override {
        require(vq < 2 * pairs_);
        if (params.max_packets > 1000 || params.max_usecs > 1000000) {
            throw Error("fuzz", "set", ERANGE);
        }
    }
    void set_active_pairs(unsigned pairs) override { require(pairs >= 1 && pairs <= pairs_); }
    void set_rss(const RssConfig& config) override {
        set_hash(config.hash);
        require(config.unclassified < pairs_);
        require(!config.table.empty() && config.table.size() <= rss_max_table);
        require((config.table.size() & (config.table.size() - 1)) == 0);
        require(*std::max_element(config.table.begin(), config.table.end()) < pairs_);
        require(config.transmit_pairs >= 1 && config.transmit_pairs <= pairs_);
    }
    void set_hash(const HashConfig& config) override {
        require((config.types & ~0x1ffU) == 0 && config.key.size() <= rss_max_key);
    }
    void set_filter(const RxFilter& filter) override {
        const vhn_filter value = filter.value();
        require((value.modes & ~VHN_FILTER_MODES) == 0);
        require(value.nr_unicast + value.nr_multicast <= VHN_FILTER_MACS);
        require((value.mac[0] & 1U) == 0);
        if (++filters_ % 5 == 0) {
            throw Error("fuzz", "filter", ENOMEM);
        }
    }
    void announced() override {}
    void set_offloads(std::uint64_t) override {}

private:
    unsigned pairs_;
    unsigned filters_ = 0;
};

void serve_one(ControlServer& server, std::span<const std::byte>& input) {
    const auto what = take<std::uint8_t>(input);
    const std::size_t length = take<std::uint16_t>(input) % most_data;
    const std::size_t room = take<std::uint8_t>(input) % (ControlServer::answer_limit + 1);

    // On the heap and of exactly this size: AddressSanitizer watches both ends.
    std::vector<std::byte> command{std::byte(what >> 4U), std::byte(what & 15U)};
    const auto data = input.first(std::min(length, input.size()));
    command.insert(command.end(), data.begin(), data.end());
    input = input.subspan(data.size());
    std::vector<std::byte> answer(room, std::byte{0xee});
    const ControlAnswer outcome = server.serve(command, answer);
    require(outcome.written <= room);
    require((outcome.written == 0) == (room == 0));
    require(room == 0 || (answer[0] == std::byte{VIRTIO_NET_OK}) == outcome.ok);
    require(outcome.ok || !outcome.reason.empty());
    require(outcome.ok || outcome.written <= 1);
    control_command_name(outcome.request);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto input = std::as_bytes(std::span(data, size));
    const auto features = ~take<std::uint64_t>(input);
    const unsigned pairs = 1 + take<std::uint8_t>(input) % most_pairs;
    Checker device(pairs);
    ControlServer server(device);
    server.negotiate(features, {.max_pairs = pairs, .mac = {2}, .mtu = 1500, .hash_types = 0x1ff});
    while (!input.empty()) {
        serve_one(server, input);
    }
    require(server.succeeded() + server.unanswerable() <= server.commands());
    return 0;
}
