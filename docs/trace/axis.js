// The axis above the lanes, the overview above the axis, and the names beside the lanes.

// Ticks: [x, time in words] for what is in view, far enough from each other and from what is taken.
function ticksFor(l, taken) {
    const apart = 92, ticks = [], all = places(), events = journal.events;
    const first = Math.max(eventAt(all, view.from), 0), end = Math.min(eventAt(all, view.to) + 1, events.length);
    let last = -Infinity, decimals = 3;
    const put = (x, time) => {
        if (x < l.gutter + 26 || x > l.right - 26 || x - last < apart ||
            taken.some(([from, to]) => x + 26 > from && x - 26 < to))
            return;
        ticks.push([x, moment(time, decimals)]);
        last = x;
    };
    if (view.axis === 'steps') {
        for (let i = first; i < end; i++)
            put(eventX(l, i), events[i].time);
        return ticks;
    }
    // True to time from fold to fold: round moments, as many as have room.
    const perPixel = (view.to - view.from) / (l.right - l.gutter);
    let step = 1;
    for (let k = 0; step < perPixel * apart; k++)
        step *= k % 3 === 1 ? 2.5 : 2;
    decimals = step >= 1000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3;
    for (let i = Math.max(first, 1); i < Math.min(end + 1, events.length); i++) {
        if (axes[view.axis].isFold[i])
            continue;
        const from = events[i - 1].time, to = events[i].time;
        const begin = Math.max(from, placeToTime(i, view.from));
        for (let t = Math.ceil(begin / step) * step; t < to; t += step) {
            const x = placeToX(l, all[i - 1] + (all[i] - all[i - 1]) * (t - from) / (to - from));
            if (x > l.right)
                break;
            put(x, t);
        }
    }
    return ticks;
}

// The time that stands at a place before event i.
function placeToTime(i, place) {
    const all = places(), span = all[i] - all[i - 1];
    const share = span ? (place - all[i - 1]) / span : 0;
    return timeOf(i - 1) + (timeOf(i) - timeOf(i - 1)) * Math.min(Math.max(share, 0), 1);
}

const timeAt = place => journal.events.length < 2 ? timeOf(0)
    : placeToTime(Math.min(Math.max(eventAt(places(), place), 1), journal.events.length - 1), place);

function drawAxis(ctx, l) {
    const bottom = l.height - 8;
    const taken = [];
    ctx.font = font(11);
    ctx.lineWidth = 1;
    const {isFold} = axes[view.axis], all = places();
    for (let i = Math.max(eventAt(all, view.from), 1); i < isFold.length && all[i - 1] <= view.to; i++) {
        if (!isFold[i])
            continue;
        const x = Math.max(eventX(l, i - 1), l.gutter), width = Math.min(eventX(l, i), l.right) - x;
        ctx.fillStyle = looks.fold;
        ctx.fillRect(x, l.axisTop + 20, width, bottom - l.axisTop - 20);
        ctx.fillStyle = hatch(ctx, looks.faint);
        ctx.fillRect(x, l.axisTop + 19, width, 3);
        const text = duration(timeOf(i) - timeOf(i - 1)), half = ctx.measureText(text).width / 2 + 4, middle = x + width / 2;
        const before = taken.length ? taken[taken.length - 1][1] : l.gutter;
        if (middle - half >= before && label(ctx, text, middle, l.axisTop + 14, width + 14, looks.faint, 'center'))
            taken.push([middle - half, middle + half]);
    }
    for (const [x, text] of ticksFor(l, taken)) {
        ctx.strokeStyle = looks.line;
        ctx.beginPath();
        ctx.moveTo(Math.round(x) + 0.5, l.axisTop + 18);
        ctx.lineTo(Math.round(x) + 0.5, bottom - 8);
        ctx.stroke();
        label(ctx, text, x, l.axisTop + 14, 200, looks.soft, 'center');
    }
}

function drawNames(ctx, l) {
    ctx.fillStyle = looks.card;
    ctx.fillRect(0, l.axisTop, l.gutter - 1, l.height);
    const tall = l.laneHeight >= 28, every = l.laneHeight >= 11 ? 1 : 2;
    for (const lane of journal.lanes) {
        if (lane.index % every)
            continue;
        const y = laneMiddle(l, lane.index);
        ctx.font = font(tall ? 13 : l.laneHeight >= 16 ? 11 : 9, tall ? 620 : 450);
        label(ctx, lane.label, l.gutter - 12, y + (tall ? 0 : 3), l.gutter, looks.ink, 'right');
        ctx.font = font(10.5);
        if (tall)
            label(ctx, `thread ${lane.id}`, l.gutter - 12, y + 12, l.gutter, looks.faint, 'right');
    }
    if (!journal.rows.length)
        return;
    const y = l.panelTop + Math.min(l.panelHeight / 2, 60);
    ctx.font = font(13, 620);
    label(ctx, 'operations', l.gutter - 12, y - 1, l.gutter, looks.ink, 'right');
    ctx.font = font(10.5);
    label(ctx, `up to ${whole(journal.summary.inFlight)} in flight`, l.gutter - 12, y + 12, l.gutter, looks.faint, 'right');
}

