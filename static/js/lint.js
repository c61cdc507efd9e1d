// Remarks of lint: F on a focused mark mends it, D dismisses it for all authors. A mark leads to
// its remark in the panel, or to the page of all remarks where the panel leaves it out. Whatever
// goes when it is answered, the focus stays near it.

import { singleKey, singleKeysOn } from "./shared.js";

let next = [];

/** The marks that come with the panel are all there are; the others go. */
function onBeforeSwap(event) {
  if (event.detail.target.id !== "lint-panel" || !event.detail.shouldSwap) return;
  next = nearFocus();
  for (const place of document.querySelectorAll(".rubric-lint")) place.replaceChildren();
}

/** Where the focus goes after a swap, as selectors, the best first. */
function nearFocus() {
  const active = document.activeElement;
  const mark = active?.closest("[data-lint-mark]");
  const remark = active?.closest("#lint-panel [data-finding]");
  if (mark) return around("[data-lint-mark]", mark).map((x) => `[data-lint-mark="${x.dataset.lintMark}"]`);
  if (remark) return [...around("#lint-panel [data-finding]", remark).map((x) => `#finding-${x.dataset.finding}`), "#lint-panel .lint-head"];
  return [];
}

/** An element, those behind it in order, then those before it. */
function around(selector, element) {
  const all = [...document.querySelectorAll(selector)];
  const at = all.indexOf(element);
  return [...all.slice(at), ...all.slice(0, at).reverse()];
}

function onAfterSettle() {
  const found = next.map((selector) => document.querySelector(selector)).find(Boolean);
  next = [];
  found?.focus({ preventScroll: true });
}

function onClick(event) {
  const mark = event.target instanceof Element && event.target.closest("[data-lint-mark]");
  const remark = mark && document.getElementById(`finding-${mark.dataset.lintMark}`);
  if (!remark || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  remark.scrollIntoView({ block: "nearest" });
  remark.focus({ preventScroll: true });
}

function onKey(event) {
  const mark = event.target.closest?.("[data-lint-mark]");
  if (!mark || event.defaultPrevented || !singleKeysOn()) return;
  const { lintFixUrl, lintDismissUrl } = document.querySelector("[data-lint-fix-url]")?.dataset ?? {};
  const key = singleKey(event);
  const values = { finding: mark.dataset.lintMark };
  const source = mark.closest(".rubric-row") ?? document.body; // outlives the mark
  if (key === "f" && lintFixUrl && mark.querySelector(".lint-key")) {
    window.htmx.ajax("POST", lintFixUrl, { source, target: source, swap: "none", values });
  } else if (key === "d" && lintDismissUrl) {
    window.htmx.ajax("POST", lintDismissUrl, { source, target: "#lint-panel", swap: "innerHTML", values });
  } else return;
  event.preventDefault();
}

document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
document.addEventListener("htmx:beforeSwap", onBeforeSwap);
document.addEventListener("htmx:afterSettle", onAfterSettle);
