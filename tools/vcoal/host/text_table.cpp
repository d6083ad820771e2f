// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host/text_table.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace vcoal {

void TextTable::add(std::vector<std::string> row) {
    row.resize(columns_.size());
    rows_.push_back(std::move(row));
}

std::string TextTable::format() const {
    std::vector<std::string> titles;
    for (const Column& column : columns_) {
        titles.push_back(column.title);
    }
    std::string text = line(titles);
    for (const auto& row : rows_) {
        text += line(row);
    }
    return text;
}

std::size_t TextTable::width(std::size_t column) const {
    std::size_t width = columns_.at(column).title.size();
    for (const auto& row : rows_) {
        width = std::max(width, row.at(column).size());
    }
    return width;
}

std::string TextTable::line(const std::vector<std::string>& cells) const {
    std::string text;
    for (std::size_t i = 0; i < columns_.size(); i++) {
        text += columns_.at(i).align == Align::left ? fmt::format("{:<{}}", cells.at(i), width(i))
                                                    : fmt::format("{:>{}}", cells.at(i), width(i));
        text += "  ";
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
}

} // namespace vcoal
