// Remarks of lint: F on a focused mark mends it, D dismisses it. A mark leads to its remark in
// the panel, or to the page of all remarks where the panel leaves it out. What was dismissed is
// kept in this browser by the remark's id, which changes with the text it is about.

import { keep, recall, singleKey, singleKeysOn } from "./shared.js";

const KEPT = "rs.lint";
const MOST = 500;
const dismissed = () => new Set(JSON.parse(recall(KEPT) ?? "[]"));
const store = (idents) => keep(KEPT, idents.length ? JSON.stringify(idents.slice(-MOST)) : null);

let focused = null;

/** The marks that come with the panel are all there are; the others go. */
function onBeforeSwap(event) {
  if (event.detail.target.id !== "lint-panel" || !event.detail.shouldSwap) return;
  focused = document.activeElement?.dataset.lintMark ?? null;
  for (const place of document.querySelectorAll(".rubric-lint")) place.replaceChildren();
}

function onAfterSettle() {
  showKept();
  if (focused) document.querySelector(`[data-lint-mark="${focused}"]`)?.focus({ preventScroll: true });
  focused = null;
}

function showKept() {
  const gone = dismissed();
  let hidden = 0;
  for (const remark of document.querySelectorAll("#lint-panel [data-finding]")) {
    remark.hidden = gone.has(remark.dataset.finding);
    if (remark.hidden) hidden += 1;
  }
  for (const mark of document.querySelectorAll("[data-lint-mark]")) {
    mark.hidden = gone.has(mark.dataset.lintMark);
  }
  const line = document.querySelector("[data-lint-hidden]");
  if (!line) return;
  line.hidden = hidden === 0;
  line.querySelector("[data-lint-count]").textContent = String(hidden);
}

function dismiss(ident) {
  store([...dismissed().add(ident)]);
  showKept();
}

function onClick(event) {
  if (!(event.target instanceof Element)) return;
  const button = event.target.closest("[data-lint-dismiss]");
  if (button) {
    const next = button.closest("[data-finding]").nextElementSibling;
    dismiss(button.dataset.lintDismiss);
    next?.focus();
  } else if (event.target.closest("[data-lint-show]")) {
    store([]);
    showKept();
  } else {
    followMark(event);
  }
}

function followMark(event) {
  const mark = event.target.closest("[data-lint-mark]");
  const remark = mark && document.getElementById(`finding-${mark.dataset.lintMark}`);
  if (!remark || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  remark.scrollIntoView({ block: "nearest" });
  remark.focus({ preventScroll: true });
}

function onKey(event) {
  const mark = event.target.closest?.("[data-lint-mark]");
  if (!mark || event.defaultPrevented || !singleKeysOn()) return;
  const key = singleKey(event);
  if (key === "f") document.getElementById(`fix-${mark.dataset.lintMark}`)?.click();
  else if (key === "d") dismiss(mark.dataset.lintMark);
  else return;
  event.preventDefault();
}

document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
document.addEventListener("htmx:beforeSwap", onBeforeSwap);
document.addEventListener("htmx:afterSettle", onAfterSettle);
