// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-License-Identifier: GPL-3.0-or-later
// What a script finds when it starts, made of the host's few functions (script_bridge.h). Values
// are plain frozen objects. For people: docs/guide/scripts.md.
(function (global) {
    "use strict";

    function freeze(value) {
        if (value !== null && typeof value === "object") {
            Object.keys(value).forEach(function (key) { freeze(value[key]); });
            Object.freeze(value);
        }
        return value;
    }

    function call(method, params, node) {
        return freeze(JSON.parse(__host.call(method, JSON.stringify(params || {}), node || "")));
    }

    // --- promises -----------------------------------------------------------------------------

    // The engine says nothing of a promise that is broken and that nobody asks: so each one is
    // watched from its making, and whoever asks is noted.
    const Native = Promise;
    const nativeThen = Native.prototype.then;
    const kAsked = Symbol("asked");
    const GRACE_MS = 1000; // a task may come to it later

    function watched(promise) {
        nativeThen.call(promise, undefined, function (error) {
            if (promise[kAsked])
                return;
            __host.delay(GRACE_MS, function () {
                if (!promise[kAsked])
                    __host.fail(error);
            });
        });
        return promise;
    }

    function told(handler, otherwise) {
        const act = typeof handler === "function" ? handler : otherwise;
        return function (value) {
            __host.stir();
            return act(value);
        };
    }

    Native.prototype.then = function (kept, broken) {
        this[kAsked] = true;
        return watched(nativeThen.call(
            this,
            told(kept, function (value) { return value; }),
            told(broken, function (error) { throw error; })));
    };
    Native.prototype.catch = function (broken) { return this.then(undefined, broken); };

    global.Promise = function Promise(executor) {
        if (!new.target)
            throw new TypeError("Promise is made with new");
        return watched(new Native(executor));
    };
    global.Promise.prototype = Native.prototype;
    global.Promise.resolve = function (value) {
        return value instanceof Native ? value : watched(Native.resolve(value));
    };
    global.Promise.reject = function (error) { return watched(Native.reject(error)); };
    ["all", "race"].forEach(function (how) {
        global.Promise[how] = function (promises) {
            const list = Array.from(promises);
            list.forEach(function (one) {
                if (one instanceof Native)
                    one[kAsked] = true;
            });
            return watched(Native[how](list));
        };
    });

    // --- printing -----------------------------------------------------------------------------

    function show(value) {
        if (typeof value === "string")
            return value;
        if (value instanceof Error)
            return String(value);
        const whole = typeof value === "object" && value !== null;
        const text = whole ? JSON.stringify(value) : String(value);
        return text === undefined ? String(value) : text;
    }

    global.print = function () {
        __host.print(Array.prototype.map.call(arguments, show).join(" "));
    };

    global.table = function (rows, columns) {
        if (!Array.isArray(rows))
            throw new TypeError("table(rows, columns): rows must be an array");
        const names = columns || (rows.length ? Object.keys(rows[0]) : []);
        const cells = [names.map(function (name) { return String(name).toUpperCase(); })];
        rows.forEach(function (row) {
            cells.push(names.map(function (name) {
                const value = row[name];
                return value === undefined || value === null || value === "" ? "-" : show(value);
            }));
        });
        const widths = names.map(function (_, column) {
            return Math.max.apply(null, cells.map(function (line) { return line[column].length; }));
        });
        cells.forEach(function (line) {
            global.print(line.map(function (cell, column) {
                return column === names.length - 1 ? cell : cell.padEnd(widths[column]);
            }).join("  "));
        });
    };

    // --- time and tasks -----------------------------------------------------------------------

    global.sleep = function (milliseconds) { __host.sleep(Number(milliseconds)); };

    /** A promise that is kept after that time, for tasks: yield delay(500). */
    global.delay = function (milliseconds) {
        return new Promise(function (resolve) { __host.delay(Number(milliseconds), resolve); });
    };

    /** Calls `condition` until it returns something true, for at most `seconds`. */
    global.waitUntil = function (condition, seconds, what) {
        const limit = seconds === undefined ? 30 : seconds;
        const end = Date.now() + limit * 1000;
        for (;;) {
            const value = condition();
            if (value)
                return value;
            if (Date.now() > end)
                throw new Error("not within " + limit + " s" + (what ? ": " + what : ""));
            global.sleep(100);
        }
    };

    /** Runs a generator function; what it yields is awaited when it is a promise. */
    global.task = function (body) {
        if (typeof body !== "function")
            throw new TypeError("task(function* () { ... }) takes a generator function");
        const steps = body();
        if (!steps || typeof steps.next !== "function")
            throw new TypeError("task(function* () { ... }) takes a generator: mind the star");
        const promise = new Promise(function (resolve, reject) {
            function advance(how, value) {
                let step;
                try {
                    step = steps[how](value);
                } catch (error) {
                    reject(error);
                    return;
                }
                if (step.done) {
                    resolve(step.value);
                    return;
                }
                Promise.resolve(step.value).then(
                    function (result) { advance("next", result); },
                    function (error) { advance("throw", error); });
            }
            advance("next", undefined);
        });
        __host.hold();
        promise.then(
            function () { __host.release(); },
            function (error) { __host.fail(error); __host.release(); });
        return promise;
    };

    function begin(method, params, node) {
        const failure = new Error(); // made here: it knows the line that asked
        return new Promise(function (resolve, reject) {
            __host.begin(method, JSON.stringify(params || {}), node || "", function (error, text) {
                if (error) {
                    failure.message = error.message;
                    failure.code = error.code;
                    reject(failure);
                } else {
                    resolve(freeze(JSON.parse(text)));
                }
            });
        });
    }

    /** Each line of a stream to a function, until its stop() is called. */
    function follow(method, params, onLine) {
        const stream = __host.stream(method, JSON.stringify(params), function (text) {
            onLine(freeze(JSON.parse(text)));
        });
        return Object.freeze({ stop: function () { __host.endStream(stream); } });
    }

    // --- the cluster --------------------------------------------------------------------------

    const cluster = {};

    /** A key's entry, and those below it: whole, however much they are. */
    function readStore(key, options) {
        const params = Object.assign({ key: key || "/" }, options);
        return __host.readStream("store.read", JSON.stringify(params))
            .map(function (text) { return freeze(JSON.parse(text).entry); });
    }

    /** A machine that is no node (any more) is meant by its id. */
    function slotOf(machine, group) {
        const known = cluster.nodes().filter(function (node) { return node.name === machine; });
        return { holder: known.length ? known[0].id : machine || "", group: group || "" };
    }

    function unitObject(row) {
        const unit = Object.assign({}, row);
        ["load", "start", "stop", "unload"].forEach(function (verb) {
            unit[verb] = function () {
                return unitObject(call("unit." + verb, { name: row.name }).unit);
            };
        });
        unit.destroy = function () { call("unit.destroy", { name: row.name }); };
        unit.cat = function () { return call("unit.cat", { name: row.name }).text; };
        unit.status = function () { return call("unit.status", { name: row.name }); };
        unit.refresh = function () { return cluster.unit(row.name); };
        unit.journal = function (lines) { return cluster.journal(row.name, lines); };
        return Object.freeze(unit);
    }

    Object.assign(cluster, {
        /** Any control method by its name. */
        call: call,
        nodes: function () { return call("node.list").items; },
        node: function (name) {
            const found = cluster.nodes().filter(function (node) {
                return node.name === name || node.id === name;
            });
            if (!found.length)
                throw new Error("there is no node " + name);
            return found[0];
        },
        raft: function () { return call("raft.status").items; },
        /** What is wrong with members and does not pass by itself: kind, member, name, since,
            sentence. */
        alarms: function () {
            const seen = {};
            const reached = cluster.raft().filter(function (row) { return row.reachable; });
            return freeze([].concat.apply([], reached.map(function (row) {
                return row.alarms;
            })).filter(function (alarm) {
                const known = seen[alarm.kind + alarm.member];
                seen[alarm.kind + alarm.member] = true;
                return !known;
            }));
        },
        /** What each node's store has been asked: name, watchers, operations with their rates. */
        storeStatistics: function () {
            return freeze(cluster.raft().map(function (row) {
                return { name: row.nodeName, watchers: row.watchers, operations: row.operations };
            }));
        },
        /** Another node leads; without a name the one that needs the least. Who leads now. */
        transferLeadership: function (name) {
            const to = name === undefined ? "" : cluster.node(name).id;
            return cluster.node(call("raft.transfer", { nodeId: to }).nodeId);
        },
        /** Who may reboot: {available, max, holders, key, index}. Machines by name or id; `group`
            may be left out everywhere. */
        rebootLock: Object.freeze({
            get: function (group) { return call("rebootlock.get", { group: group || "" }); },
            /** The fencing index of the slot. */
            lock: function (machine, group) {
                return call("rebootlock.lock", slotOf(machine, group)).fence;
            },
            unlock: function (machine, group) {
                return call("rebootlock.unlock", slotOf(machine, group));
            },
            setMax: function (max, group) {
                return call("rebootlock.setMax", { max: max, group: group || "" }).lock;
            },
            /** Takes a slot for the node, waits for so many seconds, and reboots it. */
            reboot: function (name, delay, group) {
                const node = cluster.node(name).id;
                call("rebootlock.reboot", { delay: delay || 0, group: group || "" }, node);
            }
        }),
        /** A machine may join with it, once: {token, expires}. */
        joinToken: function () {
            const issued = call("cluster.token", { kind: "node" });
            return { token: issued.token, expires: new Date(issued.expires) };
        },
        /** A learner votes from now on; one that has caught up does without being told. */
        promote: function (name) {
            call("raft.promote", { nodeId: cluster.node(name).id });
        },
        /** The agents of these members start anew, one after the other, each within `seconds`
            (60); with {plan: true} only says in which order. All: names is undefined. */
        restartMembers: function (names, options) {
            const wish = options || {};
            const all = names === undefined; // an empty list is nobody, and an error
            const ids = all ? [] : names.map(function (name) { return cluster.node(name).id; });
            const seconds = wish.seconds === undefined ? 60 : wish.seconds;
            return freeze(JSON.parse(
                __host.restartMembers(all, ids, seconds, !wish.plan)));
        },
        /** For good: the node's agent stops its units and ends. */
        removeNode: function (name) {
            call("node.remove", { nodeId: cluster.node(name).id });
        },
        units: function () {
            return freeze(JSON.parse(__host.snapshot("units", "{}"))).items.map(unitObject);
        },
        unit: function (name) {
            const found = call("unit.list", { names: [name] }).items;
            if (!found.length)
                throw new Error("there is no unit " + name);
            return unitObject(found[0]);
        },
        submit: function (name, text, options) {
            const params = Object.assign({ name: name, text: text }, options);
            return unitObject(call("unit.submit", params).unit);
        },
        /** The last lines of a unit's journal, or, with a function, each line as it comes. */
        journal: function (name, lines, onLine) {
            const params = {
                unit: name,
                lines: lines === undefined ? 10 : lines,
                follow: Boolean(onLine)
            };
            if (onLine)
                return follow("journal.open", params, onLine);
            return __host.readStream("journal.open", JSON.stringify(params))
                .map(function (text) { return freeze(JSON.parse(text)); });
        },
        store: Object.freeze({
            get: function (key, options) {
                return readStore(key, options)[0];
            },
            ls: function (key, options) {
                return readStore(key, options).slice(1);
            },
            set: function (key, value, options) {
                const params = Object.assign({ key: key, value: String(value) }, options);
                return call("store.set", params).entry;
            },
            rm: function (key, options) {
                return call("store.delete", Object.assign({ key: key }, options)).entry;
            },
            /** What has happened to a key of late: {from, to, events}, oldest first. */
            history: function (key, options) {
                const params = Object.assign({ key: key || "/" }, options);
                const lines = __host.readStream("store.history", JSON.stringify(params))
                    .map(function (text) { return JSON.parse(text); });
                const events = lines.slice(1);
                return freeze({ from: lines[0].from, to: lines[0].to, events: events });
            },
            /** A subtree as text of JSON, for import. */
            export: function (key) { return __host.exportStore(key || "/"); },
            /** Writes an export; with {plan: true} only says what it would change. */
            import: function (text, options) {
                const wish = options || {};
                const file = typeof text === "string" ? text : JSON.stringify(text);
                return freeze(JSON.parse(__host.importStore(file, wish.to || "", !wish.plan)));
            },
            watch: function (key, onEvent, options) {
                return follow("store.watch", Object.assign({ key: key }, options), onEvent);
            }
        }),
        /** Live rows: onChange({reset, rows, removed}) for nodes, units, raft. */
        on: function (collection, onChange, params) {
            const id = __host.subscribe(collection, JSON.stringify(params || {}), function (text) {
                onChange(freeze(JSON.parse(text)));
            });
            return Object.freeze({ stop: function () { __host.unsubscribe(id); } });
        },
        /** The same calls as promises, for task(): yield cluster.async("unit.start", {name: n}). */
        async: begin
    });
    global.cluster = Object.freeze(cluster);

    /** Tells a person: the console shows it as a notification. */
    global.alert = function (text) { __host.alert(show(text)); };
    /** Ends the script with that exit status. */
    global.exit = function (status) {
        const number = status === undefined ? 0 : Number(status);
        if (!(number >= 0 && number <= 255 && number % 1 === 0))
            throw new RangeError("exit(status) takes a whole number from 0 to 255, not " + status);
        __host.exit(number);
    };
    global.console = Object.freeze({
        log: global.print,
        info: global.print,
        debug: global.print,
        warn: global.print,
        error: global.print
    });
})(this);
