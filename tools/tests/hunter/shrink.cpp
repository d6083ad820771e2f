// SPDX-License-Identifier: GPL-2.0-only
#include "hunter/shrink.hpp"

#include "hunter/world.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace hunter {
namespace {

class Shrinker {
public:
    explicit Shrinker(Trace trace) : best_(std::move(trace)), rule_(rule(run(best_))) {}

    Trace result() {
        for (bool better = true; better;) {
            const Trace before = best_;
            remove_steps();
            remove_injections();
            lessen_arguments();
            simplify_world();
            better = best_ != before;
        }
        return best_;
    }

private:
    /// Of a run without packets, and of one packet.
    static constexpr std::uint64_t run_cost = 1000;
    static constexpr std::uint64_t budget = 50'000'000;

    /// What is broken, without the numbers; nothing if nothing is.
    static std::string rule(const Outcome& outcome) {
        return outcome.finding ? outcome.finding->substr(0, outcome.finding->find(':')) : "";
    }

    /// Takes @p candidate over if it finds the same and there is time.
    bool attempt(const Trace& candidate) {
        if (candidate == best_ || spent_ > budget) {
            return false;
        }
        const Outcome outcome = run(candidate);
        spent_ += run_cost + outcome.packets;
        if (rule_.empty() || rule(outcome) != rule_) {
            return false;
        }
        best_ = candidate;
        return true;
    }

    /// Large pieces first, then smaller ones.
    void remove_steps() {
        for (std::size_t piece = std::max<std::size_t>(best_.steps.size() / 2, 1); piece > 0;
             piece /= 2) {
            for (std::size_t at = 0; at < best_.steps.size();) {
                Trace candidate = best_;
                const auto begin = candidate.steps.begin() + static_cast<std::ptrdiff_t>(at);
                const std::size_t n = std::min(piece, candidate.steps.size() - at);
                candidate.steps.erase(begin, begin + static_cast<std::ptrdiff_t>(n));
                at += attempt(candidate) ? 0 : n;
            }
        }
    }

    void remove_injections() {
        for (std::size_t s = 0; s < best_.steps.size(); s++) {
            for (std::size_t i = 0; i < best_.steps[s].injections.size();) {
                Trace candidate = best_;
                auto& injections = candidate.steps[s].injections;
                injections.erase(injections.begin() + static_cast<std::ptrdiff_t>(i));
                i += attempt(candidate) ? 0 : 1;
            }
        }
    }

    void lessen_arguments() {
        for (std::size_t s = 0; s < best_.steps.size(); s++) {
            lessen([s](Trace& trace) -> Action& { return trace.steps[s].action; });
            for (std::size_t i = 0; i < best_.steps[s].injections.size(); i++) {
                lessen([s, i](Trace& trace) -> Action& {
                    return trace.steps[s].injections[i].action;
                });
            }
        }
    }

    template <typename Find>
    void lessen(Find find) {
        for (unsigned i = 0; i < arguments(find(best_).kind); i++) {
            for (std::uint64_t less = find(best_).arg.at(i); less > 0;) {
                less /= 2;
                Trace candidate = best_;
                find(candidate).arg.at(i) = less;
                if (!attempt(candidate)) {
                    candidate = best_;
                    find(candidate).arg.at(i)--;
                    attempt(candidate);
                    break;
                }
            }
        }
    }

    void simplify_world() {
        const auto change = [this](auto set) {
            Trace candidate = best_;
            set(candidate.setup);
            attempt(candidate);
        };
        change([](Setup& s) { s.first = 0; });
        change([](Setup& s) { s.indirect = 0; });
        change([](Setup& s) { s.weak = false; });
        change([](Setup& s) { s.exact = true; });
        change([](Setup& s) { s.batches = true; });
        change([](Setup& s) { s.mergeable = true; });
        change([](Setup& s) { s.packed = false; });
        for (const unsigned size : {1U, 2U, 4U, 8U, 16U, 32U}) {
            change([size](Setup& s) {
                s.size = static_cast<std::uint16_t>(std::min<unsigned>(s.size, size));
            });
        }
    }

    Trace best_;
    std::string rule_;
    std::uint64_t spent_ = 0;
};

} // namespace

Trace shrink(Trace trace) {
    return Shrinker(std::move(trace)).result();
}

} // namespace hunter
