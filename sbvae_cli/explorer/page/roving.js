// A group of controls as one stop of the Tab key, with arrow keys inside (roving tabindex, ARIA Authoring Practices).

/**
 * Make what `items()` gives, elements in their order, one stop. `way(key)` says by how many items a key goes on, if
 * it does; what is not in sight is no item. Returns a function to be called when the items
 * are others than before.
 */
export function rove(home, items, way) {
  const seen = () => items().filter((item) => item.getClientRects().length > 0);
  let current = null;
  const stop = (item) => {
    current = item;
    for (const each of items()) each.tabIndex = each === item ? 0 : -1;
  };
  home.addEventListener("focusin", ({ target }) => items().includes(target) && stop(target));
  home.addEventListener("keydown", (event) => {
    const list = seen(), from = list.indexOf(event.target), by = way(event.key);
    if (from < 0 || by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    list[from + by]?.focus();
  });
  const renew = () => {
    const list = seen();
    stop(list.includes(current) ? current : list[0] ?? items()[0]);
  };
  renew();
  return renew;
}

/** All four arrows along a row of items. */
export const alongRow = (key) => ({ ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 })[key];
