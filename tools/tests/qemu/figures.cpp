// SPDX-License-Identifier: GPL-2.0-only
#include "qemu/figures.hpp"

#include "qemu/guest.hpp"
#include "vcoal/json.hpp"
#include "vm/files.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

namespace vcoal::test {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

void update(const std::function<void(Json&)>& change) {
    const std::string directory = variable("VCOAL_OUT");
    if (directory.empty()) {
        return;
    }
    const fs::path file = fs::path(directory) / "qemu.json";
    Json all = fs::exists(file) ? Json::parse(vm::read_file(file)) : Json::object();
    change(all);
    vm::write_file(file, all.dump(2) + "\n");
}

} // namespace

void report_moderation(const ModerationFigures& per_1000_packets) {
    update([&](Json& all) {
        const Json known = all.value("per_1000_packets", Json::object());
        if (known.value("set", 0.0) <= per_1000_packets.set) {
            all["per_1000_packets"] = {{"before", per_1000_packets.before},
                                       {"set", per_1000_packets.set},
                                       {"restored", per_1000_packets.restored}};
        }
    });
}

void report_migration(bool tcp_kept, std::uint64_t downtime_ms) {
    update([&](Json& all) {
        const Json known = all.value("migration", Json::object());
        all["migration"] = {
            {"tcp_kept", tcp_kept && known.value("tcp_kept", true)},
            {"downtime_ms", std::max(downtime_ms, known.value("downtime_ms", std::uint64_t{0}))}};
    });
}

void report_guest(const std::string& kernel, const std::string& driver, bool iommu) {
    update([&](Json& all) {
        all["guests"].push_back({{"host", variable("VCOAL_KERNEL")},
                                 {"guest", kernel},
                                 {"accelerator", guest_accelerator()},
                                 {"driver", driver},
                                 {"iommu", iommu}});
    });
}

} // namespace vcoal::test
