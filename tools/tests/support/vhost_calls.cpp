// SPDX-License-Identifier: GPL-2.0-only
#include "support/vhost_calls.hpp"

#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <span>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace vcoal::test {
namespace {

constexpr int closed_fd = 1000;
constexpr std::uintptr_t kernel_address = 0xffff'8880'0000'0000;

using Call = std::function<Answer(VhostSetup&)>;
using Calls = std::vector<VhostCall>;

template <typename T>
Call with(unsigned long request, const T& argument) {
    return [=](VhostSetup& setup) {
        T copy = argument;
        return Answer{setup.vhost.try_ioctl(request, &copy)};
    };
}

Call at(unsigned long request, std::uintptr_t address) {
    return [=](VhostSetup& setup) { return Answer{setup.vhost.try_ioctl(request, address)}; };
}

/// The argument's first @p readable bytes can be read, the rest cannot.
template <typename T>
Call cut_off(unsigned long request, const T& argument, std::size_t readable) {
    return [=](VhostSetup& setup) {
        constexpr std::size_t page = 4096;
        const Fd file = make_memfd("argument", page);
        const Mapping mapping(file.get(), 2 * page, 0, "argument");
        std::byte* start = mapping.data() + page - readable;
        std::memcpy(start, &argument, readable);
        return Answer{setup.vhost.try_ioctl(request, start)};
    };
}

/// A call that returns a number of a vring.
Call vring_value(unsigned long request, unsigned index) {
    return [=](VhostSetup& setup) {
        vhost_vring_state state{index, 0};
        const int code = setup.vhost.try_ioctl(request, &state);
        return Answer{code, state.num};
    };
}

/// Makes a file descriptor for one call.
using MakeFd = std::function<Fd(VhostSetup&)>;

Call with_fd(unsigned long request, unsigned index, const MakeFd& make) {
    return [=](VhostSetup& setup) {
        const Fd fd = make(setup);
        vhost_vring_file file{index, fd.get()};
        return Answer{setup.vhost.try_ioctl(request, &file)};
    };
}

Fd socket_of(int family, int type) {
    Fd fd(::socket(family, type | SOCK_CLOEXEC, 0));
    if (!fd) {
        throw Error("socket", "create", errno);
    }
    return fd;
}

Fd tun_with(int flags) {
    Fd fd = open_file("/dev/net/tun", O_RDWR);
    ifreq request{};
    request.ifr_flags = static_cast<short>(flags);
    if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) {
        throw Error("tun", "create", errno);
    }
    return fd;
}

void add_pointers(Calls& calls, const char* name, unsigned long request) {
    calls.push_back({fmt::format("{} null pointer", name), at(request, 0)});
    calls.push_back({fmt::format("{} kernel pointer", name), at(request, kernel_address)});
}

