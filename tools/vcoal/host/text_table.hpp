// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace vcoal {

/// Rows of text with columns as wide as what stands in them.
class TextTable {
public:
    enum class Align { left, right };
    struct Column {
        std::string title;
        Align align = Align::left;
    };

    explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

    /// One cell for each column.
    void add(std::vector<std::string> row);
    /// One line for the titles and one for each row, two spaces between columns.
    std::string format() const;

private:
    std::string line(const std::vector<std::string>& cells) const;
    std::size_t width(std::size_t column) const;

    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

} // namespace vcoal
