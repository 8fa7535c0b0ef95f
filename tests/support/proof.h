// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTest>

/// Proofs: which features of the specification a test proves. `QD_PROVES("E12", "E13");` at the
/// head of a test function claims them; the claim is written to the folder that QD_PROOFS names
/// only when the function has run at least one check, passed, and was not skipped. docs/features.md
/// is made from these files.
namespace qd::proof {

void claim(std::initializer_list<const char *> ids);
void checked();
/// Runs a test object with the proofs switched on; what `QTEST_MAIN` is otherwise.
int run(QObject *test, int argc, char **argv);

} // namespace qd::proof

#define QD_PROVES(...) ::qd::proof::claim({__VA_ARGS__})

// Each check of Qt Test counts itself, so that a test without a check proves nothing.
#undef QVERIFY
#define QVERIFY(statement)                                                                         \
    do {                                                                                           \
        ::qd::proof::checked();                                                                    \
        if (!QTest::qVerify(static_cast<bool>(statement), #statement, "", __FILE__, __LINE__))     \
            return;                                                                                \
    } while (false)
#undef QVERIFY2
#define QVERIFY2(statement, description)                                                           \
    do {                                                                                           \
        ::qd::proof::checked();                                                                    \
        if (statement) {                                                                           \
            if (!QTest::qVerify(true, #statement, "", __FILE__, __LINE__))                         \
                return;                                                                            \
        } else {                                                                                   \
            if (!QTest::qVerify(                                                                   \
                    false, #statement, static_cast<const char *>(description), __FILE__,           \
                    __LINE__))                                                                     \
                return;                                                                            \
        }                                                                                          \
    } while (false)
#undef QCOMPARE
#define QCOMPARE(actual, expected)                                                                 \
    do {                                                                                           \
        ::qd::proof::checked();                                                                    \
        if (!QTest::qCompare(actual, expected, #actual, #expected, __FILE__, __LINE__))            \
            return;                                                                                \
    } while (false)

#define QD_TEST_MAIN(Class)                                                                        \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        QCoreApplication app(argc, argv);                                                          \
        Class test;                                                                                \
        return ::qd::proof::run(&test, argc, argv);                                                \
    }