void add_features(Calls& calls) {
    add_pointers(calls, "GET_FEATURES", VHOST_GET_FEATURES);
    add_pointers(calls, "SET_FEATURES", VHOST_SET_FEATURES);
    add_pointers(calls, "GET_BACKEND_FEATURES", VHOST_GET_BACKEND_FEATURES);
    add_pointers(calls, "SET_BACKEND_FEATURES", VHOST_SET_BACKEND_FEATURES);
    calls.push_back({"GET_FEATURES", with(VHOST_GET_FEATURES, std::uint64_t{0})});
    calls.push_back({"GET_BACKEND_FEATURES", with(VHOST_GET_BACKEND_FEATURES, std::uint64_t{0})});
    calls.push_back({"SET_FEATURES none", with(VHOST_SET_FEATURES, std::uint64_t{0})});
    calls.push_back({"SET_FEATURES all bits", with(VHOST_SET_FEATURES, ~std::uint64_t{0})});
    const std::pair<const char*, unsigned> bits[] = {
        {"VERSION_1", VIRTIO_F_VERSION_1},
        {"MRG_RXBUF", VIRTIO_NET_F_MRG_RXBUF},
        {"EVENT_IDX", VIRTIO_RING_F_EVENT_IDX},
        {"INDIRECT_DESC", VIRTIO_RING_F_INDIRECT_DESC},
        {"VIRTIO_NET_HDR", VHOST_NET_F_VIRTIO_NET_HDR},
        {"LOG_ALL", VHOST_F_LOG_ALL},
        {"ACCESS_PLATFORM", VIRTIO_F_ACCESS_PLATFORM},
        {"RING_PACKED", VIRTIO_F_RING_PACKED},
        {"CSUM", VIRTIO_NET_F_CSUM},
        {"CTRL_VQ", VIRTIO_NET_F_CTRL_VQ},
        {"NOTF_COAL", VIRTIO_NET_F_NOTF_COAL},
        {"VQ_NOTF_COAL", VIRTIO_NET_F_VQ_NOTF_COAL},
        {"bit 63", 63},
    };
    for (const auto& [name, bit] : bits) {
        calls.push_back(
            {fmt::format("SET_FEATURES {}", name), with(VHOST_SET_FEATURES, feature(bit))});
    }
    const std::pair<const char*, unsigned> backend_bits[] = {
        {"IOTLB_MSG_V2", 1}, {"IOTLB_BATCH", 2}, {"COAL", VHN_BACKEND_F_COAL}, {"bit 40", 40}};
    for (const auto& [name, bit] : backend_bits) {
        calls.push_back({fmt::format("SET_BACKEND_FEATURES {}", name),
                         with(VHOST_SET_BACKEND_FEATURES, feature(bit))});
    }
    calls.push_back(
        {"SET_BACKEND_FEATURES none", with(VHOST_SET_BACKEND_FEATURES, std::uint64_t{0})});
}

void add_owner(Calls& calls) {
    const auto sequence = [](const std::vector<unsigned long>& requests) {
        return [=](VhostSetup& setup) {
            Answer answer;
            for (const unsigned long request : requests) {
                answer = {setup.vhost.try_ioctl(request, nullptr)};
            }
            return answer;
        };
    };
    calls.push_back({"SET_OWNER", sequence({VHOST_SET_OWNER})});
    calls.push_back({"SET_OWNER twice", sequence({VHOST_SET_OWNER, VHOST_SET_OWNER}), true});
    calls.push_back({"RESET_OWNER", sequence({VHOST_RESET_OWNER})});
    calls.push_back({"RESET_OWNER twice", sequence({VHOST_RESET_OWNER, VHOST_RESET_OWNER}), true});
    calls.push_back(
        {"RESET_OWNER, SET_OWNER", sequence({VHOST_RESET_OWNER, VHOST_SET_OWNER}), true});
    calls.push_back({"SET_OWNER, RESET_OWNER, SET_OWNER",
                     sequence({VHOST_SET_OWNER, VHOST_RESET_OWNER, VHOST_SET_OWNER}), true});
}

// --- memory table -----------------------------------------------------------------------

/// struct vhost_memory with room behind it.
struct Table {
    struct {
        std::uint32_t nregions;
        std::uint32_t padding;
    } head;
    vhost_memory_region regions[80];
};

/// @p shape changes a table of one good region.
Call memory_table(const std::function<void(Table&)>& shape) {
    return [=](VhostSetup& setup) {
        Table table{};
        table.head.nregions = 1;
        table.regions[0] = setup.memory.region();
        shape(table);
        return Answer{setup.vhost.try_ioctl(VHOST_SET_MEM_TABLE, &table)};
    };
}

Call many_regions(unsigned count) {
    return memory_table([=](Table& table) {
        const vhost_memory_region whole = table.regions[0];
        table.head.nregions = count;
        for (std::size_t i = 0; i < std::min<std::size_t>(count, std::size(table.regions)); i++) {
            table.regions[i] = whole;
            table.regions[i].guest_phys_addr = whole.guest_phys_addr + i * whole.memory_size;
        }
    });
}

/// One region, described by start, length and address in the process.
Call region(std::uint64_t start, std::uint64_t length, std::uint64_t address) {
    return memory_table([=](Table& table) {
        table.regions[0].guest_phys_addr = start;
        table.regions[0].memory_size = length;
        table.regions[0].userspace_addr = address;
    });
}

