// SPDX-License-Identifier: GPL-3.0-or-later
pragma Singleton
import QtQuick

// How numbers are written. (A regular expression that groups digits writes each comma twice in
// Qt 6.4.)
QtObject {
    // A name that a cluster gave, where there is room for one line.
    function oneLine(text: string): string {
        return text.split(/[\n\r\t\u2028\u2029]/).join(" ");
    }
    // Whole numbers, also those that come as text because they are beyond 2^53: "18,442".
    function grouped(number: var): string {
        return Number(number).toLocaleString(Qt.locale("en_US"), "f", 0);
    }
}
