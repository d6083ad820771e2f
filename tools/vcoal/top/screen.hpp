// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/top/view.hpp"

#include <memory>

namespace vcoal {

/// A whole terminal: standard input and output. It is as it was when this ends.
class TopScreen : public TopView {
public:
    /// Nothing where there is no terminal that can do it.
    static std::unique_ptr<TopScreen> open(TopOrder order);
    ~TopScreen() override;

    void show(const TopSample& sample) override;
    int input() const override;
    bool on_input() override;

private:
    /// What curses knows of a terminal.
    struct Terminal;

    TopScreen(std::unique_ptr<Terminal> terminal, TopOrder order);
    bool on_key(int key);
    void scroll_by(std::ptrdiff_t rows);
    /// The terminal may have another size.
    void follow_size();
    void draw();

    std::unique_ptr<Terminal> terminal_;
    TopPosition position_;
    TopSample sample_;
};

} // namespace vcoal
