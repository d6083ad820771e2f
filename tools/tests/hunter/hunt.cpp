// SPDX-License-Identifier: GPL-2.0-only
#include "hunter/hunt.hpp"

#include "hunter/finding.hpp"
#include "hunter/generate.hpp"
#include "hunter/world.hpp"

namespace hunter {
namespace {

constexpr unsigned steps_of_a_world = 250;

void visit(Generator& generator, Report& report) {
    report.trace = {generator.setup(), {}};
    try {
        World world(generator.setup());
        for (unsigned i = 0; i < steps_of_a_world; i++) {
            report.trace.steps.push_back(i + 1 == steps_of_a_world ? Step{{Kind::pause, {1}}, {}}
                                                                   : generator.step());
            world.apply(report.trace.steps.back());
        }
        report.packets += world.judge().packets();
        report.told += world.judge().told();
        report.suppressed += world.judge().suppressed();
    } catch (const Finding& finding) {
        report.finding = finding.what();
    }
    report.steps += report.trace.steps.size();
}

} // namespace

Report hunt(std::uint64_t seed, std::uint64_t packets,
            const std::function<void(const Report&)>& progress) {
    Report report;
    while (report.packets < packets && !report.finding) {
        Generator generator(seed, report.worlds++);
        visit(generator, report);
        if (progress) {
            progress(report);
        }
    }
    return report;
}

} // namespace hunter
