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
    // "512 B", "1.4 KiB", "40.0 MiB"
    function bytes(count: var): string {
        const units = ["B", "KiB", "MiB", "GiB", "TiB"];
        let number = Number(count);
        let unit = 0;
        for (; number >= 1024 && unit < units.length - 1; ++unit)
            number /= 1024;
        return number.toFixed(unit === 0 ? 0 : 1) + " " + units[unit];
    }
    // A span of whole seconds: "42 s", "3 min 05 s", "2 h 07 min", "5 d 3 h".
    function span(seconds: real): string {
        const s = Math.max(0, Math.floor(seconds));
        if (s < 60)
            return s + " s";
        if (s < 3600)
            return Math.floor(s / 60) + " min " + String(s % 60).padStart(2, "0") + " s";
        if (s < 86400)
            return Math.floor(s / 3600) + " h " + String(Math.floor(s % 3600 / 60)).padStart(2, "0")
                    + " min";
        return Math.floor(s / 86400) + " d " + Math.floor(s % 86400 / 3600) + " h";
    }
    // Whole numbers, also those that come as text because they are beyond 2^53: "18,442".
    function grouped(number: var): string {
        return Number(number).toLocaleString(Qt.locale("en_US"), "f", 0);
    }
}
