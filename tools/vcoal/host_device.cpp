// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host_device.hpp"

#include "vcoal/error.hpp"
#include "vcoal/printable.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tuple>

namespace vcoal {
namespace {

bool same_device(const HostIdentity& a, const HostIdentity& b) {
    const auto key = [](const HostIdentity& identity) {
        return std::tie(identity.pid, identity.uid, identity.netns, identity.ifindex);
    };
    return a.ifindex && key(a) == key(b);
}

bool has_name(const HostDevice& device, const std::string& name) {
    const HostIdentity& identity = device.identity();
    return std::ranges::any_of(
               device.files,
               [&](const HostFile& file) { return name == std::to_string(file.id); }) ||
           (identity.ifindex && name == identity.ifname) ||
           (identity.pid && name == fmt::format("pid:{}", *identity.pid));
}

/// All that tells it from others.
std::string describe(const HostDevice& device) {
    const HostIdentity& identity = device.identity();
    std::string text = fmt::format("id {} ({}", device_ids(device), describe_owner(identity));
    if (identity.ifindex) {
        text += fmt::format(", interface {}", printable(identity.ifname));
    }
    if (identity.netns) {
        text += fmt::format(", netns {}", *identity.netns);
    }
    return text + ")";
}

std::string describe_all(const std::vector<const HostDevice*>& devices) {
    std::vector<std::string> texts;
    std::ranges::transform(devices, std::back_inserter(texts),
                           [](const HostDevice* device) { return describe(*device); });
    return fmt::format("{}", fmt::join(texts, ", "));
}

std::string hint_without(const std::vector<HostDevice>& devices) {
    if (devices.empty()) {
        return "there is no device; vcoal show says what to do";
    }
    std::vector<const HostDevice*> all;
    std::ranges::transform(devices, std::back_inserter(all),
                           [](const HostDevice& device) { return &device; });
    return "give the id, interface or pid:PID of one of these: " + describe_all(all);
}

} // namespace

std::vector<HostDevice> group_devices(const std::vector<HostFile>& files) {
    std::vector<HostDevice> devices;
    std::vector<HostFile> sorted = files;
    std::ranges::sort(sorted, {}, &HostFile::id);
    for (HostFile& file : sorted) {
        const auto device = std::ranges::find_if(
            devices, [&](const HostDevice& other) { return same_device(file, other.identity()); });
        if (device != devices.end()) {
            device->files.push_back(std::move(file));
        } else {
            devices.push_back({{std::move(file)}});
        }
    }
    return devices;
}

const HostDevice& find_device(const std::vector<HostDevice>& devices, const std::string& name) {
    std::vector<const HostDevice*> found;
    for (const HostDevice& device : devices) {
        if (has_name(device, name)) {
            found.push_back(&device);
        }
    }
    const std::string object = "device \"" + printable(name) + "\"";
    if (found.empty()) {
        throw UsageError(object, "find", ENODEV, hint_without(devices));
    }
    if (found.size() > 1) {
        throw UsageError(object, "find", ENOTUNIQ,
                         "give the id of one of these: " + describe_all(found));
    }
    return *found.front();
}

const HostFile& find_queue(const HostDevice& device, unsigned queue) {
    if (queue >= device.files.size()) {
        const std::size_t last = device.files.size() - 1;
        throw UsageError(fmt::format("{}, queue {}", device_label(device), queue), "find", ENOENT,
                         last == 0 ? "it has queue 0 alone"
                                   : fmt::format("it has the queues 0 to {}", last));
    }
    return device.files.at(queue);
}

std::string device_ids(const HostDevice& device) {
    std::vector<std::uint32_t> ids;
    std::ranges::transform(device.files, std::back_inserter(ids), &HostFile::id);
    return fmt::format("{}", fmt::join(ids, ","));
}

std::string describe_owner(const HostIdentity& identity) {
    const std::string name = identity.comm.empty() ? "?" : printable(identity.comm);
    return identity.pid ? fmt::format("{} (pid {})", name, *identity.pid) : name;
}

std::string device_label(const HostDevice& device) {
    const HostIdentity& identity = device.identity();
    const std::string ids = "id " + device_ids(device);
    return identity.ifindex ? fmt::format("{} ({})", printable(identity.ifname), ids) : ids;
}

std::string file_label(const HostIdentity& identity) {
    return identity.ifindex ? fmt::format("{} (id {})", printable(identity.ifname), identity.id)
                            : fmt::format("id {}", identity.id);
}

const char* direction_name(unsigned index) {
    return index == VHN_VRING_RX ? "rx" : "tx";
}

} // namespace vcoal
