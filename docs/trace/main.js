// Puts the page together.

function numberPut(value, text, goes, isBad) {
    const button = element('button', undefined, isBad ? 'bad' : '');
    button.append(element('b', value), element('span', text));
    if (goes) {
        button.dataset.goes = '';
        button.title = 'Show where';
        button.addEventListener('click', goes);
    }
    document.getElementById('numbers').append(button);
}

// Brings a stretch between two events into view, with what is around it.
function bring(first, last, thing) {
    const from = places()[first], to = places()[last];
    const [begin, end] = extent(), room = Math.max((to - from) * 1.5, (end - begin) / journal.events.length * 12);
    show(from - room, to + room);
    look(thing, true);
}

function numbersFill() {
    const s = journal.summary, all = journal.operations.length, events = journal.events;
    numberPut(whole(s.threads), s.threads === 1 ? 'thread' : 'threads');
    numberPut(whole(s.running), 'running at once, at most', () => bring(s.runningAt, s.runningAt, {event: events[s.runningAt]}));
    if (all) {
        numberPut(whole(all), all === 1 ? 'operation posted' : 'operations posted');
        numberPut(whole(s.inFlight), 'in flight at once, at most',
            () => bring(s.inFlightAt, s.inFlightAt, {event: events[s.inFlightAt]}));
    }
    if (s.packetWait >= 0) {
        const o = journal.operations[s.packetWait];
        numberPut(duration(timeOf(o.dequeue) - timeOf(o.complete)), 'longest wait of a packet for a thread',
            () => bring(o.begin, o.dequeue, {operation: o}));
    } else if (s.blockLane >= 0) {
        const b = journal.lanes[s.blockLane].bars[s.blockBar];
        numberPut(duration(timeOf(b.last) - timeOf(b.first)), `longest wait: ${journal.lanes[s.blockLane].label} in ${b.call}`,
            () => bring(b.first, b.last, {bar: b}));
    }
    if (s.failed)
        numberPut(whole(s.failed), 'ended with an error',
            () => { const o = journal.operations.find(one => one.error); bring(o.begin, operationLast(o), {operation: o}); });
    if (s.unfinished)
        numberPut(whole(s.unfinished), 'still in flight at the end', () => {
            const o = journal.operations.find(one => one.isOut);
            bring(o.begin, o.begin, {operation: o});
        }, true);
    if (s.untaken)
        numberPut(whole(s.untaken), s.untaken === 1 ? 'packet that nobody took' : 'packets that nobody took', () => {
            const o = journal.operations.find(one => one.port && one.complete >= 0 && one.dequeue < 0);
            bring(o.begin, o.end, {operation: o});
        }, true);
    numberPut(duration(timeOf(events.length - 1) - timeOf(0)), `for ${counted(events.length, 'event')}`);
}

// --- the legend --------------------------------------------------------------------------------------------------------

function swatch(width, paint) {
    const made = document.createElement('canvas'), ctx = made.getContext('2d');
    made.width = width * 2;
    made.height = 32;
    made.style.width = `${width}px`;
    made.style.height = '16px';
    ctx.scale(2, 2);
    paint(ctx);
    return made;
}

const states = [
    ['runs', ctx => fillBox(ctx, looks.run, 0, 2, 26, 12, 3)],
    ['blocks in a call', ctx => hatchBox(ctx, looks.block, 0, 3, 26, 10, 2)],
    ['waits for a packet', ctx => fillBox(ctx, looks.wait, 0, 6, 26, 4, 1)],
    [journal.operations.some(o => o.dequeue >= 0) ? 'post to packet' : 'post to end', ctx => {
        dot(ctx, 5, 11, 3.4, looks.soft);
        arrow(ctx, [[5, 8], [8, -1], [18, -1], [21, 12]], looks.soft, 1.6, 7);
    }],
    ['operation ends', ctx => dot(ctx, 13, 8, 3.4, looks.soft, true)],
    ['fails at once', ctx => cross(ctx, 13, 8, 4)],
    ['packet lies in the port', ctx => {
        fillBox(ctx, looks.soft, 0, 3, 12, 10, 2);
        hatchBox(ctx, looks.soft, 12, 3, 14, 10, 1);
    }],
];
const stateOccurs = {
    'waits for a packet': () => journal.lanes.some(lane => lane.bars.some(b => b.state === WAITS)),
    'post to packet': () => journal.operations.length,
    'post to end': () => journal.operations.some(o => wayOf(o).length),
    'operation ends': () => journal.operations.length,
    'fails at once': () => journal.events.some(e => e.kind === FAIL),
    'packet lies in the port': () => journal.operations.some(o => o.dequeue >= 0),
};

