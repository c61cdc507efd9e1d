// The library: arrows go from the search to the results and among them, where Enter presses
// what is there. Beside the editor: what is similar to the row the cursor is in.

const WAIT_MS = 700;

// -- results

const mains = () => [...document.querySelectorAll("[data-hits] [data-hit-main]")];

function onArrow(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.isComposing) return;
  const field = document.getElementById("id_q");
  const all = mains();
  const hit = event.target.closest?.("[data-hit]");
  const inField = event.target === field;
  if (!all.length || (!hit && !inField)) return;
  const at = hit ? all.indexOf(hit.querySelector("[data-hit-main]")) : -1;
  const next = event.key === "ArrowDown" ? at + 1 : at - 1;
  if (next >= all.length || next < -1 || (inField && event.key === "ArrowUp")) return;
  event.preventDefault();
  (next === -1 ? field : all[next]).focus();
}

/** What is put into the address by hand or by a poll keeps the place in the list. */
let focused = null;

function onBeforeSwap(event) {
  const target = event.detail.target;
  focused = target.id === "library-results" ? document.activeElement?.closest("[data-hit]")?.id ?? null : null;
}

function onAfterSwap() {
  if (focused) document.getElementById(focused)?.querySelector("[data-hit-main]")?.focus();
  focused = null;
}

if (document.querySelector("[data-library-search]")) {
  document.addEventListener("keydown", onArrow);
  document.addEventListener("htmx:beforeSwap", onBeforeSwap);
  document.addEventListener("htmx:afterSwap", onAfterSwap);
}

// -- beside the editor

let shown = null;
let timer = null;

function idOfRow(element) {
  return /^criterion-(\d+)$/.exec(element.closest?.(".rubric-item:not(.is-group)")?.id ?? "")?.[1] ?? null;
}

function onFocus(event) {
  const panel = document.querySelector("[data-library-panel]");
  const id = panel && idOfRow(event.target);
  if (!id || id === shown) return;
  clearTimeout(timer);
  timer = setTimeout(() => showSimilar(panel, id), WAIT_MS);
}

function showSimilar(panel, id) {
  if (!document.getElementById(`criterion-${id}`)) return; // gone since it had the focus
  shown = id;
  const url = `${panel.dataset.criteriaUrl}${id}/similar/`;
  window.htmx.ajax("GET", url, { target: "#library-similar", swap: "outerHTML" });
}

/** The text was stored anew: what was shown for it may no longer be right. */
function onChanged() {
  const panel = document.querySelector("[data-library-panel]");
  if (panel && shown && document.getElementById(`criterion-${shown}`)) showSimilar(panel, shown);
}

document.addEventListener("focusin", onFocus);
document.body.addEventListener("rubric-changed", onChanged);
