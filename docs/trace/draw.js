// Draws the chart: an overview of the whole, the axis, a lane a thread, and the operations in flight.

const view = {axis: 'folded', from: 0, to: 1, hover: null, pinned: null, range: null, cursor: null};
const places = () => axes[view.axis].places;
const arrowsMost = 2500;

// Where everything is, for a width in pixels.
function layoutFor(width) {
    const lanes = journal.lanes.length, rows = journal.rows.length;
    const laneHeight = lanes <= 9 ? 50 : lanes <= 14 ? 40 : lanes <= 24 ? 28 : lanes <= 60 ? 18 : lanes <= 200 ? 11 : 6;
    const rowHeight = rows <= 10 ? 14 : Math.max(150 / rows, 0.3);
    const gutter = width < 700 ? 84 : 118, lanesTop = 76, panelGap = 26;
    const panelTop = lanesTop + lanes * laneHeight + panelGap, panelHeight = rows * rowHeight;
    return {
        width, gutter, right: width - 16, overviewTop: 10, overviewHeight: 30, axisTop: 46, lanesTop, laneHeight,
        barHeight: laneHeight >= 40 ? 20 : laneHeight >= 28 ? 15 : laneHeight - 3, panelTop, rowHeight, panelHeight,
        height: rows ? panelTop + panelHeight + 12 : panelTop - panelGap + 10,
    };
}

const laneMiddle = (l, lane) => l.lanesTop + (lane + 0.5) * l.laneHeight + (l.laneHeight >= 40 ? 3 : 0);
const placeToX = (l, place) => l.gutter + (place - view.from) / (view.to - view.from) * (l.right - l.gutter);
const xToPlace = (l, x) => view.from + (x - l.gutter) / (l.right - l.gutter) * (view.to - view.from);
const eventX = (l, event) => placeToX(l, places()[event]);
const operationLast = o => o.dequeue >= 0 ? o.dequeue : o.end;

