// The live form of a view. The kernel sends what has changed; the clock ticks here.
// Whatever etcd holds is put into the page as text alone, by textContent; nothing is ever parsed as HTML.

const SPANS = [["30 s", 30], ["1 min", 60], ["5 min", 300], ["15 min", 900], ["1 h", 3600], ["6 h", 21600], ["24 h", 86400]];
const SORTS = ["name", "leader", "state", "held", "queue", "changes", "revision"];
const GROUND = "#1E1E1E", HATCH = "#8A8A8A", BARS = [15, 10, 5];
const QUIET = 75e3; // ms without a word from the kernel, which says something every 30 s
const FLAPS = 3, FLAP_WINDOW = 120e3;
const [NUMBER, BEGIN, END, WHO, COLOUR, PATTERN, TOKEN, UNKNOWN] = [0, 1, 2, 3, 4, 5, 6, 7];

function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

// Writing what is there already would have the page laid out anew.
function put(element, text) { if (element.textContent !== text) element.textContent = text; }

function label(element, attribute, text) { if (element.getAttribute(attribute) !== text) element.setAttribute(attribute, text); }

function length(ms) {
  const seconds = Math.max(Math.floor(ms / 1000), 0), two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600), minutes = two(Math.floor(seconds / 60) % 60);
  return hours < 100 ? `${two(hours)}:${minutes}:${two(seconds % 60)}` : `${Math.floor(hours / 24)}d${two(hours % 24)}h${minutes}m`;
}

function clock(ms) {
  const date = new Date(ms), time = date.toLocaleTimeString("en-GB");
  return date.toDateString() === new Date().toDateString() ? time : `${date.toLocaleDateString("en-GB")} ${time}`;
}

function reading(term, now) {
  const from = `${term[UNKNOWN] & 1 ? "≥ " : ""}${clock(term[BEGIN])}`;
  const to = term[END] === null ? "now" : clock(term[END]) + (term[UNKNOWN] & 2 ? "?" : "");
  const held = `${term[UNKNOWN] & 1 ? "≥ " : ""}${length((term[END] ?? now) - term[BEGIN])}`;
  return [term[WHO] ?? "vacant", `from ${from} to ${to}`, held, term[WHO] === null ? "" : `token ${term[TOKEN]}`].filter(Boolean).join(" · ");
}

function state(row, now) {
  if (row.leader === null) return "vacant";
  if (row.blocked) return "blocked";
  const began = row.terms.filter((term) => term[WHO] !== null && !(term[UNKNOWN] & 1) && term[BEGIN] > now - FLAP_WINDOW);
  return began.length >= FLAPS ? "flapping" : "leading";
}

const SEVERITY = ["blocked", "vacant", "flapping", "leading"];

function sortKey(column, row, now, span) {
  if (column === "leader") return row.leader ?? "–";
  if (column === "state") return SEVERITY.indexOf(state(row, now));
  if (column === "held") return row.terms.length ? -row.terms.at(-1)[BEGIN] : 0;
  if (column === "queue") return row.queue;
  if (column === "revision") return row.rev;
  if (column === "changes") return row.terms.filter((term) => term[WHO] !== null && term[BEGIN] > now - span).length;
  return row.name;
}

// As in the dashboard: text is a part of name or leader, /text/ a regular expression, ! turns either around.
function matcher(pattern) {
  const inverse = pattern.startsWith("!"), wanted = pattern.replace(/^!/, "");
  if (!wanted) return () => true;
  let fits = (text) => text.toLowerCase().includes(wanted.toLowerCase());
  if (wanted.length > 2 && wanted.startsWith("/") && wanted.endsWith("/")) {
    const expression = new RegExp(wanted.slice(1, -1), "i");
    fits = (text) => expression.test(text);
  }
  return (row) => inverse !== (fits(row.name) || fits(row.leader ?? "–"));
}
