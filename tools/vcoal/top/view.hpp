// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/top/table.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vcoal {

/// What there is to be shown.
struct TopSample {
    /// CLOCK_MONOTONIC
    std::uint64_t time_ns = 0;
    /// That the rates are over; 0: there are none yet.
    double seconds = 0;
    /// By device.
    std::vector<TopRow> rows;
};

/// Where and how samples are shown.
class TopView {
public:
    TopView() = default;
    TopView(const TopView&) = delete;
    TopView& operator=(const TopView&) = delete;
    virtual ~TopView() = default;

    virtual void show(const TopSample& sample) = 0;
    /// Where its user types; -1: nowhere.
    virtual int input() const { return -1; }
    /// Takes what was typed, or that the terminal has another size. False: to end.
    virtual bool on_input() { return true; }
};

/// One table after the other.
class TopLines : public TopView {
public:
    TopLines(TopOrder order, std::size_t width) : order_(order), width_(width) {}
    void show(const TopSample& sample) override;

private:
    TopOrder order_;
    std::size_t width_;
};

/// One object per sample and line.
class TopJson : public TopView {
public:
    explicit TopJson(TopOrder order) : order_(order) {}
    void show(const TopSample& sample) override;

private:
    TopOrder order_;
};

/// What a terminal of some size shows.
struct TopPicture {
    std::vector<std::string> lines;
    /// The line that is a table's header.
    std::size_t header = 0;
};

/// Where a picture's rows begin, and how they are sorted.
struct TopPosition {
    TopOrder order = TopOrder::device;
    /// Rows above those shown; brought back to where there are rows.
    std::size_t first = 0;
};

/// Lines of exactly a terminal's height, and not wider than it.
TopPicture draw_top(const TopSample& sample, TopPosition& position, std::size_t width,
                    std::size_t height);

} // namespace vcoal