// The part of a list that is in view; the list is in the order of first and of last.
function firstVisible(list, lastOf) {
    let low = 0, high = list.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (places()[lastOf(list[middle])] < view.from)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// Bars too narrow to be seen are added up: each column of pixels shows which part of it they are.
class Columns {
    constructor(l) {
        this.left = Math.floor(l.gutter);
        this.count = Math.ceil(l.right) - this.left + 1;
        this.colours = [...kinds.map(colourOf), looks.run, looks.block];
        this.shares = new Float32Array(this.count * this.colours.length);
        this.any = false;
    }
    add(x, width, slot) {
        const column = Math.floor(x) - this.left;
        if (column < 0 || column >= this.count)
            return;
        this.shares[column * this.colours.length + slot] += width;
        this.any = true;
    }
    // Stacks the shares from the bottom up, and forgets them.
    draw(ctx, y, height) {
        const slots = this.colours.length;
        for (let column = 0; this.any && column < this.count; column++) {
            let sum = 0, bottom = y + height;
            for (let s = 0; s < slots; s++)
                sum += this.shares[column * slots + s];
            if (!sum)
                continue;
            const scale = Math.max(Math.min(sum, 1), Math.min(0.18, 3 / height)) / sum * height;
            for (let s = 0; s < slots; s++) {
                const part = this.shares[column * slots + s] * scale;
                if (!part)
                    continue;
                ctx.fillStyle = this.colours[s];
                ctx.fillRect(this.left + column, bottom - part, 1, part);
                bottom -= part;
            }
        }
        this.shares.fill(0);
        this.any = false;
    }
}

const slotOf = b => b.state === BLOCKS ? kinds.length + 1 : b.kind ? kinds.indexOf(b.kind) : kinds.length;

function drawLane(ctx, l, lane, columns) {
    const y = laneMiddle(l, lane.index) - l.barHeight / 2, h = l.barHeight, thin = Math.max(2, h * 0.2);
    ctx.font = font(11, 550);
    for (let i = firstVisible(lane.bars, b => b.last); i < lane.bars.length; i++) {
        const b = lane.bars[i], x = eventX(l, b.first), width = eventX(l, b.last) - x;
        if (x > l.right)
            break;
        if (b.state === WAITS) {
            if (width > 0.5)
                fillBox(ctx, looks.wait, x, y + (h - thin) / 2, width, thin, 1);
        } else if (width < 1.5) {
            columns.add(x + width / 2, width, slotOf(b));
        } else if (b.state === BLOCKS) {
            drawBlock(ctx, l, b, x, y, width, h);
        } else {
            fillBox(ctx, colourOf(b.kind), x, y, width, h, 3);
            barText(ctx, l, b, x, y, width, h);
        }
    }
    columns.draw(ctx, y, h);
}

function drawBlock(ctx, l, b, x, y, width, h) {
    const inset = h > 10 ? h * 0.2 : 0;
    hatchBox(ctx, b.kind ? colourOf(b.kind) : looks.block, x, y + inset, width, h - inset * 2, 2);
    if (h < 14)
        return;
    const left = Math.max(x, l.gutter), room = Math.min(x + width, l.right) - left, text = b.call;
    const wide = ctx.measureText(text).width;
    if (wide + 16 > room)
        return;
    fillBox(ctx, looks.card, left + (room - wide) / 2 - 5, y, wide + 10, h, 3);
    label(ctx, text, left + room / 2, y + h / 2 + 4, room, looks.soft, 'center');
}

// What a run is for, where there is room; the part in view is what counts.
function barText(ctx, l, b, x, y, width, h) {
    if (h < 14 || !b.kind)
        return;
    const left = Math.max(x, l.gutter) + 5, room = Math.min(x + width, l.right) - left - 5;
    const o = b.operation >= 0 ? journal.operations[b.operation] : null;
    const middle = y + h / 2 + 4, colour = textOn(colourOf(b.kind));
    if (!(o && o.moved && label(ctx, `${b.kind} ${size(o.moved)}`, left, middle, room, colour)))
        label(ctx, b.kind, left, middle, room, colour) || label(ctx, letterOf(b.kind), left - 2, middle, room + 4, colour);
}

// What a thread does at a moment: notches for calls, dots for posts, rings for completions, crosses, diamonds.
function drawMarks(ctx, l, lane) {
    const events = lane.events, middle = laneMiddle(l, lane.index), h = l.barHeight;
    const first = firstVisible(events, e => e);
    let end = first;
    while (end < events.length && places()[events[end]] <= view.to)
        end++;
    const room = (l.right - l.gutter) / Math.max(end - first, 1);
    ctx.font = font(10.5);
    for (let i = first; i < end; i++) {
        const e = journal.events[events[i]], x = eventX(l, e.index);
        if (e.kind === OTHER)
            diamond(ctx, x, middle, Math.min(6, h / 2), looks.bad);
        else if (room > 2.5)
            drawMark(ctx, l, e, x, middle);
        if (room > 14 && l.laneHeight >= 40 && isNamed(e)) {
            const next = i + 1 < events.length ? eventX(l, events[i + 1]) : l.right;
            label(ctx, e.kind === OTHER ? e.kindName : e.name, x - 1, middle + h / 2 + 11, Math.min(next, l.right) - x - 2,
                e.operation >= 0 ? colourOf(journal.operations[e.operation].kind) : looks.soft);
        }
    }
}

// Calls in which a thread stays have their name in the bar.
const staysIn = new Set(journal.lanes.flatMap(lane => lane.bars.map(b => b.call)));
const isNamed = e => e.kind === OTHER || (e.kind === CALL && !staysIn.has(e.name));

// A completion in the call that posted it is nothing to look at.
const isImmediate = o => o.pending < 0 && o.complete >= 0 && o.post >= 0 &&
    journal.events[o.post].lane === journal.events[o.complete].lane;

function drawMark(ctx, l, e, x, middle) {
    const o = e.operation >= 0 ? journal.operations[e.operation] : null, h = l.barHeight;
    const radius = Math.min(3.6, h / 3);
    if (e.kind === FAIL) {
        cross(ctx, x, middle, radius);
    } else if (e.kind === CALL && o) {
        dot(ctx, x, middle + (h > 12 ? postSide(o) * h / 2 : 0), radius, colourOf(o.kind));
    } else if (e.kind === COMPLETE && o && h >= 10 && !isImmediate(o)) {
        dot(ctx, x, middle, radius * 0.85, colourOf(o.kind), true);
    } else if (e.kind === CALL && h >= 10 && !staysIn.has(e.name)) {
        ctx.fillStyle = looks.card;
        ctx.fillRect(x - 0.5, middle + h / 2 - 4.5, 1.5, 4.5);
    }
}

// --- the way of an operation -------------------------------------------------------------------------------------------

const isInView = index => places()[index] >= view.from && places()[index] <= view.to;
const eventLane = index => journal.events[index].lane;

// The events that its arrow goes through: the post, the completion where a third thread saw it, the packet.
function wayOf(o) {
    const last = operationLast(o), way = [o.begin];
    if (o.isOut || o.fail >= 0 || o.begin === last || (o.dequeue < 0 && isImmediate(o)))
        return [];
    if (o.complete >= 0 && o.complete !== last && o.kind !== 'posted' &&
        eventLane(o.complete) !== eventLane(o.begin) && eventLane(o.complete) !== eventLane(last))
        way.push(o.complete);
    return [...way, last];
}

// Whether the arrow of an operation leaves its bar below (1) or above (-1).
function postSide(o) {
    const way = wayOf(o);
    return way.length && eventLane(way[1]) > eventLane(way[0]) ? 1 : -1;
}

// The curves of its way; none where neither end is in view or it is too short to be seen.
function curvesOf(l, o) {
    const way = wayOf(o), half = l.barHeight / 2, curves = [];
    for (let i = 1; i < way.length; i++) {
        const from = eventLane(way[i - 1]), to = eventLane(way[i]), x0 = eventX(l, way[i - 1]), x1 = eventX(l, way[i]);
        if (!isInView(way[i - 1]) && !isInView(way[i]) || (from === to && x1 - x0 < 3))
            continue;
        const down = to > from ? 1 : -1, arc = from === to, ring = half * 0.3;
        const start = arc ? -half : down * (i > 1 ? ring : half), end = arc ? half : down * (i < way.length - 1 ? ring : half);
        curves.push(curve({x: x0, y: laneMiddle(l, from) + start}, {x: x1, y: laneMiddle(l, to) - end}, arc, l.laneHeight * 0.36));
    }
    return curves;
}

const operationsInView = () => journal.operations.filter(o => !hidden.has(o.kind) &&
    places()[o.begin] <= view.to && places()[operationLast(o)] >= view.from);

// @return how many arrows were left out, because so many say nothing
function drawArrows(ctx, l) {
    const seen = operationsInView();
    if (seen.length > arrowsMost)
        return seen.length;
    const density = seen.length / (l.right - l.gutter) * 100;
    ctx.save();
    ctx.globalAlpha = density < 6 ? 0.85 : density < 20 ? 0.5 : 0.22;
    for (const o of seen) {
        const head = density < 30 ? (l.barHeight > 10 ? 7 : 4) : 0;
        curvesOf(l, o).forEach((c, i, all) =>
            arrow(ctx, c, colourOf(o.kind), density < 6 ? 1.6 : 1.1, i === all.length - 1 ? head : 0));
    }
    ctx.restore();
    return 0;
}

function drawPanel(ctx, l, columns) {
    const h = Math.max(l.rowHeight - (l.rowHeight > 3 ? 1.5 : 0), 0.3);
    ctx.font = font(10, 550);
    journal.rows.forEach((row, number) => {
        const y = l.panelTop + l.panelHeight - (number + 1) * l.rowHeight;
        for (let i = firstVisible(row, operationLast); i < row.length; i++) {
            const o = row[i], x = eventX(l, o.begin), done = eventX(l, o.end), last = eventX(l, operationLast(o));
            if (x > l.right)
                break;
            if (last - x < 1.5) {
                columns.add(x, last - x, kinds.indexOf(o.kind));
                continue;
            }
            const colour = colourOf(o.kind);
            if (o.dequeue >= 0 && last > done)
                portBox(ctx, colour, done, y, last - done, h);
            fillBox(ctx, colour, x, y, Math.max(done - x, 1), h, 2);
            if (h >= 12)
                label(ctx, o.kind, Math.max(x, l.gutter) + 4, y + h - 3, Math.min(done, l.right) - Math.max(x, l.gutter) - 6,
                    textOn(colour));
        }
        columns.draw(ctx, y, h);
    });
}

// A packet that lies in the port.
function portBox(ctx, colour, x, y, width, h) {
    if (h >= 8) {
        hatchBox(ctx, colour, x, y, width, h, 1);
        return;
    }
    ctx.globalAlpha = 0.3;
    fillBox(ctx, colour, x, y, width, h, 0);
    ctx.globalAlpha = 1;
}

// Where an operation's line goes when it is looked at: post, completion, packet.
function drawHighlight(ctx, l, thing) {
    const o = thing.operation, half = l.barHeight / 2;
    if (thing.bar) {
        const x = eventX(l, thing.bar.first), part = thing.bar.state === RUNS ? 1 : thing.bar.state === BLOCKS ? 0.7 : 0.35;
        ctx.strokeStyle = looks.ink;
        ctx.lineWidth = 2;
        box(ctx, x - 1, laneMiddle(l, thing.bar.lane) - half * part - 1, eventX(l, thing.bar.last) - x + 2, l.barHeight * part + 2, 4);
        ctx.stroke();
    }
    if (thing.event) {
        ctx.strokeStyle = looks.ink;
        ctx.lineWidth = 2;
        ctx.beginPath();
        ctx.arc(eventX(l, thing.event.index), laneMiddle(l, thing.event.lane), Math.max(half * 0.7, 5), 0, 7);
        ctx.stroke();
    }
    if (!o)
        return;
    const colour = colourOf(o.kind);
    curvesOf(l, o).forEach((c, i, all) => arrow(ctx, c, colour, 3, i === all.length - 1 ? 10 : 0));
    dot(ctx, eventX(l, o.begin), laneMiddle(l, eventLane(o.begin)) + postSide(o) * half, 4.6, colour);
    if (o.complete >= 0 && !isImmediate(o))
        dot(ctx, eventX(l, o.complete), laneMiddle(l, eventLane(o.complete)), 4.6, colour, true);
    const y = l.panelTop + l.panelHeight - (o.row + 1) * l.rowHeight, x = eventX(l, o.begin);
    ctx.strokeStyle = looks.ink;
    ctx.lineWidth = 1.5;
    box(ctx, x - 1, y - 1, Math.max(eventX(l, operationLast(o)) - x, 2) + 2, Math.max(l.rowHeight, 2) + 1, 2);
    ctx.stroke();
}
