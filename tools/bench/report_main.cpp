// SPDX-License-Identifier: GPL-2.0-only
//
// demo-report: puts together what the demo measured in its two machines.
#include "bench/result_json.hpp"
#include "bench/table.hpp"
#include "vcoal/error.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>
#include <iostream>
#include <unistd.h>

namespace {

using namespace vcoal;
using namespace vcoal::bench;

struct Options {
    std::string table;
    std::string icount;
    std::string out;
    bool json = false;
};

Colour colour_for(int fd) {
    return ::isatty(fd) && !std::getenv("NO_COLOR") ? Colour::yes : Colour::no;
}

std::vector<Claim> judge_all(const TablePart& table, const IcountPart& icount) {
    std::vector<Claim> claims = judge(table);
    for (const Claim& claim : judge(icount)) {
        claims.push_back(claim);
    }
    return claims;
}

int report(const Options& options) {
    const TablePart table = table_from_json(read_json(options.table), options.table);
    const IcountPart icount = icount_from_json(read_json(options.icount), options.icount);
    if (table.kernel != icount.kernel) {
        throw Error(options.icount, "join", EXDEV,
                    "it is about Linux " + icount.kernel + ", the table about " + table.kernel);
    }
    const Json merged = to_json(table, icount);
    if (!options.out.empty()) {
        write_json(options.out, merged);
    }

    const std::vector<Claim> claims = judge_all(table, icount);
    std::size_t failed = 0;
    for (const Claim& claim : claims) {
        failed += claim.holds ? 0 : 1;
    }
    if (options.json) {
        std::cout << merged.dump(1, '\t') << '\n';
        std::cerr << format_claims(claims, colour_for(STDERR_FILENO));
    } else {
        std::cout << format_table(table) << '\n'
                  << format_claims(claims, colour_for(STDOUT_FILENO));
        if (!options.out.empty()) {
            std::cout << fmt::format("\nAll figures are in {}.\n", options.out);
        }
    }
    if (failed > 0) {
        std::cerr << fmt::format("demo: {} of {} claims FAILED\n", failed, claims.size());
        return 1;
    }
    return 0;
}

int run(int argc, char** argv) {
    CLI::App app{"Joins the two parts of the demo, prints them and judges them.\n"
                 "Exit status: 0 all claims hold, 1 one does not, 2 no report."};
    Options options;
    app.add_option("--table", options.table, "what `demo-guest --mode table` wrote")->required();
    app.add_option("--icount", options.icount, "what `demo-guest --mode icount` wrote")->required();
    app.add_option("--out", options.out, "write all figures here, as JSON");
    app.add_flag("--json", options.json, "print the JSON instead of the table");
    CLI11_PARSE(app, argc, argv);
    return report(options);
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "demo-report: " << error.what() << '\n';
        return 2;
    }
}
