// The pointer, the wheel and the keys.

const canvas = document.getElementById('canvas'), tip = document.getElementById('tip');
let layout = layoutFor(1000), asked = false;

function redraw() {
    if (asked)
        return;
    asked = true;
    requestAnimationFrame(() => {
        asked = false;
        drawNow();
    });
}

// Fits the canvas to its column, in the pixels of the screen, and draws.
function drawNow() {
    const width = canvas.parentElement.clientWidth, scale = window.devicePixelRatio || 1;
    layout = layoutFor(width);
    canvas.style.height = `${layout.height}px`;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(layout.height * scale);
    const ctx = canvas.getContext('2d');
    ctx.scale(scale, scale);
    drawChart(ctx, layout);
    placeTip();
}

// Shows a part of the axis; no further in than a hundredth of an event's room, no further out than all.
function show(from, to) {
    const [first, last] = extent(), least = (last - first) / Math.max(journal.events.length, 10) / 200;
    let width = Math.min(Math.max(to - from, least), last - first);
    const middle = (from + to) / 2;
    view.from = Math.min(Math.max(middle - width / 2, first), last - width);
    view.to = view.from + width;
    redraw();
    rememberSoon();
}

function zoom(factor, x) {
    const place = x === undefined ? (view.from + view.to) / 2 : xToPlace(layout, x);
    show(place + (view.from - place) * factor, place + (view.to - place) * factor);
}

const pan = share => show(view.from + (view.to - view.from) * share, view.to + (view.to - view.from) * share);
const showAll = () => show(...extent());

function setAxis(axis) {
    const before = places(), all = extent(), whole = view.from <= all[0] && view.to >= all[1];
    const [from, to] = [view.from, view.to].map(place => placeMoved(place, before, axes[axis].places));
    view.axis = axis;
    for (const button of document.querySelectorAll('[data-axis]'))
        button.setAttribute('aria-pressed', button.dataset.axis === axis);
    if (whole)
        showAll();
    else
        show(from, to);
}

// --- the tip ---------------------------------------------------------------------------------------------------------

const same = (a, b) => a === b || (a && b && a.event === b.event && a.operation === b.operation && a.bar === b.bar);

function look(thing, pin) {
    const before = view.pinned || view.hover;
    if (pin)
        view.pinned = thing;
    else
        view.hover = thing;
    const now = view.pinned || view.hover;
    if (!same(before, now)) {
        tip.replaceChildren(...(now ? tipOf(now) : []));
        tip.hidden = !now;
    }
    tip.className = view.pinned ? 'pinned' : '';
    redraw();
}

