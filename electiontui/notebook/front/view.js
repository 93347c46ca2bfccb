// One place of the page that shows a view.
class View {
  constructor(store, root) {
    this.store = store;
    this.root = root;
    this.lines = new Map();
    this.order = []; // of the rows that are shown
    this.strips = new Strips(store, store.about.span * 1000);
    this.sort = store.about.sort;
    this.reverse = store.about.reverse;
    this.build();
    store.views.add(this);
    this.observer = new ResizeObserver(() => this.refresh());
    this.observer.observe(root);
    this.timer = setInterval(() => this.draw(), 1000);
    this.refresh();
  }

  get isTimeline() { return this.store.about.kind === "timeline"; }

  build() {
    this.root.classList.add("electiontui");
    this.root.setAttribute("data-lm-suppress-shortcuts", "true"); // the notebook's keys are not for what is typed here
    const head = make("div", "et-head");
    this.title = make("span", "et-title");
    this.title.setAttribute("role", "status");
    head.append(this.title);
    const controls = make("span", "et-controls");
    if (!this.isTimeline) {
      this.filter = make("input", "et-filter");
      this.filter.placeholder = "filter: text, /regex/, !not";
      this.filter.setAttribute("aria-label", "Filter by name or leader");
      this.filter.addEventListener("input", () => this.refresh());
      controls.append(this.filter, this.picker("Sort by", SORTS.map((each) => [`by ${each}`, each]), this.sort, (value) => {
        this.sort = value;
        this.reverse = ["changes", "queue", "revision"].includes(value);
      }));
    }
    const spans = SPANS.some(([, seconds]) => seconds * 1000 === this.strips.span) ? SPANS : [[`${this.strips.span / 1000} s`, this.strips.span / 1000], ...SPANS];
    controls.append(this.picker("Span", spans, this.strips.span / 1000, (value) => {
      this.strips.span = value * 1000;
      this.store.say({ kind: "span", seconds: Number(value) });
    }));
    head.append(controls);
    const names = make("div", "et-row et-names et-quiet");
    for (const each of this.isTimeline ? ["candidate", "held", ""] : ["election", "leader", "queue", "held", ""]) names.append(make("span", ["queue", "held"].includes(each) ? "et-number" : "", each));
    this.namesHolder = make("div", this.isTimeline ? "et-lanes" : "");
    this.namesHolder.setAttribute("aria-hidden", "true"); // what a row is called says it all
    this.namesHolder.append(names);
    this.list = make("div", this.isTimeline ? "et-rows et-lanes" : "et-rows");
    this.list.setAttribute("role", "list");
    this.list.addEventListener("keydown", (event) => this.pressed(event));
    this.list.addEventListener("scroll", () => this.refresh());
    this.axis = make("canvas", "et-axis");
    this.axis.setAttribute("aria-hidden", "true");
    const axisRow = make("div", "et-row");
    for (let cell = this.isTimeline ? 2 : 4; cell; cell--) axisRow.append(make("span"));
    axisRow.append(this.axis);
    this.axisHolder = make("div", this.isTimeline ? "et-lanes" : "");
    this.axisHolder.append(axisRow);
    this.reading = make("div", "et-reading et-quiet");
    this.reading.setAttribute("aria-live", "polite");
    const deeds = make("div", "et-deeds");
    this.deeds = new Deeds(this.store, deeds);
    this.tip = make("div", "et-tip");
    this.tip.hidden = true;
    this.root.append(head, this.namesHolder, this.list, this.axisHolder, this.reading, deeds, this.deeds.told, this.tip);
    if (this.isTimeline) this.deeds.offer(null);
  }

  picker(label, options, chosen, pick) {
    const select = make("select");
    select.setAttribute("aria-label", label);
    for (const [text, value] of options) {
      const option = make("option", "", text);
      option.value = value;
      option.selected = String(value) === String(chosen);
      select.append(option);
    }
    select.addEventListener("change", () => { pick(select.value); this.refresh(); });
    return select;
  }

  // Rows in their order, those that are filtered out left out.
  shown() {
    const { rows, about, now } = this.store;
    if (this.isTimeline) return (about.order ?? []).map((id) => rows.get(id)).filter(Boolean);
    let fits = () => true;
    try { fits = matcher(this.filter.value); this.filter.removeAttribute("aria-invalid"); }
    catch { this.filter.setAttribute("aria-invalid", "true"); }
    const keyed = [...rows.values()].filter(fits).map((row) => [sortKey(this.sort, row, now, this.strips.span), row]);
    const order = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
    keyed.sort(([a, one], [b, other]) => (this.reverse ? order(b, a) : order(a, b)) || order(one.name, other.name));
    return keyed.map(([, row]) => row);
  }

