// What the page says: numbers in words, and the text of the tip.

const whole = value => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

function duration(microseconds) {
    const [value, unit] = microseconds < 1000 ? [microseconds, 'µs']
        : microseconds < 1e6 ? [microseconds / 1000, 'ms'] : [microseconds / 1e6, 's'];
    return unit === 'µs' ? `${value} µs` : `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${unit}`;
}

const moment = (microseconds, decimals = 3) => `${(microseconds / 1000).toFixed(decimals)} ms`;
const counted = (count, one, many) => `${whole(count)} ${count === 1 ? one : many || one + 's'}`;

function size(bytes) {
    return bytes < 10000 ? counted(bytes, 'byte') : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB`
        : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

const errorText = error => journal.errors[error] ? `${journal.errors[error]} (${error})` : `error ${error}`;
const siteText = e => e.site ? `${e.site[0]}${e.site[1] ? ', ' + e.site[1] : ''}` : e.from;
const timeOf = index => journal.events[index].time;
const laneOf = index => journal.lanes[journal.events[index].lane];

function element(tag, text, className) {
    const made = document.createElement(tag);
    if (text !== undefined)
        made.textContent = text;
    if (className)
        made.className = className;
    return made;
}

function tipHead(text, colour) {
    const head = element('h2');
    if (colour) {
        const spot = element('i');
        spot.style.background = colour;
        head.append(spot);
    }
    head.append(text);
    return head;
}

function tipTable(rows) {
    const table = element('table');
    for (const cells of rows) {
        const row = table.insertRow();
        for (const cell of cells)
            row.append(element('td', cell.text !== undefined ? cell.text : cell, cell.className));
    }
    return table;
}

// The story of an operation: each of its steps, how long after the one before, where, and by whom.
function operationTip(o) {
    const parts = [tipHead(`${o.kind}${o.handle ? ` on ${o.handle}` : ''}`, colourOf(o.kind))];
    const rows = [];
    let before = -1;
    const step = (index, what, where) => {
        if (index < 0)
            return;
        const passed = before < 0 ? moment(timeOf(index)) : `+ ${duration(timeOf(index) - timeOf(before))}`;
        rows.push([what, {text: passed, className: 'number'}, where || laneOf(index).label]);
        before = index;
    };
    const caller = o.post >= 0 && siteText(journal.events[o.post]);
    step(o.post, o.call || 'posted', `${o.post >= 0 ? laneOf(o.post).label : ''}${caller ? `: ${caller}` : ''}`);
    step(o.pending, 'pending');
    step(o.fail, 'failed at once');
    if (o.kind !== 'posted')
        step(o.complete, 'complete');
    step(o.dequeue, 'taken from the port');
    const sum = o.isOut ? `${size(o.asked)} asked; still out when the journal ends`
        : o.fail >= 0 ? 'no packet comes'
            : `${size(o.moved)}${o.asked && o.kind !== 'posted' && o.asked !== o.moved ? ` of ${whole(o.asked)}` : ''}`;
    parts.push(element('p', sum));
    if (o.error)
        parts.push(element('p', errorText(o.error), 'bad'));
    parts.push(tipTable(rows));
    if (!o.isOut && o.fail < 0 && o.dequeue < 0)
        parts.push(element('p', o.port ? 'Nobody took its packet.' : 'It gives no packet.'));
    if (o.overlapped)
        parts.push(element('code', `OVERLAPPED ${o.overlapped}`));
    return parts;
}

function barTip(b) {
    const lane = journal.lanes[b.lane], first = journal.events[b.first], took = timeOf(b.last) - first.time;
    const what = b.state === RUNS ? 'runs' : b.state === WAITS ? 'waits for a packet' : `blocks in ${b.call}`;
    const parts = [tipHead(`${lane.label} ${what}`, b.state === RUNS ? colourOf(b.kind) : '')];
    parts.push(element('p', `${duration(took)}, from ${moment(first.time)} to ${moment(timeOf(b.last))}`));
    if (b.operation >= 0) {
        const o = journal.operations[b.operation];
        parts.push(element('p', `It took the packet of ${o.kind}${o.handle ? ` on ${o.handle}` : ''}${o.moved ? `, ${size(o.moved)}` : ''}.`));
        if (o.error)
            parts.push(element('p', errorText(o.error), 'bad'));
    } else if (b.state === RUNS && b.kind) {
        parts.push(element('p', `It comes back from ${b.kind}.`));
    }
    if (b.state === RUNS)
        parts.push(tipTable(callsIn(b)));
    else if (siteText(first))
        parts.push(element('p', siteText(first)));
    return parts;
}

// What a thread calls while a bar lasts.
function callsIn(b) {
    const most = 12, rows = [];
    for (const index of journal.lanes[b.lane].events) {
        const e = journal.events[index];
        if (index < b.first || index >= b.last || e.kind !== CALL)
            continue;
        if (rows.length === most) {
            rows.push(['…']);
            break;
        }
        rows.push([e.name, {text: e.overlapped ? size(e.bytes) : '', className: 'number'}, siteText(e)]);
    }
    return rows;
}

// An event by itself; also one of a kind that this page does not know.
function eventTip(e) {
    const call = e.kind === CALL, lane = journal.lanes[e.lane];
    const parts = [tipHead(call ? e.name : `${e.kindName} ${e.name === e.kindName ? '' : e.name}`)];
    parts.push(element('p', `${lane.label}, thread ${lane.id}, at ${moment(e.time)}`));
    const rows = [];
    const second = e.name === 'CreateIoCompletionPort' ? 'existing port' : 'overlapped';
    for (const [name, value] of [['handle', e.handle], [second, e.overlapped],
        ['bytes', e.bytes ? whole(e.bytes) : ''], ['error', e.error ? errorText(e.error) : ''], ['from', siteText(e)]])
        if (value)
            rows.push([name, value]);
    parts.push(tipTable(rows));
    if (e.extra)
        parts.push(element('code', e.extra));
    parts.push(element('p', `line ${whole(e.line)} of the journal`));
    return parts;
}

function tipOf(thing) {
    if (thing.operation)
        return operationTip(thing.operation);
    return thing.bar ? barTip(thing.bar) : eventTip(thing.event);
}
