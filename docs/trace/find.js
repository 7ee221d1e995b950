// What lies under the pointer: {event}, {operation} or {bar}; null for nothing. The small goes before the large.

function findAt(l, x, y) {
    if (x < l.gutter || x > l.right || y < l.lanesTop)
        return null;
    if (y >= l.panelTop - 2)
        return findInPanel(l, x, y);
    const lane = journal.lanes[Math.floor((y - l.lanesTop) / l.laneHeight)];
    return (lane && findMark(l, lane, x, y)) || findArrow(l, x, y) || (lane && findBar(l, lane, x)) || null;
}

function findInPanel(l, x, y) {
    const row = journal.rows[Math.floor((l.panelTop + l.panelHeight - y) / l.rowHeight)];
    let nearest = null, distance = 4;
    for (let i = row ? firstVisible(row, operationLast) : Infinity; row && i < row.length; i++) {
        const from = eventX(l, row[i].begin), to = eventX(l, operationLast(row[i]));
        if (from > x + distance)
            break;
        const away = Math.max(from - x, x - to, 0);
        if (away <= distance) {
            nearest = row[i];
            distance = away;
        }
    }
    return nearest && {operation: nearest};
}

function findMark(l, lane, x, y) {
    if (Math.abs(y - laneMiddle(l, lane.index)) > l.barHeight / 2 + 4)
        return null;
    let nearest = null, distance = 5;
    for (let i = firstVisible(lane.events, e => e); i < lane.events.length; i++) {
        const e = journal.events[lane.events[i]], away = Math.abs(eventX(l, e.index) - x);
        if (eventX(l, e.index) > x + distance)
            break;
        const shows = e.kind === OTHER || e.kind === FAIL || (e.operation >= 0 && e.kind !== DEQUEUE && e.kind !== PENDING);
        if (shows && away < distance) {
            nearest = e;
            distance = away;
        }
    }
    if (!nearest)
        return null;
    return nearest.operation >= 0 ? {operation: journal.operations[nearest.operation]} : {event: nearest};
}

function findArrow(l, x, y) {
    const seen = operationsInView();
    let nearest = null, distance = 5;
    if (seen.length > arrowsMost)
        return null;
    for (const o of seen) {
        for (const c of curvesOf(l, o)) {
            const away = fromCurve(x, y, c);
            if (away < distance) {
                nearest = o;
                distance = away;
            }
        }
    }
    return nearest && {operation: nearest};
}

// How far a point is from a curve, taken as straight pieces; infinitely, where that is plain at once.
function fromCurve(x, y, c) {
    if (Math.min(c[0][0], c[3][0]) > x + 9 || Math.max(c[0][0], c[3][0]) < x - 9)
        return Infinity;
    let before = c[0], least = Infinity;
    for (let t = 1; t <= 20; t++) {
        const here = curveAt(c, t / 20);
        least = Math.min(least, fromSegment(x, y, before, here));
        before = here;
    }
    return least;
}

// How far a point is from a straight piece.
function fromSegment(x, y, a, b) {
    const dx = b[0] - a[0], dy = b[1] - a[1], square = dx * dx + dy * dy;
    const t = square ? Math.min(Math.max(((x - a[0]) * dx + (y - a[1]) * dy) / square, 0), 1) : 0;
    return Math.hypot(x - a[0] - t * dx, y - a[1] - t * dy);
}

function findBar(l, lane, x) {
    const i = firstVisible(lane.bars, b => b.last);
    let nearest = null, distance = 2;
    for (let k = i; k < lane.bars.length; k++) {
        const from = eventX(l, lane.bars[k].first), to = eventX(l, lane.bars[k].last);
        if (from > x + distance)
            break;
        const away = Math.max(from - x, x - to, 0);
        if (away < distance || (away === 0 && distance === 0)) {
            nearest = lane.bars[k];
            distance = away;
        }
    }
    return nearest && {bar: nearest};
}
