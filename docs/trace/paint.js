// Colours, patterns and shapes.

const looks = {};

// Families share a colour: what receives, what sends.
const families = {'receive-from': 'receive', 'receive-message': 'receive', 'send-to': 'send', 'send-message': 'send'};
const known = ['receive', 'send', 'accept', 'file-read', 'file-write', 'connect', 'disconnect', 'transmit', 'posted'];
const kinds = [...new Set([...journal.sums.map(s => s.kind),
    ...journal.lanes.flatMap(lane => lane.bars.map(b => b.kind)).filter(kind => kind)])];
const strangers = kinds.filter(kind => !known.includes(families[kind] || kind));
const hidden = new Set();

function looksRead() {
    const style = getComputedStyle(document.documentElement);
    const colour = name => style.getPropertyValue(`--${name}`).trim();
    for (const name of ['paper', 'card', 'ink', 'soft', 'faint', 'line', 'stripe', 'fold', 'run', 'wait', 'block', 'bad',
        'accent'])
        looks[name] = colour(name);
    looks.kinds = {};
    for (const kind of kinds) {
        const family = families[kind] || kind, stranger = strangers.indexOf(kind);
        looks.kinds[kind] = colour(stranger < 0 ? family : `other-${stranger % 3}`);
    }
    looks.hatches = {};
}

const colourOf = kind => kind && !hidden.has(kind) ? looks.kinds[kind] || looks.run : looks.run;

// White or black, whichever is easier to read on a colour.
function textOn(colour) {
    const [red, green, blue] = [1, 3, 5].map(at => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.25 ? '#14171c' : '#ffffff';
}

const letterOf = kind => kind === 'file-read' ? 'F' : kind === 'file-write' ? 'W' : kind[0].toUpperCase();
const font = (pixels, weight) =>
    `${weight || 400} ${pixels}px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif`;

// Slanting lines in a colour: a thread that is blocked, a packet that lies in the port.
function hatch(ctx, colour) {
    if (!looks.hatches[colour]) {
        const tile = document.createElement('canvas'), tileCtx = tile.getContext('2d'), scale = 2;
        tile.width = tile.height = 6 * scale;
        tileCtx.scale(scale, scale);
        tileCtx.strokeStyle = colour;
        tileCtx.lineWidth = 1.3;
        for (const shift of [-6, 0, 6]) {
            tileCtx.moveTo(shift - 1, 7);
            tileCtx.lineTo(shift + 7, -1);
        }
        tileCtx.stroke();
        looks.hatches[colour] = ctx.createPattern(tile, 'repeat');
        looks.hatches[colour].setTransform(new DOMMatrix().scale(1 / scale));
    }
    return looks.hatches[colour];
}

function box(ctx, x, y, width, height, radius) {
    ctx.beginPath();
    ctx.roundRect(x, y, width, height, Math.min(radius, width / 2, height / 2));
}

function fillBox(ctx, colour, x, y, width, height, radius) {
    ctx.fillStyle = colour;
    box(ctx, x, y, width, height, radius);
    ctx.fill();
}

// Hatched, with a thin border.
function hatchBox(ctx, colour, x, y, width, height, radius) {
    ctx.save();
    ctx.globalAlpha *= 0.75;
    fillBox(ctx, hatch(ctx, colour), x, y, width, height, radius);
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1;
    if (width > 3) {
        box(ctx, x + 0.5, y + 0.5, width - 1, height - 1, radius);
        ctx.stroke();
    }
    ctx.restore();
}

// Text that is drawn whole or not at all. @return whether it was
function label(ctx, text, x, y, room, colour, align) {
    if (room < 8 || ctx.measureText(text).width > room)
        return false;
    ctx.fillStyle = colour;
    ctx.textAlign = align || 'left';
    ctx.fillText(text, x, y);
    return true;
}

function dot(ctx, x, y, radius, colour, hollow) {
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 7);
    ctx.fillStyle = hollow ? looks.card : colour;
    ctx.fill();
    ctx.lineWidth = hollow ? 1.6 : 1.2;
    ctx.strokeStyle = hollow ? colour : looks.card;
    ctx.stroke();
}

function cross(ctx, x, y, radius) {
    ctx.strokeStyle = looks.bad;
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.moveTo(x - radius, y - radius);
    ctx.lineTo(x + radius, y + radius);
    ctx.moveTo(x + radius, y - radius);
    ctx.lineTo(x - radius, y + radius);
    ctx.stroke();
}

function diamond(ctx, x, y, radius, colour) {
    ctx.beginPath();
    ctx.moveTo(x, y - radius);
    ctx.lineTo(x + radius, y);
    ctx.lineTo(x, y + radius);
    ctx.lineTo(x - radius, y);
    ctx.closePath();
    ctx.fillStyle = colour;
    ctx.fill();
    ctx.lineWidth = 1.2;
    ctx.strokeStyle = looks.card;
    ctx.stroke();
}

// The curve of an arrow: [x, y] of its start, two handles and its end. Between lanes it leaves and arrives upright;
// within a lane it is an arc above it.
function curve(from, to, sameLane, lift) {
    if (sameLane) {
        const height = Math.min(lift, 7 + Math.abs(to.x - from.x) * 0.22), lean = (to.x - from.x) * 0.22;
        return [[from.x, from.y], [from.x + lean, from.y - height * 1.33], [to.x - lean, to.y - height * 1.33], [to.x, to.y]];
    }
    const middle = (from.y + to.y) / 2;
    return [[from.x, from.y], [from.x, middle], [to.x, middle], [to.x, to.y]];
}

function curveAt(c, t) {
    const s = 1 - t, weights = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
    return [0, 1].map(axis => weights.reduce((sum, weight, i) => sum + weight * c[i][axis], 0));
}

function arrow(ctx, c, colour, width, head) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.beginPath();
    ctx.moveTo(...c[0]);
    ctx.bezierCurveTo(...c[1], ...c[2], ...c[3]);
    ctx.stroke();
    if (!head)
        return;
    const before = curveAt(c, 0.93), angle = Math.atan2(c[3][1] - before[1], c[3][0] - before[0]);
    ctx.save();
    ctx.translate(...c[3]);
    ctx.rotate(angle);
    ctx.beginPath();
    ctx.moveTo(0.5, 0);
    ctx.lineTo(-head, -head * 0.55);
    ctx.lineTo(-head, head * 0.55);
    ctx.closePath();
    ctx.fillStyle = colour;
    ctx.fill();
    ctx.restore();
}
