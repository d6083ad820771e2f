// SPDX-License-Identifier: GPL-2.0-only
//
// What syzkaller is told of our ioctls is what the headers say: its constants, and that none
// is missing.
#include "vcoal/virtio_net.hpp"

#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <linux/vhost.h>
#include <linux/vhost_net_coal.h>
#include <linux/vhost_worker.h>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <sys/syscall.h>

namespace {

using Constants = std::map<std::string, std::uint64_t>;

/// The ioctl as a caller with another idea of its structure asks for it.
constexpr std::uint64_t in_size(unsigned long request, std::size_t size) {
    return _IOC(_IOC_DIR(request), _IOC_TYPE(request), _IOC_NR(request), size);
}

#define VALUE(name)                                                                                \
    { #name, static_cast < std::uint64_t>(name) }

const Constants values{
    {"__NR_ioctl", SYS_ioctl},
    {"__NR_openat", SYS_openat},
    VALUE(AT_FDCWD),
    VALUE(O_RDWR),
    VALUE(VHOST_SET_BACKEND_FEATURES),
    VALUE(VHOST_SET_FEATURES),
    VALUE(VHOST_SET_OWNER),
    VALUE(VHOST_RESET_OWNER),
    VALUE(VHOST_NEW_WORKER),
    VALUE(VHOST_FREE_WORKER),
    VALUE(VHOST_ATTACH_VRING_WORKER),
    VALUE(VHOST_GET_VRING_WORKER),
    VALUE(VHN_SET_COAL),
    VALUE(VHN_GET_COAL),
    VALUE(VHN_RESET_COAL),
    VALUE(VHN_GET_STATS),
    VALUE(VHN_SET_FILTER),
    VALUE(VHN_GET_FILTER),
    VALUE(VHN_SET_HASH),
    VALUE(VHN_GET_HASH),
    {"VHN_GET_COAL_SHORT", in_size(VHN_GET_COAL, sizeof(vhn_coal_reset))},
    {"VHN_GET_COAL_LONG", in_size(VHN_GET_COAL, sizeof(vhn_coal_state) + 64)},
    {"VHN_SET_FILTER_SHORT", in_size(VHN_SET_FILTER, sizeof(vhn_coal_reset))},
    {"VHN_SET_HASH_LONG", in_size(VHN_SET_HASH, sizeof(vhn_hash) + 64)},
    {"VHN_BACKEND_COAL", 1ULL << VHN_BACKEND_F_COAL},
    {"VHN_GUEST_NOTF_COAL", 1ULL << VIRTIO_NET_F_NOTF_COAL},
    {"VHN_GUEST_VQ_NOTF_COAL", 1ULL << VIRTIO_NET_F_VQ_NOTF_COAL},
    {"VHN_GUEST_VERSION_1", 1ULL << VIRTIO_F_VERSION_1},
    {"VHN_GUEST_PACKED", 1ULL << VIRTIO_F_RING_PACKED},
    {"VHN_GUEST_HASH_REPORT", 1ULL << VIRTIO_NET_F_HASH_REPORT},
    VALUE(VHN_VRING_RX),
    VALUE(VHN_VRING_TX),
    VALUE(VHN_NR_VRINGS),
    VALUE(VHN_COAL_QUEUE),
    VALUE(VHN_COAL_DIRECTION),
    VALUE(VHN_COAL_HOST),
    VALUE(VHN_COAL_LIMIT),
    VALUE(VHN_COAL_F_LOCKED),
    VALUE(VHN_COAL_F_GUEST),
    VALUE(VHN_RESET_QUEUE),
    VALUE(VHN_RESET_DEVICE),
    VALUE(VHN_FILTER_PROMISC),
    VALUE(VHN_FILTER_ALLMULTI),
    VALUE(VHN_FILTER_ALLUNI),
    VALUE(VHN_FILTER_NOMULTI),
    VALUE(VHN_FILTER_NOUNI),
    VALUE(VHN_FILTER_NOBCAST),
    VALUE(VHN_FILTER_VLAN),
    VALUE(VHN_FILTER_MACS),
    {"VHN_MACS_BYTES", sizeof(vhn_filter::macs)},
    VALUE(VHN_HASH_TYPES),
    VALUE(VHN_HASH_KEY_LEN),
    {"VHN_COUNTERS",
     (sizeof(vhn_vring_stats) - offsetof(vhn_vring_stats, packets)) / sizeof(std::uint64_t)},
};

#undef VALUE

std::string text_of(const std::string& path) {
    std::ifstream file(std::string(VCOAL_SOURCE) + "/" + path);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// What group 1 of @p pattern matches.
std::set<std::string> names(const std::string& text, const std::string& pattern) {
    const std::regex expression(pattern);
    std::set<std::string> found;
    for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end;
         ++match) {
        found.insert((*match)[1]);
    }
    return found;
}

const char* const description = "tools/syzkaller/dev_vhost_net_coal.txt";

Constants constants() {
    Constants found;
    std::istringstream lines(text_of(std::string(description) + ".const"));
    for (std::string line; std::getline(lines, line);) {
        const auto equals = line.find(" = ");
        if (equals != std::string::npos && !line.starts_with("arches")) {
            found[line.substr(0, equals)] = std::stoull(line.substr(equals + 3));
        }
    }
    return found;
}

} // namespace

TEST(SyzkallerConst, ValuesAreThoseOfTheHeaders) {
    EXPECT_EQ(constants(), values);
}

// Names behind a '$' are those of calls; a definition's right side is C.
TEST(SyzkallerConst, AllThatTheDescriptionNames) {
    const std::string text =
        std::regex_replace(text_of(description), std::regex("(define|#|include)[^\\n]*\\n"), "");
    const std::set<std::string> named =
        names(text, "[^$A-Z_]((VHN|VHOST)_[A-Z0-9_]+|AT_FDCWD|O_RDWR)");
    for (const std::string& name : named) {
        EXPECT_TRUE(values.contains(name)) << name;
    }
    EXPECT_EQ(named.size() + 2, values.size()) << "but for the numbers of two calls";
}

TEST(SyzkallerConst, EveryIoctlIsDescribed) {
    const std::set<std::string> ioctls = names(text_of("include/uapi/linux/vhost_net_coal.h"),
                                               "#define\\s+(VHN_[A-Z_]+)\\s+_IOW?R?\\(");
    const std::string text = text_of(description);
    for (const std::string& name : ioctls) {
        EXPECT_NE(text.find("ioctl$" + name + "(fd"), std::string::npos) << name;
    }
    EXPECT_EQ(ioctls.size(), 8U);
}