void add_memory(Calls& calls) {
    constexpr std::uint64_t most = ~std::uint64_t{0};
    const auto add = [&](const char* name, Call call) {
        calls.push_back({fmt::format("SET_MEM_TABLE {}", name), std::move(call)});
    };
    add_pointers(calls, "SET_MEM_TABLE", VHOST_SET_MEM_TABLE);
    add("one region", memory_table([](Table&) {}));
    add("empty", memory_table([](Table& table) { table.head.nregions = 0; }));
    add("padding set", memory_table([](Table& table) { table.head.padding = 1; }));
    add("region flags set", memory_table([](Table& table) { table.regions[0].flags_padding = 1; }));
    add("64 regions", many_regions(64));
    add("65 regions", many_regions(65));
    add("2^32 - 1 regions", many_regions(0xffffffff));
    add("the same region twice", memory_table([](Table& table) {
            table.head.nregions = 2;
            table.regions[1] = table.regions[0];
        }));
    add("overlapping regions", memory_table([](Table& table) {
            table.head.nregions = 2;
            table.regions[1] = table.regions[0];
            table.regions[1].guest_phys_addr += 4096;
        }));
    add("odd addresses", memory_table([](Table& table) {
            table.regions[0].guest_phys_addr += 1;
            table.regions[0].userspace_addr += 3;
            table.regions[0].memory_size -= 5;
        }));
    add("empty region", region(0, 0, 0));
    add("empty region elsewhere", region(4096, 0, 4096));
    add("everything", region(0, most, 0));
    add("guest range wraps", region(most - 4095, 8192, 4096));
    add("guest range ends at 2^64", region(most - 4095, 4096, 4096));
    add("process range wraps", region(0, 8192, most - 4095));
    add("process range in the kernel", region(0, 4096, kernel_address));
    add("process range reaches into the kernel", region(0, 1ULL << 62, 4096));
    add("unmapped process range", region(0, 4096, 4096));
    Table table{};
    table.head.nregions = 1;
    add("cut off in its head", cut_off(VHOST_SET_MEM_TABLE, table, sizeof(vhost_memory) - 1));
    add("cut off behind its head", cut_off(VHOST_SET_MEM_TABLE, table, sizeof(vhost_memory)));
    add("cut off in a region", cut_off(VHOST_SET_MEM_TABLE, table, sizeof(vhost_memory) + 31));
}

// --- vrings -------------------------------------------------------------------------------

void add_vring_numbers(Calls& calls) {
    const auto add = [&](const char* name, unsigned long request, unsigned index, unsigned value) {
        calls.push_back({fmt::format("{} {} of vring {}", name, value, index),
                         with(request, vhost_vring_state{index, value})});
    };
    const std::pair<const char*, unsigned long> requests[] = {
        {"SET_VRING_NUM", VHOST_SET_VRING_NUM},
        {"SET_VRING_BASE", VHOST_SET_VRING_BASE},
        {"SET_VRING_ENDIAN", VHOST_SET_VRING_ENDIAN},
        {"SET_VRING_BUSYLOOP_TIMEOUT", VHOST_SET_VRING_BUSYLOOP_TIMEOUT},
    };
    for (const auto& [name, request] : requests) {
        for (const unsigned value :
             {0U, 1U, 2U, 3U, 64U, 0x8000U, 0xffffU, 0x10000U, 0xffffffffU}) {
            add(name, request, 0, value);
        }
        for (const unsigned index : {1U, 2U, 3U, 0x10000U, 0xffffffffU}) {
            add(name, request, index, 1);
        }
        add_pointers(calls, name, request);
        calls.push_back({fmt::format("{} cut off behind its index", name),
                         cut_off(request, vhost_vring_state{0, 1}, 4)});
    }
    const std::pair<const char*, unsigned long> queries[] = {
        {"GET_VRING_BASE", VHOST_GET_VRING_BASE},
        {"GET_VRING_ENDIAN", VHOST_GET_VRING_ENDIAN},
        {"GET_VRING_BUSYLOOP_TIMEOUT", VHOST_GET_VRING_BUSYLOOP_TIMEOUT},
    };
    for (const auto& [name, request] : queries) {
        for (const unsigned index : {0U, 1U, 2U, 0xffffffffU}) {
            calls.push_back(
                {fmt::format("{} of vring {}", name, index), vring_value(request, index)});
        }
        add_pointers(calls, name, request);
        calls.push_back({fmt::format("{} cut off behind its index", name),
                         cut_off(request, vhost_vring_state{0, 1}, 4)});
    }
    calls.push_back({"SET_VRING_BASE 7, GET_VRING_BASE",
                     [](VhostSetup& setup) {
                         vhost_vring_state state{0, 7};
                         setup.vhost.try_ioctl(VHOST_SET_VRING_BASE, &state);
                         return vring_value(VHOST_GET_VRING_BASE, 0)(setup);
                     },
                     true});
}