function legendFill() {
    const legend = document.getElementById('legend');
    legend.replaceChildren();
    for (const s of journal.sums) {
        const button = element('button');
        button.setAttribute('aria-pressed', !hidden.has(s.kind));
        button.title = 'Show or hide';
        button.append(swatch(16, ctx => {
            fillBox(ctx, looks.kinds[s.kind], 0, 0, 16, 16, 4);
            ctx.font = font(10.5, 700);
            label(ctx, letterOf(s.kind), 8, 12, 16, textOn(looks.kinds[s.kind]), 'center');
        }), s.kind, element('i', `${whole(s.count)}${s.moved ? `, ${size(s.moved)}` : ''}`));
        button.addEventListener('click', () => {
            if (!hidden.delete(s.kind))
                hidden.add(s.kind);
            legendFill();
            redraw();
        });
        legend.append(button);
    }
    if (journal.sums.length)
        legend.append(element('span', '', 'between'));
    for (const [text, paint] of states) {
        if (stateOccurs[text] && !stateOccurs[text]())
            continue;
        const key = element('span', undefined, 'key');
        key.append(swatch(27, paint), text);
        legend.append(key);
    }
}

// --- light and dark, help, pictures, the address -----------------------------------------------------------------------

function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    looksRead();
    legendFill();
    redraw();
}
const switchTheme = () => {
    setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
    rememberSoon();
};

function switchHelp(off) {
    const panel = document.getElementById('keys');
    panel.hidden = off || !panel.hidden;
    document.getElementById('help').setAttribute('aria-expanded', !panel.hidden);
    if (panel.childElementCount)
        return;
    const table = element('table');
    const rows = [...keys.filter(key => key[1]).map(key => [key[1], key[2]]), ['wheel', 'zoom at the pointer; with Shift, move'],
        ['drag', 'move; on the axis or with Shift, zoom to the range'], ['click', 'keep the details of what is there']];
    for (const [key, what] of rows) {
        const row = table.insertRow();
        row.insertCell().append(element('kbd', key));
        row.insertCell().append(what);
    }
    panel.append(table);
}

// What is on the page as a picture, with its title and legend, for a slide.
function savePicture() {
    const width = 1600, scale = 2, margin = 40, chart = layoutFor(width - margin * 2);
    const made = document.createElement('canvas'), top = 124;
    made.width = width * scale;
    made.height = (top + chart.height + margin) * scale;
    const ctx = made.getContext('2d');
    ctx.scale(scale, scale);
    ctx.fillStyle = looks.card;
    ctx.fillRect(0, 0, width, top + chart.height + margin);
    ctx.font = font(30, 680);
    label(ctx, journal.title, margin, 58, width - margin * 2, looks.ink);
    ctx.font = font(15);
    label(ctx, [...document.querySelectorAll('#numbers button')].map(b =>
        `${b.querySelector('b').textContent} ${b.querySelector('span').textContent}`).join('   ·   '), margin, 84, width - margin * 2, looks.soft);
    let x = margin;
    for (const s of journal.sums) {
        fillBox(ctx, looks.kinds[s.kind], x, 98, 14, 14, 4);
        label(ctx, s.kind, x + 20, 110, 300, looks.ink);
        x += 20 + ctx.measureText(s.kind).width + 24;
    }
    ctx.translate(margin, top);
    drawChart(ctx, chart);
    made.toBlob(blob => {
        const link = element('a');
        link.href = URL.createObjectURL(blob);
        link.download = `${journal.title.replace(/[^\w.-]+/g, '-')}.png`;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
}

// The address says what is shown, so that a view can be kept: #axis=steps&from=12&to=80&theme=dark&event=40
let remembering = 0;
function rememberSoon() {
    clearTimeout(remembering);
    remembering = setTimeout(() => {
        const [first, last] = extent(), parts = {axis: view.axis, theme: document.documentElement.dataset.theme};
        if (view.from > first || view.to < last)
            Object.assign(parts, {from: eventAt(places(), view.from), to: eventAt(places(), view.to) - 1});
        try {
            history.replaceState(null, '', `#${new URLSearchParams(parts)}`);
        } catch (error) { /* a browser that keeps the address of a file as it is */ }
    }, 300);
}

function begin() {
    const wish = new URLSearchParams(location.hash.slice(1)), last = journal.events.length - 1;
    const number = name => Math.min(Math.max(Math.trunc(Number(wish.get(name))) || 0, 0), last);
    document.getElementById('note').textContent = journal.note;
    document.getElementById('footnote').textContent = journal.skipped
        ? `${counted(journal.skipped, 'line')} of the journal could not be read and ${journal.skipped === 1 ? 'is' : 'are'} left out.` : '';
    setTheme(wish.get('theme') || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'));
    numbersFill();
    setAxis(axes[wish.get('axis')] ? wish.get('axis') : journal.events.length <= 400 ? 'steps' : 'folded');
    showAll();
    if (wish.has('to'))
        show(places()[number('from')], places()[number('to')]);
    if (wish.has('event'))
        goTo(number('event'));
    for (const button of document.querySelectorAll('[data-axis]'))
        button.addEventListener('click', () => setAxis(button.dataset.axis));
    const buttons = {'zoom-in': () => zoom(0.6), 'zoom-out': () => zoom(1 / 0.6), 'zoom-fit': showAll, picture: savePicture,
        theme: switchTheme, help: () => switchHelp()};
    for (const [id, act] of Object.entries(buttons))
        document.getElementById(id).addEventListener('click', act);
    new ResizeObserver(redraw).observe(canvas.parentElement);
    drawNow();
    document.documentElement.dataset.ready = journal.events.length;
}

begin();
