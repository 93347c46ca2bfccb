// Whether black is read on a colour better than white.
function isBright(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue > 128;
}

// Draws who led when, and the axis below it.
class Strips {
  constructor(store, span) {
    this.store = store;
    this.span = span; // ms
    this.width = 0; // of each strip and the axis, in pixels
    this.cursor = null; // the term that the keyboard is at, and its canvas
  }

  scale(now) {
    return (ms) => ((ms - (now - this.span)) / this.span) * this.width;
  }

  prepare(canvas, height) {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(this.width * ratio);
    canvas.height = Math.round(height * ratio);
    const ink = canvas.getContext("2d");
    ink.scale(ratio, ratio);
    return ink;
  }

  paint(canvas, terms, now) {
    const { width } = this, x = this.scale(now);
    if (!width) return;
    const ink = this.prepare(canvas, 22);
    ink.fillStyle = GROUND;
    ink.fillRect(0, 0, width, 22);
    for (const term of terms) {
      const begin = Math.max(x(term[BEGIN]), 0), end = Math.min(x(term[END] ?? now), width);
      if (end < 0 || begin > width) continue;
      const seam = term[END] !== null && end - begin >= 3 ? 1.5 : 0, height = term[WHO] === null ? 3 : BARS[term[PATTERN]];
      ink.fillStyle = term[WHO] === null ? this.store.vacant : this.store.colours[term[COLOUR]];
      ink.fillRect(begin, term[WHO] === null ? 15 : 11 - height / 2, Math.max(end - begin - seam, 1), height);
      if (end - begin < 12) continue;
      ink.fillStyle = isBright(ink.fillStyle) ? "#000000" : "#FFFFFF";
      ink.font = "bold 12px monospace";
      if (term[UNKNOWN] & 1 && term[WHO] !== null && x(term[BEGIN]) >= 0) ink.fillText("≥", begin + 2, 15);
      if (term[UNKNOWN] & 2 && term[END] !== null) ink.fillText("?", end - 10, 15);
    }
    for (const [since, until] of this.store.blind) this.hatch(ink, Math.max(x(since), 0), Math.min(x(until), width));
    if (this.cursor?.canvas === canvas) {
      ink.strokeStyle = "#FFFFFF";
      ink.strokeRect(Math.max(x(this.cursor.term[BEGIN]), 0) + 0.5, 0.5, Math.max(x(this.cursor.term[END] ?? now) - Math.max(x(this.cursor.term[BEGIN]), 0) - 1, 2), 21);
    }
  }

  hatch(ink, begin, end) {
    if (end <= begin) return;
    ink.save();
    ink.beginPath();
    ink.rect(begin, 0, end - begin, 22);
    ink.clip();
    ink.fillStyle = GROUND;
    ink.fillRect(begin, 0, end - begin, 22);
    ink.strokeStyle = HATCH;
    ink.beginPath();
    for (let at = begin - 22 - (begin % 6); at < end; at += 6) { ink.moveTo(at, 22); ink.lineTo(at + 22, 0); }
    ink.stroke();
    ink.restore();
  }

  drawAxis(canvas, now) {
    const { width } = this, x = this.scale(now);
    if (!width) return;
    const ink = this.prepare(canvas, 18), steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600];
    const least = (this.span / 1000 / Math.max(width / 90, 1)), step = (steps.find((each) => each >= least) ?? 86400) * 1000;
    const shift = new Date(now).getTimezoneOffset() * 60e3;
    ink.fillStyle = getComputedStyle(canvas).color;
    ink.font = "11px monospace";
    ink.textAlign = "center";
    for (let at = Math.ceil((now - this.span - shift) / step) * step + shift; at <= now; at += step) {
      const text = step < 60e3 ? new Date(at).toLocaleTimeString("en-GB") : new Date(at).toLocaleTimeString("en-GB").slice(0, 5);
      if (x(at) > 25 && x(at) < width - 25) ink.fillText(text, x(at), 13);
    }
  }
}