/// The right addresses of the receive vring, after @p shape.
Call vring_address(const std::function<void(vhost_vring_addr&)>& shape) {
    return [=](VhostSetup& setup) {
        const RingAddresses& ring = setup.rx.ring().addresses();
        vhost_vring_addr argument{};
        argument.desc_user_addr = ring.desc;
        argument.avail_user_addr = ring.avail;
        argument.used_user_addr = ring.used;
        shape(argument);
        return Answer{setup.vhost.try_ioctl(VHOST_SET_VRING_ADDR, &argument)};
    };
}

void add_vring_addresses(Calls& calls) {
    const auto add = [&](const char* name, const std::function<void(vhost_vring_addr&)>& shape) {
        calls.push_back({fmt::format("SET_VRING_ADDR {}", name), vring_address(shape)});
    };
    add_pointers(calls, "SET_VRING_ADDR", VHOST_SET_VRING_ADDR);
    add("right", [](vhost_vring_addr&) {});
    add("vring 1", [](vhost_vring_addr& a) { a.index = 1; });
    add("vring 2", [](vhost_vring_addr& a) { a.index = 2; });
    add("vring 2^32 - 1", [](vhost_vring_addr& a) { a.index = 0xffffffff; });
    add("desc by 1", [](vhost_vring_addr& a) { a.desc_user_addr += 1; });
    add("desc by 8", [](vhost_vring_addr& a) { a.desc_user_addr += 8; });
    add("avail by 1", [](vhost_vring_addr& a) { a.avail_user_addr += 1; });
    add("avail by 2", [](vhost_vring_addr& a) { a.avail_user_addr += 2; });
    add("used by 1", [](vhost_vring_addr& a) { a.used_user_addr += 1; });
    add("used by 2", [](vhost_vring_addr& a) { a.used_user_addr += 2; });
    add("used by 4", [](vhost_vring_addr& a) { a.used_user_addr += 4; });
    add("log address by 2", [](vhost_vring_addr& a) { a.log_guest_addr = 2; });
    add("log address by 4", [](vhost_vring_addr& a) { a.log_guest_addr = 4; });
    add("logged", [](vhost_vring_addr& a) { a.flags = 1; });
    add("unknown flag", [](vhost_vring_addr& a) { a.flags = 2; });
    add("all flags", [](vhost_vring_addr& a) { a.flags = 0xffffffff; });
    add("desc null", [](vhost_vring_addr& a) { a.desc_user_addr = 0; });
    add("desc in the kernel", [](vhost_vring_addr& a) { a.desc_user_addr = kernel_address; });
    add("avail in the kernel", [](vhost_vring_addr& a) { a.avail_user_addr = kernel_address; });
    add("used in the kernel", [](vhost_vring_addr& a) { a.used_user_addr = kernel_address; });
    add("used at the very end", [](vhost_vring_addr& a) { a.used_user_addr = ~3ULL; });
    calls.push_back({"SET_VRING_ADDR cut off", cut_off(VHOST_SET_VRING_ADDR, vhost_vring_addr{},
                                                       sizeof(vhost_vring_addr) - 1)});
}

