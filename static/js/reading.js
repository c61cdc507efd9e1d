// Reading a long response: finding words in it, an outline of its headings, and on a narrow
// screen the response and the criteria in turn, each where it was left.
//
// The browser's own search works too; this one counts, stays inside the response and leaves
// the keyboard where it was.

import { whenAdded } from "./shared.js";

const MOST = 2000;
const canHighlight = typeof Highlight === "function" && CSS.highlights !== undefined;

// -- find

function rangesOf(root, needle) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes = [];
  let text = "";
  while (walker.nextNode()) {
    if (walker.currentNode.parentElement.closest(".quote-marks")) continue;
    nodes.push({ node: walker.currentNode, from: text.length });
    text += lower(walker.currentNode.data);
  }
  const found = [];
  const wanted = lower(needle);
  for (let at = text.indexOf(wanted); at >= 0 && found.length < MOST; at = text.indexOf(wanted, at + wanted.length)) {
    found.push(rangeAt(nodes, at, at + wanted.length));
  }
  return found;
}

/** Lower case of the same length, so that places stay. */
const lower = (text) => {
  const small = text.toLowerCase();
  return small.length === text.length ? small : text;
};

function rangeAt(nodes, from, to) {
  const holding = (at) => nodes[lastBefore(nodes, at)];
  const [first, last] = [holding(from), holding(to - 1)];
  const range = document.createRange();
  range.setStart(first.node, from - first.from);
  range.setEnd(last.node, to - last.from);
  return range;
}

function lastBefore(nodes, at) {
  let [low, high] = [0, nodes.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (nodes[middle].from <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

function startFind(box) {
  const field = box.querySelector("[data-find-field]");
  const root = box.closest("form").querySelector("[data-response]");
  let found = [];
  let at = 0;
  const show = (scroll) => {
    const steps = box.querySelectorAll("[data-find-step]");
    for (const step of steps) step.hidden = found.length < 2;
    box.querySelector("[data-find-count]").textContent =
      field.value === "" ? "" : `${found.length ? at + 1 : 0} / ${found.length}`;
    if (canHighlight) {
      CSS.highlights.set("found", new Highlight(...found));
      CSS.highlights.set("found-current", new Highlight(...found.slice(at, at + 1)));
    }
    if (scroll && found[at]) scrollTo(found[at]);
  };
  const search = () => {
    found = field.value.trim() === "" ? [] : rangesOf(root, field.value);
    at = 0;
    show(true);
  };
  const step = (by) => {
    if (!found.length) return;
    at = (at + by + found.length) % found.length;
    show(true);
  };
  field.addEventListener("input", (event) => { event.stopPropagation(); search(); });
  field.addEventListener("change", (event) => event.stopPropagation());
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") { field.value = ""; search(); }
    if (event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    step(event.shiftKey ? -1 : 1);
  });
  for (const button of box.querySelectorAll("[data-find-step]")) {
    button.addEventListener("click", () => step(Number(button.dataset.findStep)));
  }
}

function scrollTo(range) {
  const element = range.startContainer.parentElement;
  // Text that was not laid out yet has no box until it is near.
  element.scrollIntoView({ block: "center" });
  const box = range.getBoundingClientRect();
  if (box.top < 120 || box.bottom > innerHeight - 120) scrollBy({ top: box.top - innerHeight / 2 });
}

// -- outline

function startOutline(menu) {
  const headings = [...menu.closest("form").querySelectorAll("[data-response] :is(h3, h4, h5, h6)")];
  if (headings.length < 3) return;
  const top = Math.min(...headings.map((heading) => Number(heading.tagName[1])));
  const rows = headings.map((heading) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `menu-item outline-${Number(heading.tagName[1]) - top}`;
    button.dir = "auto";
    button.textContent = heading.textContent;
    button.addEventListener("click", () => {
      menu.open = false;
      heading.scrollIntoView({ block: "start" });
    });
    return button;
  });
  menu.querySelector("[data-outline-list]").replaceChildren(...rows);
  menu.hidden = false;
}

// -- response and criteria in turn

const narrow = matchMedia("(width < 60rem)");

function startPanes(form) {
  const buttons = [...form.querySelectorAll("[data-pane-show]")];
  if (!buttons.length) return;
  const left = { response: 0, criteria: 0 };
  const show = (name) => {
    const before = form.dataset.view;
    if (before === name) return;
    if (before && narrow.matches) left[before] = window.scrollY;
    form.dataset.view = name;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.paneShow === name));
    if (before && narrow.matches) window.scrollTo({ top: left[name], behavior: "instant" });
  };
  for (const button of buttons) button.addEventListener("click", () => show(button.dataset.paneShow));
  form.addEventListener("pane:show", (event) => show(event.detail));
  // What is wrong stands beside its criterion.
  show(form.querySelector(".has-errors") ? "criteria" : "response");
}

whenAdded("[data-find]", startFind);
whenAdded("[data-outline]", startOutline);
whenAdded("form[data-annotate]", startPanes);