// Beside what it is about, inside the chart.
let pointer = {x: 0, y: 0};
function placeTip() {
    const thing = view.pinned || view.hover;
    if (!thing)
        return;
    let {x, y} = pointer;
    if (view.pinned) {
        const index = thing.event ? thing.event.index : thing.bar ? thing.bar.first : thing.operation.begin;
        const way = thing.operation ? [index, ...wayOf(thing.operation)] : [index];
        x = Math.min(Math.max(eventX(layout, index), layout.gutter), layout.right);
        y = laneMiddle(layout, Math.max(...way.map(eventLane))) + layout.barHeight / 2;
    }
    const room = layout.width - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(x + 14, room))}px`;
    const below = y + 18, above = y - tip.offsetHeight - 22;
    const top = canvas.getBoundingClientRect().top;
    tip.style.top = `${top + below + tip.offsetHeight > window.innerHeight && top + above > 0 ? above : below}px`;
}

// --- the pointer -----------------------------------------------------------------------------------------------------

let drag = null;

const pointOf = e => ({x: e.offsetX, y: e.offsetY});

canvas.addEventListener('pointerdown', e => {
    const {x, y} = pointOf(e);
    if (e.button !== 0 || x < layout.gutter)
        return;
    canvas.setPointerCapture(e.pointerId);
    const kind = y < layout.axisTop ? 'overview' : e.shiftKey || y < layout.lanesTop ? 'range' : 'pan';
    drag = {kind, x, from: view.from, to: view.to, moved: false};
    if (kind === 'overview')
        overviewTo(x);
});

// Brings the place in the overview into the middle.
function overviewTo(x) {
    const [first, last] = extent(), half = (view.to - view.from) / 2;
    const place = first + (x - layout.gutter) / (layout.right - layout.gutter) * (last - first);
    show(place - half, place + half);
}

canvas.addEventListener('pointermove', e => {
    const {x, y} = pointOf(e);
    pointer = {x, y};
    view.cursor = x >= layout.gutter && x <= layout.right ? Math.round(x) : null;
    if (!drag) {
        canvas.classList.toggle('ranging', y < layout.lanesTop && y >= layout.axisTop);
        look(findAt(layout, x, y));
        return;
    }
    drag.moved = drag.moved || Math.abs(x - drag.x) > 3;
    const moved = (x - drag.x) / (layout.right - layout.gutter) * (drag.to - drag.from);
    if (drag.kind === 'overview') {
        overviewTo(x);
    } else if (drag.kind === 'range') {
        view.range = [drag.x, x].map(at => xToPlace(layout, Math.min(Math.max(at, layout.gutter), layout.right)));
        redraw();
    } else if (drag.moved) {
        canvas.classList.add('dragging');
        show(drag.from - moved, drag.to - moved);
    }
});

canvas.addEventListener('pointerup', e => {
    const {x, y} = pointOf(e), done = drag;
    drag = null;
    canvas.classList.remove('dragging');
    if (view.range) {
        const [from, to] = view.range[0] < view.range[1] ? view.range : [view.range[1], view.range[0]];
        view.range = null;
        if (done && done.moved)
            show(from, to);
        redraw();
    } else if (done && !done.moved && done.kind !== 'overview') {
        look(findAt(layout, x, y), true);
    }
});

canvas.addEventListener('pointerleave', () => {
    view.cursor = null;
    look(null);
});

canvas.addEventListener('dblclick', e => zoom(0.4, e.offsetX));

canvas.addEventListener('wheel', e => {
    if (e.offsetX < layout.gutter)
        return; /* over the names the wheel scrolls the page */
    e.preventDefault();
    const unit = e.deltaMode === 1 ? 30 : 1;
    if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY))
        pan((e.shiftKey && !e.deltaX ? e.deltaY : e.deltaX) * unit / 1200);
    else
        zoom(Math.exp(Math.max(-240, Math.min(e.deltaY * unit, 240)) / 420), e.offsetX);
}, {passive: false});

// --- the keys --------------------------------------------------------------------------------------------------------

// Goes to another event, and says it.
function step(by) {
    const thing = view.pinned;
    const now = !thing ? (by > 0 ? eventAt(places(), view.from) - 1 : eventAt(places(), view.to))
        : thing.event ? thing.event.index : thing.bar ? thing.bar.first : thing.operation.begin;
    goTo(Math.min(Math.max(now + by, 0), journal.events.length - 1));
}

function goTo(index) {
    const place = places()[index], width = view.to - view.from;
    if (place < view.from + width * 0.05 || place > view.to - width * 0.05)
        show(place - width / 2, place + width / 2);
    look({event: journal.events[index]}, true);
    document.getElementById('spoken').textContent = tip.textContent;
}

const keys = [
    ['ArrowLeft', '← →', 'move', () => pan(-0.15)],
    ['ArrowRight', '', '', () => pan(0.15)],
    ['ArrowUp', '↑ ↓', 'zoom in and out', () => zoom(0.7)],
    ['ArrowDown', '', '', () => zoom(1 / 0.7)],
    ['+', '+ −', 'the same', () => zoom(0.7)],
    ['=', '', '', () => zoom(0.7)],
    ['-', '', '', () => zoom(1 / 0.7)],
    ['0', '0', 'show all', showAll],
    ['Home', '', '', showAll],
    ['n', 'N P', 'next and previous event', () => step(1)],
    ['p', '', '', () => step(-1)],
    ['1', '1 2 3', 'even steps, gaps folded, true time', () => setAxis('steps')],
    ['2', '', '', () => setAxis('folded')],
    ['3', '', '', () => setAxis('time')],
    ['s', 'S', 'save a picture', () => savePicture()],
    ['t', 'T', 'light or dark', () => switchTheme()],
    ['?', '?', 'these keys', () => switchHelp()],
    ['Escape', 'Esc', 'let go of what is chosen', () => { look(null, true); switchHelp(true); }],
];

document.addEventListener('keydown', e => {
    const found = keys.find(key => key[0] === e.key || key[0] === e.key.toLowerCase());
    if (!found || e.ctrlKey || e.metaKey || e.altKey)
        return;
    e.preventDefault();
    found[3]();
});
