// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/suggest.h"

#include <algorithm>
#include <vector>

namespace qd::cli {

int distance(const QString &a, const QString &b)
{
    const auto columns = size_t(b.size()) + 1;
    std::vector<std::vector<int>> cost(size_t(a.size()) + 1, std::vector<int>(columns));
    for (size_t i = 0; i < cost.size(); ++i) {
        for (size_t j = 0; j < columns; ++j) {
            if (i == 0 || j == 0) {
                cost[i][j] = int(i + j);
                continue;
            }
            const QChar left = a[qsizetype(i) - 1];
            const QChar right = b[qsizetype(j) - 1];
            cost[i][j] = std::min(
                {cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                 cost[i - 1][j - 1] + (left == right ? 0 : 1)});
            if (i > 1 && j > 1 && left == b[qsizetype(j) - 2] && a[qsizetype(i) - 2] == right)
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost.back().back();
}

QString didYouMean(const QString &word, const QStringList &candidates)
{
    QString best;
    int least = int(std::clamp<qsizetype>(word.size() / 2, 1, 3)) + 1;
    for (const QString &candidate : candidates) {
        const bool begun = word.size() >= 2 && candidate.startsWith(word);
        const int cost = begun ? 1 : distance(word, candidate);
        if (cost < least) {
            least = cost;
            best = candidate;
        }
    }
    return best.isEmpty() ? QString() : QStringLiteral(" Did you mean \"%1\"?").arg(best);
}

} // namespace qd::cli
