// The page is whole without this: it only sorts and filters.
"use strict";
(() => {
  const images = document.getElementById("images");
  const cards = [...images.children];
  const make = (kind, properties) => Object.assign(document.createElement(kind), properties);
  const controls = make("div", { id: "controls" });
  const text = make("input", { type: "search", placeholder: "Name or class", ariaLabel: "Show images by name or class" });
  const order = make("select", { ariaLabel: "Order" });
  const orders = {
    "in their order": null,
    "surest first": (a, b) => b.dataset.probability - a.dataset.probability,
    "least sure first": (a, b) => a.dataset.probability - b.dataset.probability,
    "map in the middle first": (a, b) => b.dataset.middle - a.dataset.middle,
    "map at the edge first": (a, b) => a.dataset.middle - b.dataset.middle,
  };
  for (const name of Object.keys(orders)) order.append(make("option", { textContent: name }));
  const wrong = make("input", { type: "checkbox" });
  const label = make("label", {});
  label.append(wrong, " only wrong ones");
  const count = make("span", { className: "soft" });
  controls.append(text, order);
  if (cards.some((card) => card.dataset.right)) controls.append(label);
  controls.append(count);
  images.before(controls);

  const show = () => {
    const wanted = text.value.trim().toLowerCase();
    let shown = 0;
    for (const card of cards) {
      const fits = card.dataset.search.includes(wanted) && !(wrong.checked && card.dataset.right !== "no");
      card.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${cards.length} images`;
    const by = orders[order.value];
    images.append(...(by ? [...cards].sort(by) : cards));
  };
  for (const control of [text, order, wrong]) control.addEventListener("input", show);
  show();

  // a link to an image that is filtered out shows it
  addEventListener("hashchange", () => {
    const card = document.getElementById(location.hash.slice(1));
    if (card && card.hidden) {
      text.value = "";
      wrong.checked = false;
      show();
      card.scrollIntoView();
    }
  });

  for (const table of document.querySelectorAll("table.sorts")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = make("button", { textContent: head.textContent, title: "Sort" });
      head.replaceChildren(button);
      // the largest numbers come first, and names from A on
      let down = head.classList.contains("number");
      button.addEventListener("click", () => {
        const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
        const rows = [...table.tBodies[0].rows].sort((a, b) => {
          const [left, right] = [value(a), value(b)];
          const order = isNaN(left - right) ? left.localeCompare(right) : left - right;
          return down ? -order : order;
        });
        for (const other of table.tHead.rows[0].cells) other.ariaSort = other === head ? (down ? "descending" : "ascending") : null;
        down = !down;
        table.tBodies[0].append(...rows);
      });
    });
  }
})();
