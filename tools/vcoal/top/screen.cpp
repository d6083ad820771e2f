// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/top/screen.hpp"

#include <algorithm>
#include <cstdio>
#define NCURSES_NOMACROS
#include <ncurses.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace vcoal {

struct TopScreen::Terminal {
    Terminal() : screen(::newterm(nullptr, stdout, stdin)) {}
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    ~Terminal() {
        if (screen != nullptr) {
            ::endwin();
            ::delscreen(screen);
        }
    }

    SCREEN* screen;
};

std::unique_ptr<TopScreen> TopScreen::open(TopOrder order) {
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) {
        return nullptr;
    }
    auto terminal = std::make_unique<Terminal>();
    if (terminal->screen == nullptr) {
        return nullptr;
    }
    return std::unique_ptr<TopScreen>(new TopScreen(std::move(terminal), order));
}

TopScreen::TopScreen(std::unique_ptr<Terminal> terminal, TopOrder order)
    : terminal_(std::move(terminal)), position_{order} {
    ::cbreak();
    ::noecho();
    ::curs_set(0);
    ::keypad(stdscr, true);
    ::nodelay(stdscr, true);
}

TopScreen::~TopScreen() = default;

int TopScreen::input() const {
    return STDIN_FILENO;
}

void TopScreen::show(const TopSample& sample) {
    sample_ = sample;
    draw();
}

bool TopScreen::on_input() {
    for (int key = ::getch(); key != ERR; key = ::getch()) {
        if (!on_key(key)) {
            return false;
        }
    }
    draw();
    return true;
}

bool TopScreen::on_key(int key) {
    switch (key) {
    case 'q':
        return false;
    case KEY_UP:
        scroll_by(-1);
        return true;
    case KEY_DOWN:
        scroll_by(1);
        return true;
    case KEY_PPAGE:
        scroll_by(-LINES / 2);
        return true;
    case KEY_NPAGE:
        scroll_by(LINES / 2);
        return true;
    default:
        break;
    }
    const auto order = std::ranges::find(top_orders, key, &TopOrderName::key);
    if (order != top_orders.end()) {
        position_ = {order->order};
    }
    return true;
}

void TopScreen::scroll_by(std::ptrdiff_t rows) {
    const auto first = static_cast<std::ptrdiff_t>(position_.first) + rows;
    position_.first = static_cast<std::size_t>(std::max<std::ptrdiff_t>(first, 0));
}

void TopScreen::follow_size() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        ::resizeterm(size.ws_row, size.ws_col);
    }
}

void TopScreen::draw() {
    follow_size();
    const TopPicture picture = draw_top(sample_, position_, static_cast<std::size_t>(COLS),
                                        static_cast<std::size_t>(LINES));
    // Only what differs from what the terminal has is sent to it.
    ::erase();
    for (std::size_t i = 0; i < picture.lines.size(); i++) {
        const bool header = i == picture.header;
        ::attrset(header ? A_REVERSE : A_NORMAL);
        ::mvaddstr(static_cast<int>(i), 0, picture.lines[i].c_str());
        if (header) {
            ::hline(' ' | A_REVERSE, COLS);
        }
    }
    ::refresh();
}

} // namespace vcoal