// The whole journal in one strip: how much of all threads runs, by operation; the part in view is framed.
function drawOverview(ctx, l) {
    const saved = [view.from, view.to];
    [view.from, view.to] = extent();
    const columns = new Columns(l), lanes = journal.lanes.filter(lane => lane.bars.length).length || 1;
    ctx.fillStyle = looks.stripe;
    ctx.fillRect(l.gutter, l.overviewTop, l.right - l.gutter, l.overviewHeight);
    for (const lane of journal.lanes) {
        for (const b of lane.bars) {
            if (b.state !== RUNS)
                continue;
            const from = eventX(l, b.first), to = eventX(l, b.last), most = 2 / lanes + 0.1;
            for (let x = from; x < to; x = Math.floor(x) + 1)
                columns.add(x, (Math.min(Math.floor(x) + 1, to) - x) * most, slotOf(b));
        }
    }
    columns.draw(ctx, l.overviewTop, l.overviewHeight);
    const [left, right] = saved.map(place => Math.min(Math.max(placeToX(l, place), l.gutter), l.right));
    [view.from, view.to] = saved;
    ctx.fillStyle = looks.card;
    ctx.globalAlpha = 0.72;
    ctx.fillRect(l.gutter, l.overviewTop, left - l.gutter, l.overviewHeight);
    ctx.fillRect(right, l.overviewTop, l.right - right, l.overviewHeight);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = looks.soft;
    ctx.lineWidth = 1;
    ctx.strokeRect(Math.round(left) + 0.5, l.overviewTop - 0.5, Math.max(Math.round(right - left) - 1, 3), l.overviewHeight + 1);
    ctx.font = font(10.5);
    label(ctx, 'whole run', l.gutter - 12, l.overviewTop + l.overviewHeight / 2 + 4, l.gutter, looks.faint, 'right');
}

// From the first event to the last, with a little room.
function extent() {
    const all = places(), first = all[0], last = all[all.length - 1], room = (last - first || 1) * 0.012;
    return [first - room, last + room];
}

function drawChart(ctx, l) {
    const thing = view.pinned || view.hover;
    ctx.fillStyle = looks.card;
    ctx.fillRect(0, 0, l.width, l.height);
    ctx.textBaseline = 'alphabetic';
    for (const lane of journal.lanes) {
        if (lane.index % 2 === 0) {
            ctx.fillStyle = looks.stripe;
            ctx.fillRect(0, l.lanesTop + lane.index * l.laneHeight, l.width, l.laneHeight);
        }
    }
    drawAxis(ctx, l);
    ctx.save();
    ctx.beginPath();
    ctx.rect(l.gutter, 0, l.right - l.gutter + 8, l.height);
    ctx.clip();
    const columns = new Columns(l);
    for (const lane of journal.lanes)
        drawLane(ctx, l, lane, columns);
    ctx.globalAlpha = thing && thing.operation ? 0.25 : 1;
    const leftOut = drawArrows(ctx, l);
    ctx.globalAlpha = 1;
    for (const lane of journal.lanes)
        drawMarks(ctx, l, lane);
    drawPanel(ctx, l, columns);
    if (thing)
        drawHighlight(ctx, l, thing);
    drawCursor(ctx, l);
    ctx.restore();
    drawNames(ctx, l);
    drawOverview(ctx, l);
    if (leftOut) {
        ctx.font = font(11);
        label(ctx, `${counted(leftOut, 'arrow')} in view: zoom in to see them`, l.right, l.panelTop - 8, 400, looks.soft, 'right');
    }
}

function drawCursor(ctx, l) {
    if (view.range) {
        const [from, to] = view.range.map(place => placeToX(l, place));
        ctx.fillStyle = looks.accent;
        ctx.globalAlpha = 0.15;
        ctx.fillRect(from, l.axisTop, to - from, l.height);
        ctx.globalAlpha = 1;
        ctx.font = font(12, 650);
        const text = duration(Math.round(Math.abs(timeAt(view.range[1]) - timeAt(view.range[0]))));
        label(ctx, text, (from + to) / 2, l.lanesTop - 4, 400, looks.accent, 'center');
    } else if (view.cursor !== null) {
        ctx.strokeStyle = looks.faint;
        ctx.globalAlpha = 0.6;
        ctx.lineWidth = 1;
        ctx.beginPath();
        ctx.moveTo(view.cursor + 0.5, l.axisTop + 20);
        ctx.lineTo(view.cursor + 0.5, l.height);
        ctx.stroke();
        ctx.globalAlpha = 1;
    }
}