void add_vring_file(Calls& calls, const char* name, unsigned long request) {
    const auto add = [&](const char* what, vhost_vring_file file) {
        calls.push_back({fmt::format("{} {}", name, what), with(request, file)});
    };
    add_pointers(calls, name, request);
    add("none", {0, -1});
    add("fd -2", {0, -2});
    add("fd closed", {0, closed_fd});
    add("vring 1 none", {1, -1});
    add("vring 2 none", {2, -1});
    add("vring 2^32 - 1 none", {0xffffffff, -1});
    calls.push_back({fmt::format("{} cut off behind its index", name),
                     cut_off(request, vhost_vring_file{0, -1}, 4)});
    calls.push_back({fmt::format("{} eventfd", name),
                     with_fd(request, 0, [](VhostSetup&) { return Fd(::dup(EventFd().get())); })});
    calls.push_back(
        {fmt::format("{} the kick eventfd", name), with_fd(request, 0, [](VhostSetup& setup) {
             return Fd(::dup(setup.rx.kick_fd().get()));
         })});
    calls.push_back({fmt::format("{} no eventfd", name), with_fd(request, 0, [](VhostSetup&) {
                         return open_file("/dev/null", O_RDWR);
                     })});
}

void add_backend(Calls& calls) {
    const auto add = [&](const char* name, Call call, bool compound = false) {
        calls.push_back({fmt::format("SET_BACKEND {}", name), std::move(call), compound});
    };
    const auto fd = [&](const char* name, const MakeFd& make) {
        add(name, with_fd(VHOST_NET_SET_BACKEND, 0, make));
    };
    const auto number = [](unsigned index, int value) {
        return with(VHOST_NET_SET_BACKEND, vhost_vring_file{index, value});
    };
    add_pointers(calls, "SET_BACKEND", VHOST_NET_SET_BACKEND);
    add("cut off behind its index", cut_off(VHOST_NET_SET_BACKEND, vhost_vring_file{0, -1}, 4));
    add("none", number(0, -1));
    add("vring 1 none", number(1, -1));
    add("vring 2 none", number(2, -1));
    add("vring 2^32 - 1 none", number(0xffffffff, -1));
    add("fd -2", number(0, -2));
    add("fd closed", number(0, closed_fd));
    fd("its tap", [](VhostSetup& setup) { return Fd(::dup(setup.tap.get())); });
    fd("another tap", [](VhostSetup&) { return tun_with(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR); });
    fd("tap without header", [](VhostSetup&) { return tun_with(IFF_TAP | IFF_NO_PI); });
    fd("tun", [](VhostSetup&) { return tun_with(IFF_TUN | IFF_NO_PI); });
    fd("tun without interface", [](VhostSetup&) { return open_file("/dev/net/tun", O_RDWR); });
    fd("no socket", [](VhostSetup&) { return open_file("/dev/null", O_RDWR); });
    fd("UDP socket", [](VhostSetup&) { return socket_of(AF_INET, SOCK_DGRAM); });
    fd("raw IP socket", [](VhostSetup&) { return Fd(::socket(AF_INET, SOCK_RAW, IPPROTO_UDP)); });
    fd("datagram packet socket", [](VhostSetup&) { return socket_of(AF_PACKET, SOCK_DGRAM); });
    fd("packet socket", [](VhostSetup&) { return socket_of(AF_PACKET, SOCK_RAW); });
    fd("eventfd", [](VhostSetup&) { return Fd(::dup(EventFd().get())); });
    fd("vhost file", [](VhostSetup& setup) { return Fd(::dup(setup.vhost.get())); });
    add(
        "vring without addresses",
        [](VhostSetup& setup) {
            vhost_vring_addr nowhere{};
            setup.vhost.try_ioctl(VHOST_SET_VRING_ADDR, &nowhere);
            vhost_vring_file file{0, setup.tap.get()};
            return Answer{setup.vhost.try_ioctl(VHOST_NET_SET_BACKEND, &file)};
        },
        true);
    add(
        "vring in the kernel",
        [](VhostSetup& setup) {
            vhost_vring_addr nowhere{};
            nowhere.desc_user_addr = nowhere.avail_user_addr = nowhere.used_user_addr =
                kernel_address;
            setup.vhost.try_ioctl(VHOST_SET_VRING_ADDR, &nowhere);
            vhost_vring_file file{0, setup.tap.get()};
            return Answer{setup.vhost.try_ioctl(VHOST_NET_SET_BACKEND, &file)};
        },
        true);
}

