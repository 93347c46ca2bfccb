// The buttons for one election: each asks first.
class Deeds {
  constructor(store, root) {
    this.store = store;
    this.root = root;
    this.id = null; // the row whose buttons are shown
    this.asking = false;
    this.told = make("div", "et-told");
    this.told.setAttribute("role", "status");
  }

  get isTimeline() { return this.store.about.kind === "timeline"; }

  tell(message) { this.told.textContent = (message.done ? "" : "Not done: ") + message.text; }

  offer(id, focus = false) {
    const { about, rows } = this.store, row = this.isTimeline ? { name: "", own: about.own ?? [] } : rows.get(id);
    const offered = JSON.stringify([id, row?.own, about.writes, about.stopped]), had = this.root.contains(document.activeElement);
    this.asking = false;
    this.id = id;
    if (!focus && this.offered === offered) return;
    this.offered = offered;
    this.root.replaceChildren();
    if (!about.writes || about.stopped || !row || (id === null && !this.isTimeline)) return;
    if (row.name) this.root.append(make("strong", "", row.name));
    this.button("Campaign…", () => this.ask(id, "campaign", null, "Campaign as"));
    for (const own of row.own) {
      this.root.append(make("span", "", `${own.value} (${own.state})`));
      this.button("Proclaim…", () => this.ask(id, "proclaim", own, `Instead of ${own.value} proclaim`));
      this.button("Resign…", () => this.ask(id, "resign", own, `Resign ${own.value}?`));
      this.button("Crash…", () => this.ask(id, "crash", own, `Let ${own.value} crash? It renews no more and leads until its lease ends.`));
    }
    if (focus || had) this.root.querySelector("button")?.focus();
  }

  button(text, press) {
    const button = make("button", "", text);
    button.type = "button";
    button.addEventListener("click", (event) => { event.stopPropagation(); press(); });
    this.root.append(button);
    return button;
  }

  ask(id, deed, own, question) {
    this.asking = true;
    this.offered = undefined;
    this.root.replaceChildren(make("span", "", question));
    let input;
    if (deed === "campaign" || deed === "proclaim") {
      input = make("input");
      input.setAttribute("aria-label", question);
      input.value = own ? own.value : "notebook";
      this.root.append(input);
    }
    const go = () => {
      this.told.textContent = "…";
      this.store.say({ kind: "do", id: Date.now(), deed, row: id, key: own?.key ?? null, value: input?.value ?? null });
      this.asking = false;
      this.offer(id, true);
    };
    const yes = this.button(deed[0].toUpperCase() + deed.slice(1), go);
    this.button("Cancel", () => this.offer(id, true));
    this.root.onkeydown = (event) => {
      if (event.key === "Escape") this.offer(id, true);
      else if (event.key === "Enter" && event.target === input) go();
      else return;
      this.root.onkeydown = null;
      event.preventDefault();
    };
    (input ?? yes).focus();
  }
}
