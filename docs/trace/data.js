'use strict';
// The journal as page.c wrote it, with names in place of places in arrays, and the three axes.

const RUNS = 0, WAITS = 1, BLOCKS = 2;
const CALL = 0, FAIL = 1, PENDING = 2, COMPLETE = 3, DEQUEUE = 4, OTHER = 9;

const journal = (() => {
    const raw = JSON.parse(document.getElementById('journal').textContent);
    const name = number => raw.names[number];
    const events = raw.events.map((e, index) => ({
        index, time: e[0], lane: e[1], kind: e[2], kindName: name(e[3]), name: name(e[4]), handle: name(e[5]),
        overlapped: name(e[6]), bytes: e[7], error: e[8], from: name(e[9]), site: raw.sites[e[9]], extra: name(e[10]),
        line: e[11], operation: -1,
    }));
    const operations = raw.operations.map((o, index) => {
        const [post, pending, complete, dequeue, fail] = o.slice(8);
        const begin = [post, pending, complete, fail].find(e => e >= 0);
        const end = fail >= 0 ? fail : complete >= 0 ? complete : -1;
        for (const e of [post, pending, complete, dequeue, fail])
            if (e >= 0)
                events[e].operation = index;
        return {
            index, kind: name(o[0]), call: name(o[1]), handle: name(o[2]), overlapped: name(o[3]), port: name(o[4]),
            asked: o[5], moved: o[6], error: o[7], post, pending, complete, dequeue, fail,
            begin, end: end < 0 ? events.length - 1 : end, isOut: end < 0, row: 0,
        };
    });
    const lanes = raw.lanes.map((lane, index) => ({
        index, id: lane.id, role: lane.role, label: lane.label, events: [],
        bars: lane.bars.map(b => ({
            lane: index, state: b[0], first: b[1], last: b[2], operation: b[3], kind: name(b[4]), call: name(b[5]),
        })),
    }));
    for (const e of events)
        lanes[e.lane].events.push(e.index);
    return {
        title: raw.title, note: raw.note, skipped: raw.skipped, events, operations, lanes, summary: raw.summary,
        errors: raw.errors, sums: raw.sums.map(s => ({kind: name(s[0]), count: s[1], failed: s[2], moved: s[3]})),
    };
})();

// Lays the operations in rows so that none covers another: each in the lowest row that is free. The number of rows in use
// is then the number of operations between post and packet.
journal.rows = (() => {
    const busyUntil = [];
    for (const o of [...journal.operations].sort((a, b) => a.begin - b.begin)) {
        let row = busyUntil.findIndex(end => end <= o.begin);
        if (row < 0)
            row = busyUntil.length;
        const last = o.dequeue >= 0 ? o.dequeue : o.end;
        busyUntil[row] = last > o.begin ? last : o.begin + 1;
        o.row = row;
    }
    const rows = busyUntil.map(() => []);
    for (const o of journal.operations)
        rows[o.row].push(o);
    for (const row of rows)
        row.sort((a, b) => a.begin - b.begin);
    return rows;
})();

// An axis gives every event a place; all that is drawn hangs on events, never on times.
const axes = (() => {
    const events = journal.events, count = events.length;
    const steps = Float64Array.from(events, e => e.index);
    const time = Float64Array.from(events, e => e.time);

    // Folded: the longest gaps are taken out, one by one, until none that is left would dominate. What shares a
    // microsecond is set apart a little.
    const gaps = [];
    for (let i = 1; i < count; i++)
        gaps.push({index: i, length: events[i].time - events[i - 1].time});
    const longest = [...gaps].sort((a, b) => b.length - a.length);
    let left = time[count - 1] - time[0], folds = 0;
    const shareMost = 0.1, foldsMost = 40;
    while (folds < longest.length && folds < foldsMost && longest[folds].length > Math.max(20, left * shareMost))
        left -= longest[folds++].length;
    const folded = new Float64Array(count), isFold = new Uint8Array(count);
    for (let k = 0; k < folds; k++)
        isFold[longest[k].index] = 1;
    const nudge = left / count / 4 || 0.25, width = Math.max((left + nudge * count) * 0.02, 1);
    const least = folds ? longest[folds - 1].length : 1;
    for (let i = 1; i < count; i++) {
        const length = gaps[i - 1].length;
        folded[i] = folded[i - 1] + nudge + (isFold[i] ? width * (1 + Math.log10(length / least)) : length);
    }
    const none = new Uint8Array(count);
    return {
        steps: {places: steps, isFold: none},
        folded: {places: folded, isFold},
        time: {places: time, isFold: none},
    };
})();

// The first event at or after a place.
function eventAt(places, place) {
    let low = 0, high = places.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (places[middle] < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// What stands between two events, on another axis.
function placeMoved(place, from, to) {
    const i = Math.min(Math.max(eventAt(from, place), 1), from.length - 1);
    if (from.length < 2)
        return 0;
    const span = from[i] - from[i - 1];
    return to[i - 1] + (to[i] - to[i - 1]) * (span ? (place - from[i - 1]) / span : 0);
}
