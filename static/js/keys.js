// Single-key shortcuts. data-key="s" on a button or link presses it, on a field puts the
// cursor there; data-key="[ ArrowLeft" takes several. data-key-label names it in the help
// sheet where its own words do not. They rest while somebody types, under a dialog, and
// when switched off in the sheet (WCAG 2.1.4).

import { keep, openDialog, pulse, singleKey, singleKeysOn, takesText, whenAdded } from "./shared.js";

function find(key) {
  const within = openDialog() ?? document;
  const usable = (element) =>
    element.dataset.key.split(" ").includes(key) && !element.disabled && element.checkVisibility();
  return [...within.querySelectorAll("[data-key]")].find(usable) ?? null;
}

function onKey(event) {
  if (event.defaultPrevented || !singleKeysOn() || takesText(event.target)) return;
  const key = singleKey(event);
  // On a switch or a list of choices arrows already mean something.
  if (key === null || (key.startsWith("Arrow") && event.target.matches?.("input, summary"))) return;
  const element = find(key);
  if (!element) return;
  event.preventDefault();
  if (takesText(element)) {
    element.focus();
  } else {
    pulse(element);
    element.click();
  }
}

function nameOf(element) {
  if (element.dataset.keyLabel) return element.dataset.keyLabel;
  if (element.getAttribute("aria-label")) return element.getAttribute("aria-label");
  const copy = (element.labels?.[0] ?? element).cloneNode(true);
  for (const badge of copy.querySelectorAll("kbd")) badge.remove();
  return copy.textContent.trim();
}

/** Adds the keys found on this page to the sheet, each name once. */
function fillSheet(event) {
  const list = event.target.querySelector?.("[data-keys-list]");
  if (!list) return;
  for (const old of list.querySelectorAll("[data-found]")) old.remove();
  const seen = new Set(["?"]);
  for (const element of document.querySelectorAll("[data-key]")) {
    if (seen.has(element.dataset.key) || !element.checkVisibility()) continue;
    seen.add(element.dataset.key);
    list.append(...rowFor(element));
  }
}

function rowFor(element) {
  const term = document.createElement("dt");
  const meaning = document.createElement("dd");
  term.dataset.found = meaning.dataset.found = "";
  for (const key of element.dataset.key.split(" ")) {
    const badge = document.createElement("kbd");
    badge.textContent = key.replace("ArrowLeft", "←").replace("ArrowRight", "→");
    term.append(badge, " ");
  }
  meaning.textContent = nameOf(element);
  return [term, meaning];
}

document.addEventListener("keydown", onKey);
document.addEventListener("dialog:show", fillSheet);
whenAdded("[data-key]", (element) => element.setAttribute("aria-keyshortcuts", element.dataset.key));
whenAdded("[data-keys-switch]", (box) => {
  box.checked = singleKeysOn();
  box.addEventListener("change", () => {
    keep("rs.keys", box.checked ? null : "off");
    if (box.checked) delete document.documentElement.dataset.keys;
    else document.documentElement.dataset.keys = "off";
  });
});