  refresh() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = undefined;
      const shown = this.shown(), wanted = new Set(shown.map((row) => row.id));
      for (const [id, line] of this.lines) if (!wanted.has(id)) { line.element.remove(); this.lines.delete(id); }
      shown.forEach((row, place) => {
        const line = this.lines.get(row.id) ?? this.addLine(row.id);
        if (this.list.children[place] !== line.element) this.list.insertBefore(line.element, this.list.children[place] ?? null);
      });
      this.order = shown.map((row) => row.id);
      if (!this.list.querySelector('[tabindex="0"]')) this.list.firstElementChild?.setAttribute("tabindex", "0");
      if (!this.deeds.asking) this.deeds.offer(this.deeds.id);
      this.draw();
    });
  }

  addLine(id) {
    const element = make("div", "et-row");
    element.setAttribute("role", "listitem");
    element.tabIndex = -1;
    const line = { id, element, name: make("span"), leader: make("span"), queue: make("span", "et-number"), held: make("span", "et-number"), strip: make("canvas") };
    line.strip.setAttribute("role", "img");
    element.append(line.name, ...(this.isTimeline ? [] : [line.leader, line.queue]), line.held, line.strip);
    element.addEventListener("focus", () => this.select(line));
    element.addEventListener("click", (event) => { element.focus(); if (!this.isTimeline && event.target !== line.strip) this.deeds.offer(id); });
    line.strip.addEventListener("mousemove", (event) => this.point(line, event));
    line.strip.addEventListener("mouseleave", () => { this.tip.hidden = true; });
    this.lines.set(id, line);
    return line;
  }

  draw() {
    const { store } = this, { about, now } = store;
    if (document.hidden) return;
    const seen = this.measure();
    const word = about.stopped ? ` · as of ${clock(store.lastWord)}` : !store.live ? " · THE KERNEL IS GONE" : store.isQuiet ? ` · NO WORD FROM THE KERNEL SINCE ${clock(store.lastWord)}` : "";
    put(this.title, about.title + word);
    this.order.forEach((id, place) => {
      const row = store.rows.get(id), line = this.lines.get(id);
      if (row) this.drawLine(line, row, now);
      if (row && seen.first <= place && place <= seen.last) this.strips.paint(line.strip, row.terms, now);
    });
    this.strips.drawAxis(this.axis, now);
  }

  // All that is measured comes before all that is written: else the page is laid out anew for each row.
  measure() {
    const { list } = this, first = list.firstElementChild, height = first?.offsetHeight || 1;
    const seen = { first: Math.floor(list.scrollTop / height), last: Math.ceil((list.scrollTop + list.clientHeight) / height) };
    const bar = list.offsetWidth - list.clientWidth;
    this.strips.width = (first?.lastElementChild ?? this.axis).clientWidth;
    for (const each of [this.namesHolder, this.axisHolder]) each.style.paddingRight = `${bar}px`;
    return seen;
  }

  drawLine(line, row, now) {
    const last = row.terms.at(-1), known = this.store.isKnown, until = this.store.knownUntil;
    const mark = this.isTimeline && known ? (row.leads ? (row.vacant ? "○ " : "★ ") : "  ") : "";
    put(line.name, mark + row.name);
    label(line.name, "title", row.name);
    line.name.classList.toggle("et-leads", Boolean(row.leads));
    if (!this.isTimeline) {
      const how = known ? state(row, now) : "unknown";
      put(line.leader, known ? row.leader ?? "vacant" : "unknown");
      label(line.leader, "title", line.leader.textContent);
      put(line.queue, String(row.queue));
      label(line.element, "aria-label", `${row.name}: ${how}${row.leader === null ? "" : `, ${row.leader}`}, ${row.queue} in line`);
    } else label(line.element, "aria-label", `${row.name}${row.leads ? " leads" : row.waits ? " waits" : ""}`);
    put(line.held, last && (!this.isTimeline || row.leads) ? (last[UNKNOWN] & 1 ? "≥ " : "") + length((last[END] ?? until) - last[BEGIN]) + (last[END] === null && until < now ? "?" : "") : "");
    label(line.strip, "aria-label", last ? `${row.terms.length} terms, last ${reading(last, now)}` : "no terms");
  }

  termAt(line, pixel) {
    const row = this.store.rows.get(line.id), now = this.store.now, x = this.strips.scale(now);
    if (this.store.blind.some(([since, until]) => x(since) <= pixel && pixel < x(until))) return null;
    return row?.terms.findLast((term) => x(term[BEGIN]) <= pixel + 1 && x(term[END] ?? now) >= pixel - 1);
  }

  point(line, event) {
    const term = this.termAt(line, event.offsetX);
    this.tip.textContent = term ? reading(term, this.store.now) : "not watched, or nothing known";
    this.tip.hidden = false;
    const box = this.root.getBoundingClientRect();
    const left = Math.min(event.clientX - box.left + 12, box.width - this.tip.offsetWidth - 4);
    this.tip.style.left = `${Math.max(left, 0)}px`;
    this.tip.style.top = `${event.clientY - box.top + 16}px`;
  }

  select(line) {
    this.list.querySelectorAll('[tabindex="0"]').forEach((each) => { each.tabIndex = -1; });
    line.element.tabIndex = 0;
    this.strips.cursor = null;
    const last = this.store.rows.get(line.id)?.terms.at(-1);
    this.reading.textContent = last ? reading(last, this.store.now) : "";
  }

  pressed(event) {
    const element = event.target.closest(".et-row"), line = [...this.lines.values()].find((each) => each.element === element);
    if (!line || event.target !== element) return;
    const moves = { ArrowUp: element.previousElementSibling, ArrowDown: element.nextElementSibling, Home: this.list.firstElementChild, End: this.list.lastElementChild };
    if (event.key in moves) moves[event.key]?.focus();
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") this.step(line, event.key === "ArrowLeft" ? -1 : 1);
    else if (event.key === "Enter" && !this.isTimeline) this.deeds.offer(line.id, true);
    else if (event.key === "Escape") this.deeds.offer(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  step(line, by) {
    const terms = this.store.rows.get(line.id)?.terms ?? [];
    const at = terms.findIndex((term) => term[NUMBER] === this.strips.cursor?.term[NUMBER]);
    const next = at < 0 ? terms.length - 1 : Math.min(Math.max(at + by, 0), terms.length - 1);
    if (!terms[next]) return;
    this.strips.cursor = { canvas: line.strip, term: terms[next] };
    this.reading.textContent = reading(terms[next], this.store.now);
    this.draw();
  }

  tell(message) { this.deeds.tell(message); }

  end() {
    clearInterval(this.timer);
    cancelAnimationFrame(this.waiting);
    this.observer.disconnect();
    this.store.views.delete(this);
  }
}