// --- workers ---------------------------------------------------------------------------------

Answer new_worker(VhostSetup& setup) {
    vhost_worker_state state{};
    const int code = setup.vhost.try_ioctl(VHOST_NEW_WORKER, &state);
    return {code, state.worker_id};
}

Answer free_worker(VhostSetup& setup, std::uint32_t id) {
    vhost_worker_state state{id};
    return {setup.vhost.try_ioctl(VHOST_FREE_WORKER, &state)};
}

Answer attach(VhostSetup& setup, unsigned index, std::uint32_t id) {
    vhost_vring_worker argument{index, id};
    return {setup.vhost.try_ioctl(VHOST_ATTACH_VRING_WORKER, &argument)};
}

Answer worker_of(VhostSetup& setup, unsigned index) {
    vhost_vring_worker argument{index, 77};
    const int code = setup.vhost.try_ioctl(VHOST_GET_VRING_WORKER, &argument);
    return {code, argument.worker_id};
}

/// Asked for one after the other; what the last one says.
Call in_turn(std::vector<Call> calls) {
    return [calls = std::move(calls)](VhostSetup& setup) {
        Answer answer;
        for (const Call& call : calls) {
            answer = call(setup);
        }
        return answer;
    };
}

void add_workers(Calls& calls) {
    const std::pair<const char*, unsigned long> requests[] = {
        {"NEW_WORKER", VHOST_NEW_WORKER},
        {"FREE_WORKER", VHOST_FREE_WORKER},
        {"ATTACH_VRING_WORKER", VHOST_ATTACH_VRING_WORKER},
        {"GET_VRING_WORKER", VHOST_GET_VRING_WORKER},
    };
    for (const auto& [name, request] : requests) {
        add_pointers(calls, name, request);
        calls.push_back({fmt::format("{} cut off", name), cut_off(request, std::uint32_t{1}, 3)});
    }
    for (const auto& [name, request] : std::span(requests).last(2)) {
        calls.push_back({fmt::format("{} cut off behind its index", name),
                         cut_off(request, std::uint32_t{0}, 4)});
    }
    for (const unsigned id : {0U, 1U, 3U, 0x7fffffffU, 0xffffffffU}) {
        calls.push_back({fmt::format("FREE_WORKER {}", id),
                         [=](VhostSetup& setup) { return free_worker(setup, id); }});
        calls.push_back({fmt::format("ATTACH_VRING_WORKER {}", id),
                         [=](VhostSetup& setup) { return attach(setup, 0, id); }});
    }
    for (const unsigned index : {0U, 1U, 2U, 0x10000U, 0xffffffffU}) {
        calls.push_back({fmt::format("ATTACH_VRING_WORKER of vring {}", index),
                         [=](VhostSetup& setup) { return attach(setup, index, 0); }});
        calls.push_back({fmt::format("GET_VRING_WORKER of vring {}", index),
                         [=](VhostSetup& setup) { return worker_of(setup, index); }});
    }
    const auto free = [](std::uint32_t id) {
        return [=](VhostSetup& setup) { return free_worker(setup, id); };
    };
    const auto move = [](unsigned index, std::uint32_t id) {
        return [=](VhostSetup& setup) { return attach(setup, index, id); };
    };
    const auto get = [](unsigned index) {
        return [=](VhostSetup& setup) { return worker_of(setup, index); };
    };
    const auto add = [&](const char* name, std::vector<Call> steps) {
        calls.push_back({name, in_turn(std::move(steps)), true});
    };
    add("NEW_WORKER", {new_worker});
    add("NEW_WORKER twice", {new_worker, new_worker});
    add("NEW_WORKER, free it", {new_worker, free(1)});
    add("NEW_WORKER, free it twice", {new_worker, free(1), free(1)});
    add("NEW_WORKER, free it, NEW_WORKER", {new_worker, free(1), new_worker});
    add("NEW_WORKER, attach, get", {new_worker, move(0, 1), get(0)});
    add("NEW_WORKER, attach, get the other", {new_worker, move(0, 1), get(1)});
    add("NEW_WORKER, attach, free it", {new_worker, move(0, 1), free(1)});
    add("NEW_WORKER, attach, free the first", {new_worker, move(0, 1), free(0)});
    add("NEW_WORKER, attach and back, free it", {new_worker, move(0, 1), move(0, 0), free(1)});
    add("NEW_WORKER, attach, SET_OWNER, get",
        {new_worker, move(0, 1), with(VHOST_SET_OWNER, 0), get(0)});
}

