// SPDX-License-Identifier: GPL-3.0-or-later
// etcd's API over the store of a cluster of one, in one small process: for profiling it.
#include "agent/etcd/service.h"
#include "tests/support/single_store.h"

#include <QCoreApplication>

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    if (argc != 4) {
        fprintf(stderr, "usage: qd-serve-etcd ADDRESS PORT FOLDER\n");
        return 2;
    }
    qd::test::SingleStore store(QString::fromLocal8Bit(argv[3]));
    store.clientUrl = QStringLiteral("http://%1:%2")
                          .arg(QString::fromLatin1(argv[1]), QString::fromLatin1(argv[2]));
    qd::etcd::Service service(
        {QHostAddress(QString::fromLatin1(argv[1])), QByteArray(argv[2]).toUShort()},
        {store.store(), store.store()}, store, store);
    if (const auto started = service.start(); !started) {
        fprintf(stderr, "%s\n", qPrintable(started.error().text()));
        return 1;
    }
    return QCoreApplication::exec();
}
