// SPDX-License-Identifier: GPL-2.0-only
//
// demo-guest: the part of the demo that runs in the virtual machine.
#include "bench/driver_mode.hpp"
#include "bench/features_mode.hpp"
#include "bench/icount_mode.hpp"
#include "bench/memory_root.hpp"
#include "bench/pair.hpp"
#include "bench/result_json.hpp"
#include "bench/table_mode.hpp"
#include "bench/world.hpp"
#include "vcoal/error.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

namespace {

using namespace vcoal;
using namespace vcoal::bench;

struct Options {
    std::string mode;
    std::string driver = "virtio_net";
    std::string out;
};

std::string out_path(const Options& options) {
    if (!options.out.empty()) {
        return options.out;
    }
    const char* directory = std::getenv("VCOAL_OUT");
    if (directory == nullptr) {
        throw Error("--out", "find a place for the results", EINVAL,
                    "run this in a VM with `tools/vm/vm --out DIR`, or name a file");
    }
    return std::string(directory) + "/" + options.mode + ".json";
}

MemoryRoot programs() {
    return MemoryRoot({vcoal_program(), "ip", "ethtool", "iperf3", "sockperf", "sh"});
}

/// Measures, writes and shows what has a bar of its own; the exit status.
template <typename Measure>
int judge(const std::string& path, Measure measure) {
    const auto part = [&] {
        const MemoryRoot root = programs();
        return measure();
    }();
    write_json(path, to_json(part));
    std::cout << format(part);
    return holds(part) ? 0 : 1;
}

Json measure(const Options& options) {
    const MemoryRoot root = programs();
    return options.mode == "icount" ? to_json(run_icount(options.driver))
                                    : to_json(run_table(options.driver));
}

int run(int argc, char** argv) {
    CLI::App app{"Pairs the kernel's virtio-net driver with a vhost device, runs traffic and "
                 "measures it.\nLoads modules and makes interfaces: for throw-away machines."};
    Options options;
    app.add_option("--mode", options.mode,
                   "table, icount for exact figures, driver to compare drivers, or features for "
                   "what they cost")
        ->required()
        ->check(CLI::IsMember({"table", "icount", "driver", "features"}));
    app.add_option("--driver", options.driver, "the guest's driver")->capture_default_str();
    app.add_option("--out", options.out, "JSON file; default: $VCOAL_OUT/MODE.json");
    CLI11_PARSE(app, argc, argv);

    const std::string path = out_path(options);
    if (options.mode == "driver") {
        load_modules("virtio_net");
        load_modules("virtio_net_coal");
        return judge(path, run_drivers);
    }
    if (options.mode == "features") {
        load_modules("virtio_net_coal");
        return judge(path, run_features);
    }
    load_modules(options.driver);
    write_json(path, measure(options));
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "demo-guest: " << error.what() << '\n';
        return 1;
    }
}
