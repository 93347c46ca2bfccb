const stores = new WeakMap();

export default {
  initialize({ model }) {
    const store = new Store(model);
    stores.set(model, store);
    return () => store.end();
  },

  render({ model, el }) {
    const store = stores.get(model) ?? new Store(model);
    stores.set(model, store);
    const view = new View(store, el);
    // The picture that is saved with the notebook is hidden while this runs.
    const hides = make("style");
    if (/^[\w-]+$/.test(store.about.id)) hides.textContent = `.electiontui-${store.about.id} { display: none !important; }`;
    document.head.append(hides);
    return () => { view.end(); hides.remove(); };
  },
};