// --- the rest -----------------------------------------------------------------------------

void add_log(Calls& calls) {
    add_pointers(calls, "SET_LOG_BASE", VHOST_SET_LOG_BASE);
    add_pointers(calls, "SET_LOG_FD", VHOST_SET_LOG_FD);
    calls.push_back({"SET_LOG_BASE null", with(VHOST_SET_LOG_BASE, std::uint64_t{0})});
    calls.push_back({"SET_LOG_FD none", with(VHOST_SET_LOG_FD, -1)});
    calls.push_back({"SET_LOG_FD closed", with(VHOST_SET_LOG_FD, closed_fd)});
}

void add_unknown(Calls& calls) {
    const std::pair<const char*, unsigned long> requests[] = {
        {"unknown vhost ioctl", _IOW(VHOST_VIRTIO, 0x99, vhost_vring_state)},
        {"VHOST_VSOCK_SET_GUEST_CID", VHOST_VSOCK_SET_GUEST_CID},
        {"VHOST_VDPA_GET_DEVICE_ID", VHOST_VDPA_GET_DEVICE_ID},
        {"SET_VRING_NUM of another size", _IOW(VHOST_VIRTIO, 0x10, std::uint64_t[4])},
        {"ioctl of another type", _IOW('x', 1, std::uint32_t)},
        {"ioctl 0", 0},
    };
    for (const auto& [name, request] : requests) {
        for (const unsigned index : {0U, 2U}) {
            calls.push_back({fmt::format("{} index {}", name, index),
                             with(request, vhost_vring_state{index, 1})});
        }
        add_pointers(calls, name, request);
    }
}

void add_file_operations(Calls& calls) {
    calls.push_back({"read", [](VhostSetup& setup) {
                         char byte = 0;
                         ::fcntl(setup.vhost.get(), F_SETFL, O_NONBLOCK);
                         return Answer{::read(setup.vhost.get(), &byte, 1) < 0 ? errno : 0};
                     }});
    calls.push_back({"write", [](VhostSetup& setup) {
                         const std::uint32_t nonsense[32] = {77};
                         const auto n = ::write(setup.vhost.get(), nonsense, sizeof(nonsense));
                         return Answer{n < 0 ? errno : 0};
                     }});
    calls.push_back({"lseek", [](VhostSetup& setup) {
                         return Answer{::lseek(setup.vhost.get(), 1, SEEK_SET) < 0 ? errno : 0};
                     }});
}

} // namespace

std::vector<VhostCall> all_vhost_calls() {
    Calls calls;
    add_features(calls);
    add_owner(calls);
    add_memory(calls);
    add_vring_numbers(calls);
    add_vring_addresses(calls);
    add_vring_file(calls, "SET_VRING_KICK", VHOST_SET_VRING_KICK);
    add_vring_file(calls, "SET_VRING_CALL", VHOST_SET_VRING_CALL);
    add_vring_file(calls, "SET_VRING_ERR", VHOST_SET_VRING_ERR);
    add_backend(calls);
    add_workers(calls);
    add_log(calls);
    add_unknown(calls);
    add_file_operations(calls);
    return calls;
}

} // namespace vcoal::test
