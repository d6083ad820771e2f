// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/top/view.hpp"

#include "vcoal/output.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>

namespace vcoal {
namespace {

constexpr const char* reasons = "C/T/I/F: notified by count, timer, immediately, flush";
/// Summary, state, header and help.
constexpr std::size_t other_lines = 4;

std::vector<TopRow> sorted(const TopSample& sample, TopOrder order) {
    std::vector<TopRow> rows = sample.rows;
    sort_rows(rows, order);
    return rows;
}

std::string no_devices() {
    return ::geteuid() == 0 ? "there is no device now"
                            : "there is no device of yours now; root sees those of others, too";
}

/// "[p]ackets": a name with its key marked.
std::string marked(const TopOrderName& order) {
    const std::string_view name = order.name;
    const std::size_t at = name.find(order.key);
    return fmt::format("{}[{}]{}", name.substr(0, at), order.key, name.substr(at + 1));
}

std::string help() {
    std::string text = "[q]uit  sort:";
    for (const TopOrderName& order : top_orders) {
        text += " " + marked(order);
    }
    return text;
}

std::string state(const TopSample& sample, const TopPosition& position, std::size_t shown) {
    const std::string rows = shown < sample.rows.size()
                                 ? fmt::format(", rows {} to {} of {}", position.first + 1,
                                               position.first + shown, sample.rows.size())
                                 : "";
    const std::string time =
        sample.seconds > 0 ? fmt::format("{:.2f} s", sample.seconds) : "first look";
    return fmt::format("{}, by {}{}; {}", time, name_of(position.order), rows, reasons);
}

} // namespace

void TopLines::show(const TopSample& sample) {
    if (sample.seconds <= 0) {
        return;
    }
    const TopTable table(width_);
    std::string text = fmt::format("{:.2f} s, {}\n", sample.seconds, top_summary(sample.rows));
    text += table.header() + "\n";
    for (const TopRow& row : sorted(sample, order_)) {
        text += table.line(row) + "\n";
    }
    if (sample.rows.empty()) {
        text += no_devices() + "\n";
    }
    write_out(text + "\n");
}

void TopJson::show(const TopSample& sample) {
    if (sample.seconds <= 0) {
        return;
    }
    Json queues = Json::array();
    for (const TopRow& row : sorted(sample, order_)) {
        queues.push_back(to_json(row));
    }
    write_out(
        json_line({{"time_ns", sample.time_ns}, {"seconds", sample.seconds}, {"queues", queues}}));
}

TopPicture draw_top(const TopSample& sample, TopPosition& position, std::size_t width,
                    std::size_t height) {
    const std::size_t room = height > other_lines ? height - other_lines : 0;
    const std::size_t all = sample.rows.size();
    position.first = std::min(position.first, all > room ? all - room : 0);
    const std::size_t shown = std::min(room, all - position.first);

    const TopTable table(width);
    TopPicture picture;
    picture.lines = {"vcoal top, " + top_summary(sample.rows), state(sample, position, shown),
                     table.header()};
    picture.header = picture.lines.size() - 1;
    const std::vector<TopRow> rows = sorted(sample, position.order);
    for (std::size_t i = 0; i < shown; i++) {
        picture.lines.push_back(table.line(rows[position.first + i]));
    }
    if (all == 0) {
        picture.lines.push_back(no_devices());
    }
    picture.lines.resize(height > 0 ? height - 1 : 0);
    if (height > 0) {
        picture.lines.push_back(help());
    }
    for (std::string& line : picture.lines) {
        line.resize(std::min(line.size(), width));
    }
    return picture;
}

} // namespace vcoal
