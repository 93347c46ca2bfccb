// What is known of one view, shared by all places of the page that show it.
class Store {
  constructor(model) {
    this.model = model;
    this.rows = new Map();
    this.views = new Set();
    this.about = {};
    this.number = 0;
    this.heard = 0;
    this.offset = -Infinity;
    this.live = true;
    this.take(model.get("data"));
    model.on("msg:custom", (message) => this.take(message));
    model.on("change:data", () => this.take(model.get("data")));
    model.on("comm_live_update", () => { this.live = false; this.changed(); });
    this.say({ kind: "hello", n: this.number });
    this.timer = setInterval(() => this.lookAround(), 20e3);
  }

  take(message) {
    if ("told" in message) return this.views.forEach((view) => view.tell(message));
    if (!("n" in message)) return;
    if (message.full) this.restart(message);
    else if (message.n <= this.number) return;
    else if (message.n > this.number + 1) this.say({ kind: "hello", n: this.number });
    this.number = Math.max(message.n, this.number);
    this.heard = Date.now();
    this.live = true;
    this.offset = Math.max(this.offset, message.now - this.heard);
    this.lastWord = message.now;
    if (message.about) this.about = message.about;
    for (const id of message.gone ?? []) this.rows.delete(id);
    for (const row of message.rows ?? []) this.put(row);
    if (!message.full) this.acknowledge();
    this.changed();
  }

  restart(message) {
    this.rows.clear();
    this.offset = -Infinity;
    this.colours = message.colours ?? this.colours;
    this.vacant = message.vacant ?? this.vacant;
    this.acknowledge();
  }

  put(news) {
    const known = news.anew ? undefined : this.rows.get(news.id);
    const { terms, ...facts } = news;
    const row = { ...known, ...facts, terms: known ? known.terms : [] };
    for (const term of terms ?? []) {
      const last = row.terms.at(-1);
      if (last && last[NUMBER] === term[NUMBER]) row.terms[row.terms.length - 1] = term;
      else if (!last || last[NUMBER] < term[NUMBER]) row.terms.push(term);
    }
    if (row.terms.length > 2000) row.terms = row.terms.slice(-2000);
    this.rows.set(row.id, row);
  }

  acknowledge() {
    this.saying ??= setTimeout(() => { this.saying = undefined; this.say({ kind: "have", n: this.number }); }, 1000);
  }

  say(message) {
    try { this.model.send(message); } catch { this.live = false; }
  }

  lookAround() {
    if (!document.hidden && !this.about.stopped && this.isQuiet) this.say({ kind: "hello", n: this.number });
  }

  get isQuiet() { return Date.now() - this.heard > QUIET; }
  get isKnown() { return this.about.known || this.about.closed || this.about.stopped; }
  get isStill() { return this.about.stopped || !this.live; }
  get now() { return this.isStill ? this.lastWord : Date.now() + this.offset; }

  // Stretches of which nothing is known, the one that lasts included.
  get blind() {
    const blind = this.about.blind ?? [];
    return this.isQuiet && !this.isStill ? [...blind, [this.lastWord, Infinity]] : blind;
  }

  // Until when what lasts is known to last.
  get knownUntil() {
    const { now } = this;
    return Math.min(now, ...this.blind.filter(([since, until]) => since <= now && until > now).map(([since]) => since));
  }

  changed() { this.views.forEach((view) => view.refresh()); }
  end() { clearInterval(this.timer); clearTimeout(this.saying); }
}
